/** Memberships as nodes have them: key files, SQLite, js-libp2p on loopback, and the system's clock. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLibp2pNetwork } from '@filon/node/adapters/libp2p/network';
import { createSystemClock } from '@filon/node/adapters/local/clock';
import { createMemoryLog } from '@filon/node/adapters/memory/log';
import { openSqliteStore } from '@filon/node/adapters/sqlite/store';
import { openIdentity } from '@filon/node/home/identity';
import { ensureHome, homePaths } from '@filon/node/home/paths';
import type { Channel, Network } from '@filon/node/ports/network';
import type { MemberEvent } from '@filon/node/swarm/membership/members';
import { Membership } from '@filon/node/swarm/membership/membership';
import { openRoster } from '@filon/node/swarm/membership/roster';
import { verifyEd25519 } from '@filon/node/swarm/membership/verify';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'filon-membership-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const signal = (): AbortSignal => AbortSignal.timeout(30_000);
const MEMBERS_ONLY = '/filon/test/1';

interface RealNode extends AsyncDisposable {
  membership: Membership;
  network: Network;
}

async function openNode(name: string): Promise<RealNode> {
  const paths = homePaths(join(folder, name));
  ensureHome(paths);
  const clock = createSystemClock();
  const identity = openIdentity(paths, { passphraseFile: null });
  const store = await openSqliteStore({ path: paths.database });
  const deps = { store, identity, clock, verify: verifyEd25519 };
  const roster = openRoster(deps);
  const network = await openLibp2pNetwork(
    { key: identity.node.privateKey, listen: ['/ip4/127.0.0.1/tcp/0'] },
    { isMember: (peer) => roster.list.find(peer) !== null, clock },
  );
  const randomBytes = (count: number) => crypto.getRandomValues(new Uint8Array(count));
  const log = createMemoryLog();
  const membership = new Membership({ ...deps, roster, network, log, randomBytes, random: Math.random });
  const stay = async (channel: Channel): Promise<void> => {
    for await (const frame of channel.frames) expect(frame.length).toBe(1);
  };
  network.handle(MEMBERS_ONLY, stay, { frameBytesMax: 10, channelsPerPeerMax: 4, strangers: false });
  return {
    ...{ membership, network },
    [Symbol.asyncDispose]: async () => {
      await membership[Symbol.asyncDispose]();
      await network[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

function told({ membership }: RealNode, kind: MemberEvent['kind']): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const watching = membership.members.watch((event) => event.kind === kind && resolve());
  return promise.finally(() => watching[Symbol.dispose]());
}

const enter = (from: RealNode, to: RealNode) =>
  from.network.open(to.network.self, MEMBERS_ONLY, { frameBytesMax: 10, signal: signal() });
const addressOf = ({ network }: RealNode) => ({ peer: network.self, addresses: network.addresses() });

test('a node joins by an invite, is a member after a restart, and is cut off when it is revoked', async () => {
  await using root = await openNode('root');
  await root.membership.create('garage');
  let laptop = await openNode('laptop');
  await laptop.network.dial(addressOf(root), { signal: signal() });
  await expect(enter(laptop, root)).rejects.toMatchObject({ code: 'NETWORK_STRANGER' });

  const met = told(root, 'met');
  await laptop.membership.join(root.membership.invite().invite, { signal: signal() });
  await met;
  for (const [from, to] of [
    [laptop, root],
    [root, laptop],
  ] as const)
    (await enter(from, to)).abort();
  const { self } = laptop.network;
  await laptop[Symbol.asyncDispose]();

  laptop = await openNode('laptop');
  await using _ = laptop;
  expect(laptop.network.self).toBe(self);
  expect(laptop.membership.members.own()).toMatchObject({ name: 'garage' });
  await laptop.membership.meet(addressOf(root), { signal: signal() });
  const channel = await enter(laptop, root);
  const lost = expect(channel.frames[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'NETWORK_CHANNEL_LOST',
  });
  const cutOff = Promise.withResolvers<void>();
  using _watching = laptop.network.watch(({ kind }) => kind === 'lost' && cutOff.resolve());
  root.membership.revoke(self);
  await Promise.all([lost, cutOff.promise]);
  expect(root.network.peers()).toEqual([]);
  await expect(laptop.membership.meet(addressOf(root), { signal: signal() })).rejects.toMatchObject({
    code: 'SWARM_OUT',
  });
  expect(laptop.membership.members.own()).toBeNull();
});
