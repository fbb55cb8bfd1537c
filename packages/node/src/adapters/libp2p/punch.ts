/**
 * Hole punching with TCP: two nodes that a relay connects dial one another at the same moment, each from a fixed port that
 * nobody listens on, to where a third saw the other's. Each NAT takes the other's dial for the answer to its own.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseAddress } from '@filon/core/swarm/address';
import type { KeyId } from '@filon/core/swarm/key-id';
import { punchMessages } from '@filon/core/swarm/reach-messages';
import type { Connection } from '@libp2p/interface';
import type { Waiting } from '../../ports/engine.ts';
import type { Channel, Network } from '../../ports/network.ts';
import { receive } from './exchange.ts';
import type { Sockets } from './transport.ts';

const { protocol, frameBytesMax } = punchMessages;
const PUNCH_MS = 4000;
/** Of one dial; a lost first packet is sent again after a second. */
const TRY_MS = 1500;
const PAUSE_MS = 50;
const CHANNELS_PER_PEER_MAX = 1;

interface Deps {
  sockets: Sockets;
  /** The port that this node dials from. */
  localPort: number;
  /** As it looks from outside; null: nobody told yet. */
  outside: () => string | null;
  onPunched: (connection: Connection) => void;
}

/** Answers members until disposed of. */
export function servePunch(network: Network, deps: Deps): Disposable {
  const serve = async (channel: Channel): Promise<void> => {
    const signal = AbortSignal.timeout(PUNCH_MS * 2);
    const asked = await receive(channel, punchMessages, { signal });
    const address = deps.outside();
    if (asked.kind !== 'punch' || address === null) return;
    await channel.send(punchMessages.encode({ kind: 'punch', address }), { signal });
    if ((await receive(channel, punchMessages, { signal })).kind !== 'go') return;
    const target = { peer: channel.peer, address: asked.address, passive: true };
    const connection = await dialUntil(target, deps, { signal });
    if (connection !== null) deps.onPunched(connection);
  };
  return network.handle(protocol, serve, {
    frameBytesMax,
    channelsPerPeerMax: CHANNELS_PER_PEER_MAX,
    strangers: false,
  });
}

/** Tries to get from a relayed connection with the peer to one without a relay. Whether it did. */
export async function punch(network: Network, peer: KeyId, deps: Deps): Promise<boolean> {
  const address = deps.outside();
  if (address === null) return false;
  const signal = AbortSignal.timeout(PUNCH_MS * 2);
  const channel = await network.open(peer, protocol, { signal, frameBytesMax });
  try {
    const askedMs = performance.now();
    await channel.send(punchMessages.encode({ kind: 'punch', address }), { signal });
    const answer = await receive(channel, punchMessages, { signal });
    if (answer.kind !== 'punch') return false;
    const oneWayMs = (performance.now() - askedMs) / 2;
    await channel.send(punchMessages.encode({ kind: 'go' }), { signal });
    await delay(oneWayMs, undefined, { signal });
    const connection = await dialUntil({ peer, address: answer.address, passive: false }, deps, { signal });
    if (connection !== null) deps.onPunched(connection);
    return connection !== null;
  } finally {
    await channel.end();
    channel.abort();
  }
}

/** A NAT that refuses the first packet from outside lets a later one through, so a refusal is no end. */
async function dialUntil(
  target: { peer: KeyId; address: string; passive: boolean },
  { sockets, localPort }: Deps,
  { signal }: Waiting,
): Promise<Connection | null> {
  if (parseAddress(target.address)?.kind === 'dns') return null;
  const untilMs = performance.now() + PUNCH_MS;
  while (performance.now() < untilMs) {
    const trying = AbortSignal.any([signal, AbortSignal.timeout(TRY_MS)]);
    try {
      return await sockets.dial({ ...target, localPort, reach: 'punched' }, { signal: trying });
    } catch {
      signal.throwIfAborted();
    }
    await delay(PAUSE_MS, undefined, { signal });
  }
  return null;
}
