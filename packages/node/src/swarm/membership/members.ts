/** Who belongs to this node's swarm, as far as their proofs were seen here. */
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Member } from '@filon/core/swarm/proof';

export interface MemberEvent {
  /**
   * `joined`: its proof was seen, or a newer one. `met`: both have proved themselves to each other on the connection that
   * stands, so either may open channels. `gone`: it expired, was revoked, or this node left the swarm.
   */
  kind: 'joined' | 'met' | 'gone';
  member: Member;
}

export interface OwnMembership {
  swarm: KeyId;
  name: string;
  member: Member;
}

/**
 * What others may know of the swarm. A member here has proved itself at some time; whether it is connected is the
 * network's to say, and whether the connection is a member's is the same question, because the network knows its key.
 */
export interface Members {
  /** null: no member, or none that holds now. */
  find(node: KeyId): Member | null;
  list(): readonly Member[];
  /** This node's own; null: it is in no swarm, or its membership has expired. */
  own(): OwnMembership | null;
  /** Whether both have proved themselves on the connection that stands. */
  hasMet(node: KeyId): boolean;
  /**
   * Takes a proof that came by another way than a connection, as with an announcement. Forgets the one that ends first
   * where there are too many. Codes: SWARM_NONE, WIRE_MALFORMED, WIRE_TOO_LARGE, RECORD_FORGED, MEMBERSHIP_REFUSED.
   */
  learn(proof: Uint8Array): Member;
  watch(listener: (event: MemberEvent) => void): Disposable;
}
