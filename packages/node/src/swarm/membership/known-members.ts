/** Members that this node keeps on its disk, with where they were reached: whom to go to after a restart, for a renewal. */

import { type Enrolment, enrolments } from '@filon/core/swarm/enrolment';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { ToldMember } from '@filon/core/swarm/membership-messages';
import { decodeProof, type Member } from '@filon/core/swarm/proof';
import type { Clock } from '../../ports/clock.ts';
import type { PeerAddress } from '../../ports/network.ts';
import { remember } from '../../ports/remember.ts';
import type { MemberRow, Store } from '../../ports/store.ts';
import { MEMBERS_KEPT_MAX } from './membership-limits.ts';

export class KnownMembers {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #rows: Map<KeyId, MemberRow>;

  constructor(deps: { store: Store; clock: Clock }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#rows = new Map(deps.store.list('members').map(({ key, value }) => [key, value]));
  }

  proofs(): Uint8Array[] {
    return [...this.#rows.values()].map(({ proof }) => new Uint8Array(Buffer.from(proof, 'base64')));
  }

  /** Whose they are, and when they were met last. They were verified before they were written into this node's store. */
  met(): (Enrolment & { seenMs: number })[] {
    return [...this.#rows.values()].map(({ proof, seenMs }) => {
      const { enrolment } = decodeProof(new Uint8Array(Buffer.from(proof, 'base64')));
      return { ...enrolments.open(enrolment, () => true).value, seenMs };
    });
  }

  find(node: KeyId): MemberRow | null {
    return this.#rows.get(node) ?? null;
  }

  /** Members that could renew, also those whose own certificate as it is known here has expired meanwhile. */
  issuers(): KeyId[] {
    return [...this.#rows].filter(([, { mayInvite }]) => mayInvite).map(([node]) => node);
  }

  address(peer: KeyId): PeerAddress {
    return { peer, addresses: this.#rows.get(peer)?.addresses ?? [] };
  }

  /** A crash may take back the last ones: they are met again. */
  note(member: Member, about: { addresses: readonly string[]; holdsRoot: boolean }): void {
    const { node } = member;
    const row: MemberRow = {
      proof: Buffer.from(member.proof).toString('base64'),
      addresses: [...about.addresses],
      seenMs: this.#clock.nowMs(),
      mayInvite: member.mayInvite,
      holdsRoot: about.holdsRoot,
    };
    this.#rows.set(node, row);
    remember(this.#store, () => {
      this.#store.put('members', node, row);
      if (this.#rows.size > MEMBERS_KEPT_MAX) this.forget(this.#longestUnseen());
    });
  }

  forget(node: KeyId): void {
    this.#rows.delete(node);
    remember(this.#store, () => this.#store.delete('members', node));
  }

  clear(): void {
    for (const node of [...this.#rows.keys()]) this.forget(node);
  }

  /** The members that were seen last, with where. */
  latest(members: readonly Member[], count: number): ToldMember[] {
    const seen = members.flatMap((member) => {
      const row = this.#rows.get(member.node);
      return row === undefined || row.addresses.length === 0 ? [] : [{ member, row }];
    });
    return seen
      .sort((a, b) => b.row.seenMs - a.row.seenMs)
      .slice(0, count)
      .map(({ member, row }) => ({ proof: member.proof, addresses: row.addresses }));
  }

  #longestUnseen(): KeyId {
    const [first, ...rest] = [...this.#rows];
    return rest.reduce((a, b) => (b[1].seenMs < a[1].seenMs ? b : a), first ?? ['', EMPTY])[0];
  }
}

const EMPTY: MemberRow = { proof: '', addresses: [], seenMs: 0, mayInvite: false, holdsRoot: false };
