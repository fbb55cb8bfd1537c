/** The members that were met or heard of, in memory; what the rest of the node asks about them. */
import type { KeyId } from '@filon/core/swarm/key-id';
import { type Member, readProof } from '@filon/core/swarm/proof';
import { untimely } from '@filon/core/swarm/validity';
import { sameBytes } from '@filon/core/wire/cbor';
import type { Clock } from '../../ports/clock.ts';
import type { MemberEvent, Members, OwnMembership } from './members.ts';
import { MEMBERS_MAX } from './membership-limits.ts';
import type { Standing } from './standing.ts';

export class MemberList implements Members {
  readonly #standing: Standing;
  readonly #clock: Clock;
  readonly #members = new Map<KeyId, Member>();
  readonly #met = new Set<KeyId>();
  readonly #listeners = new Set<(event: MemberEvent) => void>();

  constructor(deps: { standing: Standing; clock: Clock }) {
    this.#standing = deps.standing;
    this.#clock = deps.clock;
  }

  find(node: KeyId): Member | null {
    const member = this.#members.get(node);
    return member !== undefined && this.#holds(member) ? member : null;
  }

  list(): readonly Member[] {
    return [...this.#members.values()].filter((member) => this.#holds(member));
  }

  own(): OwnMembership | null {
    return this.#standing.own();
  }

  hasMet(node: KeyId): boolean {
    return this.#met.has(node);
  }

  learn(proof: Uint8Array, node: KeyId | null = null): Member {
    const check = this.#standing.check(node);
    const known = node === null ? undefined : this.#members.get(node);
    if (known !== undefined && this.#holds(known) && sameBytes(known.proof, proof)) return known;
    return this.#add(readProof(proof, check));
  }

  /** One that was verified before it was written into this node's own store. null: it does not hold any more. */
  recall(proof: Uint8Array): Member | null {
    try {
      return this.#add(readProof(proof, { ...this.#standing.check(null), verify: () => true }));
    } catch {
      return null;
    }
  }

  meet(member: Member): void {
    if (this.#met.has(member.node)) return;
    this.#met.add(member.node);
    this.#tell('met', member);
  }

  part(node: KeyId): void {
    this.#met.delete(node);
  }

  /** Milliseconds until the next of them ends; Infinity without any. */
  msToNextEnd(): number {
    const ends = [...this.#members.values()].map(({ expiresMs }) => expiresMs);
    return ends.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY) - this.#clock.nowMs();
  }

  /** Forgets those who are no members any more, and says who. */
  sweep(): Member[] {
    const gone = [...this.#members.values()].filter((member) => !this.#holds(member));
    for (const member of gone) this.#remove(member);
    return gone;
  }

  /** This node left, or its swarm is another. */
  clear(): Member[] {
    const gone = [...this.#members.values()];
    for (const member of gone) this.#remove(member);
    return gone;
  }

  watch(listener: (event: MemberEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  #holds(member: Member): boolean {
    if (untimely(member, this.#clock.nowMs()) !== null) return false;
    return this.#standing.mayHold(member);
  }

  #add(member: Member): Member {
    const known = this.#members.get(member.node);
    // A proof that is sent again must not take back what a newer one gave.
    if (known !== undefined && this.#holds(known)) {
      if (known.issuedMs > member.issuedMs || sameBytes(known.proof, member.proof)) return known;
    }
    if (known === undefined && this.#members.size >= MEMBERS_MAX) this.#makeRoom();
    this.#members.set(member.node, member);
    this.#tell('joined', member);
    return member;
  }

  /**
   * Of whoever signed for the most, the one that ends first: an inviter cannot push out whom others invited. Those that
   * are connected stay; they are far fewer.
   */
  #makeRoom(): void {
    const others = [...this.#members.values()].filter(({ node }) => !this.#met.has(node));
    const byIssuer = Map.groupBy(others, ({ issuer }) => issuer);
    const most = [...byIssuer.values()].reduce((a, b) => (b.length > a.length ? b : a));
    this.#remove(most.reduce((a, b) => (b.expiresMs < a.expiresMs ? b : a)));
  }

  #remove(member: Member): void {
    this.#members.delete(member.node);
    this.#met.delete(member.node);
    this.#tell('gone', member);
  }

  #tell(kind: MemberEvent['kind'], member: Member): void {
    for (const listener of [...this.#listeners]) listener({ kind, member });
  }
}
