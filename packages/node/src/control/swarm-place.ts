/** What the calls about the swarm need of the node. */
import type { NetworkLook } from '@filon/core/panel/network';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Reachability } from '../ports/network.ts';
import type { TrustList } from '../swarm/membership/trust.ts';
import type { OpenSwarm } from '../swarm/open-swarm.ts';

export interface Place {
  /** Whose machine this node is. */
  readonly operator: KeyId;
  readonly trust: TrustList;
  /** null: in none. */
  readonly swarm: OpenSwarm | null;
  look(): NetworkLook | null;
  reachability(): Reachability | null;
  /**
   * Work on a swarm that is open, or is opened for it; afterwards it stays open as long as this node is a member. Codes:
   * NETWORK_LISTEN_FAILED, those of the work.
   */
  enter<R>(work: (swarm: OpenSwarm) => Promise<R>): Promise<R>;
}
