/** What the pages' own API needs to know of the swarm. Composed of what the parts that keep it already know. */
import type { NetworkLook } from '@filon/core/panel/network';

export type { NetworkLook };

export interface NetworkView {
  /** As it is known at this moment; null: there is no network. Asks nobody: pages look every second or two. */
  look(): NetworkLook | null;
}
