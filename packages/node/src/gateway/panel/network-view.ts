/** What the pages' own API needs to know of the swarm. Composed of what the parts that keep it already know. */
import type { PanelPeer, PanelSelf, PanelSwarm } from '@filon/core/panel/network';

export interface NetworkLook {
  /** null: this node is in none. */
  swarm: PanelSwarm | null;
  self: PanelSelf;
  /** All that are known, in any order. */
  peers: readonly PanelPeer[];
}

export interface NetworkView {
  /** As it is known at this moment. Asks nobody: pages look every second or two. */
  look(): NetworkLook;
}
