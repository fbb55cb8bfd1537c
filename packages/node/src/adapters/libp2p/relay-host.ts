/** Passing on: two members who cannot reach one another talk through this node, which sees who, when and how much. */
import { messageOf } from '@filon/core/errors';
import type { KeyId } from '@filon/core/swarm/key-id';
import { RELAY_FRAME_BYTES_MAX, relayMessages } from '@filon/core/swarm/reach-messages';
import type { Channel, Network } from '../../ports/network.ts';
import { receive } from './exchange.ts';
import type { RelayBudget, RelayLimit } from './relay-budget.ts';

export const RELAY_PROTOCOL = '/filon/relay/1';
export const RELAYED_PROTOCOL = '/filon/relayed/1';
/**
 * What a frame of passed on bytes begins with. Messages are CBOR maps and begin with another byte, so neither node can
 * speak in the relay's name.
 */
export const RELAYED_BYTES = 0;
/** How long the other node may take to answer. */
const CONNECT_MS = 5000;
/** Channels of one peer that wait or pass on; its circuits have limits of their own. */
const CHANNELS_PER_PEER_MAX = 16;

const SENTENCES: Readonly<Record<RelayLimit, string>> = {
  RELAY_BYTES_USED_UP: 'this relay has passed on as many bytes as it may in a day',
  RELAY_FULL: 'this relay has as many circuits as it may',
  RELAY_TIME_UP: 'the time of this circuit is up',
};

interface Deps {
  budget: RelayBudget;
  isMember: (peer: KeyId) => boolean;
}

/** Serves members until disposed of. */
export function hostRelay(network: Network, deps: Deps): Disposable {
  const serve = async (near: Channel): Promise<void> => {
    const place = deps.budget.enter(near.peer);
    if (typeof place === 'string') return await refuse(near, place);
    using _ = place;
    const far = await openFar(network, near, deps);
    if (far === null) return;
    const limit = await passOn([near, far], deps.budget);
    for (const channel of [near, far]) {
      if (limit === null) channel.abort();
      else await refuse(channel, limit).catch(() => channel.abort());
    }
  };
  return network.handle(RELAY_PROTOCOL, serve, {
    frameBytesMax: RELAY_FRAME_BYTES_MAX,
    channelsPerPeerMax: CHANNELS_PER_PEER_MAX,
    strangers: false,
  });
}

/** A circuit ends with the reason, so that nobody takes the end for a broken line. */
async function refuse(channel: Channel, limit: RelayLimit): Promise<void> {
  await say(channel, limit, SENTENCES[limit]);
  await channel.end();
}

async function say(channel: Channel, code: string, message: string): Promise<void> {
  const signal = AbortSignal.timeout(CONNECT_MS);
  await channel.send(relayMessages.encode({ kind: 'error', code, message }), { signal });
}

/** The channel to the node that is asked for; null: the asker was told why not. */
async function openFar(network: Network, near: Channel, deps: Deps): Promise<Channel | null> {
  const signal = AbortSignal.timeout(CONNECT_MS);
  const asked = await receive(near, relayMessages, { signal });
  const peer = asked.kind === 'connect' ? asked.peer : null;
  const connected = network.peers().find((other) => other.peer === peer);
  if (peer === null || connected === undefined || connected.reach === 'relayed' || !deps.isMember(peer)) {
    await say(near, 'RELAY_PEER_UNKNOWN', 'this relay has no connection with that member');
    return null;
  }
  try {
    const far = await network.open(peer, RELAYED_PROTOCOL, { signal, frameBytesMax: RELAY_FRAME_BYTES_MAX });
    await far.send(relayMessages.encode({ kind: 'incoming', peer: near.peer }), { signal });
    await receive(far, relayMessages, { signal });
    await near.send(relayMessages.encode({ kind: 'connected' }), { signal });
    return far;
  } catch (error) {
    await say(near, 'RELAY_PEER_LOST', messageOf(error).slice(0, 200));
    return null;
  }
}

/** Until one side ends, or a limit is met. */
async function passOn(
  [near, far]: readonly [Channel, Channel],
  budget: RelayBudget,
): Promise<RelayLimit | null> {
  const over = new AbortController();
  const { circuitMsMax } = budget.offer;
  const time = Promise.withResolvers<RelayLimit>();
  const timer = circuitMsMax === null ? null : setTimeout(() => time.resolve('RELAY_TIME_UP'), circuitMsMax);
  const pass = async (from: Channel, to: Channel): Promise<RelayLimit | null> => {
    for await (const frame of from.frames) {
      if (frame[0] !== RELAYED_BYTES) return null;
      if (!budget.spend(frame.byteLength)) return 'RELAY_BYTES_USED_UP';
      await to.send(frame, { signal: over.signal });
    }
    return null;
  };
  const passes = [pass(near, far), pass(far, near)].map((passing) => passing.catch(() => null));
  try {
    return await Promise.race([...passes, time.promise]);
  } finally {
    over.abort();
    if (timer !== null) clearTimeout(timer);
  }
}
