/** Members of a real swarm that are only that: many in one process, each with its own key, network and announcements. */
import { randomBytes } from 'node:crypto';
import { openLibp2pNetwork } from '@filon/node/adapters/libp2p/network';
import { createSystemClock } from '@filon/node/adapters/local/clock';
import { createMemoryLog } from '@filon/node/adapters/memory/log';
import { createMemoryStore } from '@filon/node/adapters/memory/store';
import { secretKey } from '@filon/node/home/ed25519';
import { newKey } from '@filon/node/home/key-file';
import type { GuestSeats } from '@filon/node/ports/replicas';
import { openRoster } from '@filon/node/swarm/membership/roster';
import { verifyEd25519 } from '@filon/node/swarm/membership/verify';
import { openSwarm } from '@filon/node/swarm/open-swarm';
import { never, type SwarmNode } from '../../test/kit/real-swarm.ts';

const NO_SEATS: GuestSeats = {
  take: () => Promise.reject(new RangeError('it computes nothing')),
  offers: () => [],
};

/** Each joins by an invite, and connects to `hub`. */
export async function openManyMembers(
  count: number,
  invite: () => Promise<string>,
  hub: SwarmNode,
): Promise<AsyncDisposable> {
  await using parts = new AsyncDisposableStack();
  const self = (await hub.status()).swarm?.self;
  if (self === undefined) throw new RangeError('the hub is in no swarm');
  for (let made = 0; made < count; made += 1) {
    const { membership } = await openMember(parts);
    await membership.join(await invite(), never);
    await membership.meet({ peer: self.key, addresses: self.addresses }, never);
  }
  const all = parts.move();
  return { [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function openMember(parts: AsyncDisposableStack) {
  const clock = createSystemClock();
  const store = createMemoryStore();
  const identity = {
    ...{ node: newKey(), operator: newKey(), signerOf: secretKey, swarmKey: () => null },
    createSwarmKey: newKey,
  };
  const roster = openRoster({ store, identity, clock, verify: verifyEd25519 });
  const network = await openLibp2pNetwork(
    { key: identity.node.privateKey, listen: ['/ip4/127.0.0.1/tcp/0'] },
    { clock, isMember: (peer) => roster.list.find(peer) !== null },
  );
  parts.use(network);
  const lists = { own: new Set<string>(), trusted: new Set<string>() };
  return parts.use(
    openSwarm({
      ...{ roster, identity, network, store, clock, randomBytes, random: Math.random },
      ...{ log: createMemoryLog(), seats: NO_SEATS, devices: async () => [], stored: async () => [] },
      settings: () => ({ version: '0', serves: 'own', canRelay: false, price: null, payout: null }),
      policy: () => ({ lists, msPerUnit: 0 }),
    }),
  );
}
