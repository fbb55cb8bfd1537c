/** Members tell one another how they look from outside, and whether they get through: nobody else is asked for that. */
import { parseAddress } from '@filon/core/swarm/address';
import type { KeyId } from '@filon/core/swarm/key-id';
import { DIAL_BACK_ADDRESSES_MAX, reachMessages } from '@filon/core/swarm/reach-messages';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import type { Channel, Network } from '../../ports/network.ts';
import { receive } from './exchange.ts';
import type { Links } from './links.ts';
import type { Sockets } from './transport.ts';

const { protocol, frameBytesMax } = reachMessages;
const CHANNELS_PER_PEER_MAX = 2;
const DIAL_BACK_MS = 4000;
/** Nobody may use this node to knock at doors: one question a peer in so long, few at the same time. */
const DIAL_BACK_EVERY_MS = 10_000;
const DIAL_BACKS_MAX = 8;
const ANSWER_MS = 10_000;

interface Deps {
  links: Links;
  sockets: Sockets;
  clock: Clock;
  /** Whether another circuit of the peer would be passed on. */
  relays: (peer: KeyId) => boolean;
}

/** Answers members until disposed of. */
export function serveReach(network: Network, deps: Deps): Disposable {
  const lastMs = new Map<KeyId, number>();
  let running = 0;
  const dialBack = async (peer: KeyId, addresses: readonly string[]): Promise<string[]> => {
    const nowMs = deps.clock.monotonicMs();
    for (const [other, atMs] of lastMs) if (nowMs - atMs > DIAL_BACK_EVERY_MS) lastMs.delete(other);
    if (lastMs.has(peer) || running >= DIAL_BACKS_MAX) return [];
    lastMs.set(peer, nowMs);
    running++;
    try {
      return await reachedOf(peer, addresses, deps);
    } finally {
      running--;
    }
  };
  const serve = async (channel: Channel): Promise<void> => {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const { peer } = channel;
    for (;;) {
      const asked = await receive(channel, reachMessages, { signal });
      const seen = deps.links.best(peer)?.address ?? '';
      if (asked.kind === 'look' && parseAddress(seen) !== null) {
        await channel.send(reachMessages.encode({ kind: 'seen', address: seen, relays: deps.relays(peer) }), {
          signal,
        });
      } else if (asked.kind === 'dial-back') {
        const addresses = await dialBack(peer, asked.addresses);
        await channel.send(reachMessages.encode({ kind: 'reached', addresses }), { signal });
      }
    }
  };
  return network.handle(protocol, serve, {
    frameBytesMax,
    channelsPerPeerMax: CHANNELS_PER_PEER_MAX,
    strangers: false,
  });
}

/** Those of the addresses at which the peer answers. Only its own host is dialled, or anybody's door would be knocked at. */
async function reachedOf(peer: KeyId, addresses: readonly string[], deps: Deps): Promise<string[]> {
  const hosts = new Set(deps.links.of(peer).map(({ address }) => parseAddress(address)?.host));
  const own = addresses.filter((address) => hosts.has(parseAddress(address)?.host));
  const signal = AbortSignal.timeout(DIAL_BACK_MS);
  const tries = own.slice(0, DIAL_BACK_ADDRESSES_MAX).map(async (address) => {
    const connection = await deps.sockets.dial({ peer, address }, { signal });
    await connection.close({ signal }).catch(() => connection.abort(new RangeError('it took too long')));
    return address;
  });
  const outcomes = await Promise.allSettled(tries);
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}

export interface Seen {
  /** This node's end of the connection, as the peer sees it. */
  address: string;
  /** Whether the peer passes others on to this node. */
  relays: boolean;
}

/** How the peer sees this node, and at which of the addresses it gets through; none are asked for where none are given. */
export async function askReach(
  network: Network,
  peer: KeyId,
  options: Waiting & { addressesFor: (seen: Seen) => readonly string[] },
): Promise<{ asked: readonly string[]; reached: readonly string[] } | null> {
  const { signal } = options;
  const channel = await network.open(peer, protocol, { signal, frameBytesMax });
  try {
    await channel.send(reachMessages.encode({ kind: 'look' }), { signal });
    const seen = await receive(channel, reachMessages, { signal });
    if (seen.kind !== 'seen') return null;
    const asked = options.addressesFor(seen).slice(0, DIAL_BACK_ADDRESSES_MAX);
    if (asked.length === 0) return { asked, reached: [] };
    await channel.send(reachMessages.encode({ kind: 'dial-back', addresses: [...asked] }), { signal });
    const answer = await receive(channel, reachMessages, { signal });
    const reached =
      answer.kind === 'reached' ? answer.addresses.filter((address) => asked.includes(address)) : [];
    return { asked, reached };
  } finally {
    channel.abort();
  }
}
