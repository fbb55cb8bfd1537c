/** Being passed on by a relay, as the one who asks and as the one who is asked for. */
import type { KeyId } from '@filon/core/swarm/key-id';
import { RELAY_FRAME_BYTES_MAX, relayMessages } from '@filon/core/swarm/reach-messages';
import type { Connection } from '@libp2p/interface';
import type { Waiting } from '../../ports/engine.ts';
import type { Channel, Network } from '../../ports/network.ts';
import { receive } from './exchange.ts';
import type { Links } from './links.ts';
import { RELAY_PROTOCOL, RELAYED_PROTOCOL } from './relay-host.ts';
import type { Sockets } from './transport.ts';

/** Circuits that one relay may bring at the same time. */
const CHANNELS_PER_RELAY_MAX = 32;
const UPGRADE_MS = 6000;

/** Asks a connected relay for a circuit to the peer. Codes: WIRE_REFUSED (its reason says which limit), NETWORK_*. */
export async function dialThrough(
  network: Network,
  target: { peer: KeyId; relay: KeyId; address: string },
  { sockets, signal }: Waiting & { sockets: Sockets },
): Promise<Connection | null> {
  const channel = await network.open(target.relay, RELAY_PROTOCOL, {
    signal,
    frameBytesMax: RELAY_FRAME_BYTES_MAX,
  });
  try {
    await channel.send(relayMessages.encode({ kind: 'connect', peer: target.peer }), { signal });
    await receive(channel, relayMessages, { signal });
    return await sockets.relayed(channel, { ...target, direction: 'outbound' }, { signal });
  } catch (error) {
    channel.abort();
    throw error;
  }
}

/** Takes circuits that relays bring, until disposed of. */
export function acceptRelayed(network: Network, deps: { links: Links; sockets: Sockets }): Disposable {
  const serve = async (channel: Channel): Promise<void> => {
    const signal = AbortSignal.timeout(UPGRADE_MS);
    const relay = channel.peer;
    const address = deps.links.best(relay)?.address;
    const incoming = await receive(channel, relayMessages, { signal });
    if (incoming.kind !== 'incoming' || address === undefined) return;
    await channel.send(relayMessages.encode({ kind: 'connected' }), { signal });
    const over = Promise.withResolvers<void>();
    await deps.sockets.relayed(
      channel,
      { peer: incoming.peer, relay, address, direction: 'inbound', onClose: over.resolve },
      { signal },
    );
    // The channel ends with this.
    await over.promise;
  };
  return network.handle(RELAYED_PROTOCOL, serve, {
    frameBytesMax: RELAY_FRAME_BYTES_MAX,
    channelsPerPeerMax: CHANNELS_PER_RELAY_MAX,
    strangers: false,
  });
}
