/** A swarm that the test writes, as the pages' own API sees it; times of its fixtures are those of now. */
import { FIXTURE_MS, selfOf, swarmOf } from '@filon/core/panel/network.fixture';
import type { NetworkLook, NetworkView } from '@filon/node/gateway/panel/network-view';

export interface ScriptedNetwork extends NetworkView {
  /** From the next look on. */
  now(change: Partial<NetworkLook>): void;
}

export function createScriptedNetwork(look: Partial<NetworkLook> = {}): ScriptedNetwork {
  let shown: NetworkLook = { swarm: swarmOf(), self: selfOf(), peers: [], ...look };
  return {
    look: () => movedToNow(shown),
    now: (change) => {
      shown = { ...shown, ...change };
    },
  };
}

function movedToNow({ swarm, self, peers }: NetworkLook): NetworkLook {
  const byMs = Date.now() - FIXTURE_MS;
  const moved = (ms: number | null): number | null => (ms === null ? null : ms + byMs);
  return {
    self,
    swarm: swarm === null ? null : { ...swarm, expiresMs: swarm.expiresMs + byMs },
    peers: peers.map((peer) => ({
      ...peer,
      seenMs: moved(peer.seenMs),
      expiresMs: moved(peer.expiresMs),
    })),
  };
}
