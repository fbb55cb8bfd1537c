/** `filon peers`: the other nodes of the swarm. */
import type { NetworkLook } from '@filon/core/panel/network';
import type { CommandModule } from '../context.ts';
import { tableText } from '../format.ts';
import { modelsText, roundTripText } from '../swarm-words.ts';

export const peers: CommandModule = {
  define: () => {},
  run: async (cli) => {
    const look = await cli.control.peers({}, { signal: cli.signal });
    cli.out.result(look, peersText(look));
  },
};

function peersText(look: NetworkLook | null): string {
  if (look === null || look.swarm === null)
    return 'This node is in no swarm. `filon swarm create NAME` makes one, `filon swarm join INVITE` joins one.';
  if (look.peers.length === 0) return `No other node of ${look.swarm.name} is known yet.`;
  const rows = look.peers.map((peer) => [
    peer.name,
    peer.hasLeft ? 'left' : (peer.connection?.reach ?? (peer.expiresMs === null ? 'gone' : 'heard of')),
    roundTripText(peer.connection),
    peer.tier,
    peer.reliability === null ? '' : peer.reliability.toFixed(2),
    peer.version ?? '',
    modelsText(peer),
  ]);
  return tableText([['NODE', 'REACHED', 'ROUND TRIP', 'TIER', 'RELIED ON', 'VERSION', 'MODELS'], ...rows]);
}
