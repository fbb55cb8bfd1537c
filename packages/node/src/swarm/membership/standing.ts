/**
 * What this node has of its swarm, kept across restarts: its own proof, the charter, and who says whose machine it is.
 * Everything changes in one transaction, so a crash leaves the old or the new.
 */
import { invariant } from '@filon/core/errors';
import { certificates } from '@filon/core/swarm/certificate';
import { type Charter, charters } from '@filon/core/swarm/charter';
import { type Enrolment, enrolments } from '@filon/core/swarm/enrolment';
import { membershipRefused } from '@filon/core/swarm/errors';
import type { KeyId } from '@filon/core/swarm/key-id';
import { decodeProof, type Member, type ProofCheck, readProof } from '@filon/core/swarm/proof';
import type { Signer, Verify } from '@filon/core/swarm/signed';
import { untimely } from '@filon/core/swarm/validity';
import type { Clock } from '../../ports/clock.ts';
import { remember } from '../../ports/remember.ts';
import type { Store } from '../../ports/store.ts';
import { Disowned } from './disowned.ts';
import type { Identity } from './identity.ts';
import type { OwnMembership } from './members.ts';
import { membershipError } from './membership-errors.ts';

const OWN = 'own';

export interface StandingDeps {
  store: Store;
  identity: Identity;
  clock: Clock;
  verify: Verify;
}

/** `disowned`: by its operator. `revoked`: it, or whoever signed for it. `expired`: by this node's clock, which may be wrong. */
export type Lost = 'disowned' | 'revoked' | 'expired';

interface Held {
  swarm: KeyId;
  member: Member;
  charter: Charter;
  charterBytes: Uint8Array;
  revoked: ReadonlySet<KeyId>;
}

export class Standing {
  readonly disowned: Disowned;
  readonly #deps: StandingDeps;
  #held: Held | null = null;
  #root: { swarm: KeyId; signer: Signer | null } | null = null;

  constructor(deps: StandingDeps) {
    this.#deps = deps;
    this.disowned = new Disowned({ ...deps, operator: deps.identity.operator.key });
    const row = deps.store.get('membership', OWN);
    if (row === undefined) return;
    const [proof, charter] = [row.proof, row.charter].map((text) => Buffer.from(text, 'base64'));
    invariant(proof && charter, 'a row has both');
    this.#held = this.#read(row.swarm, plain(proof), plain(charter));
  }

  /** null: in no swarm. */
  get swarm(): KeyId | null {
    return this.#held?.swarm ?? null;
  }

  get charter(): Charter | null {
    return this.#held?.charter ?? null;
  }

  get charterBytes(): Uint8Array | null {
    return this.#held?.charterBytes ?? null;
  }

  /** This node's membership, whether it holds now or not; null: in no swarm. */
  get member(): Member | null {
    return this.#held?.member ?? null;
  }

  /** Whose machine this is; its own operator's where it was disowned. */
  get operator(): KeyId {
    const { member } = this;
    return member === null || this.isDisowned() ? this.#deps.identity.operator.key : member.operator;
  }

  /** null: in no swarm, or in none that holds now. */
  own(): OwnMembership | null {
    const held = this.#held;
    if (held === null || this.lost() !== null) return null;
    return { swarm: held.swarm, name: held.charter.name, member: held.member };
  }

  /** Why the membership does not hold now; null: it does, or this node is in no swarm. */
  lost(): Lost | null {
    const { member } = this;
    if (member === null) return null;
    if (this.isDisowned()) return 'disowned';
    if (this.isOut()) return 'revoked';
    return untimely(member, this.#deps.clock.nowMs()) === null ? null : 'expired';
  }

  /** null: this node did not make the swarm. */
  rootKey(): Signer | null {
    const { swarm } = this;
    if (swarm === null) return null;
    // Read once: a sealed key takes its time.
    if (this.#root?.swarm !== swarm) this.#root = { swarm, signer: this.#deps.identity.swarmKey(swarm) };
    return this.#root.signer;
  }

  /** Of this node by whoever's machine it is, sealed. */
  enrolment(): Uint8Array {
    if (this.#held !== null && !this.isDisowned()) return decodeProof(this.#held.member.proof).enrolment;
    const { identity, clock } = this.#deps;
    const { node, operator } = identity;
    const issuedMs = Math.max(0, clock.nowMs());
    return enrolments.seal({ operator: operator.key, node: node.key, issuedMs }, operator);
  }

  /** Whether this node, or whoever signed for it, was revoked, or its operator disowned it. */
  isOut(): boolean {
    const { member } = this;
    return member !== null && !this.mayHold(member);
  }

  /** Whether its operator disowned this node. */
  isDisowned(): boolean {
    const { member } = this;
    return member !== null && this.disowned.has(enrolmentOf(member));
  }

  /** Whatever the time is: nobody took back what its proof rests on. */
  mayHold(member: Member): boolean {
    const { node, issuer } = member;
    return !this.isRevoked(node) && !this.isRevoked(issuer) && !this.disowned.has(enrolmentOf(member));
  }

  isRevoked(node: KeyId): boolean {
    return this.#held?.revoked.has(node) ?? false;
  }

  /** How proofs are read now. Code: SWARM_NONE. */
  check(node: KeyId | null): ProofCheck {
    if (this.#held === null) throw membershipError({ code: 'SWARM_NONE' });
    return this.#checkOf(this.#held, node);
  }

  /**
   * A membership that was given to this node, or a newer one; `operator` is whose machine it must say this is. Codes: those
   * of proofs and charters.
   */
  adopt(
    swarm: KeyId,
    { proof, charter }: { proof: Uint8Array; charter: Uint8Array },
    { operator }: { operator: KeyId },
  ): OwnMembership {
    const held = this.#held;
    const newest = held?.swarm === swarm ? this.#newerOf(held, charter) : charter;
    const read = this.#read(swarm, proof, newest);
    const { node } = this.#deps.identity;
    if (read.member.operator !== operator) throw membershipRefused(node.key, 'operator');
    // Read again as others will: now, and as the charter has it.
    readProof(proof, this.#checkOf(read, node.key));
    this.#keep(read);
    return { swarm, name: read.charter.name, member: read.member };
  }

  /**
   * Whether it is newer than the one that is known, and known from now on; on a full disk until a restart, after which it
   * is heard of again. Codes: those of charters.
   */
  acceptCharter(bytes: Uint8Array): boolean {
    const held = this.#held;
    if (held === null) return false;
    const newest = this.#newerOf(held, bytes);
    if (newest === held.charterBytes) return false;
    const next = this.#read(held.swarm, held.member.proof, newest);
    // The root key's own word has to last: nobody else could say it again.
    if (this.rootKey() === null) remember(this.#deps.store, () => this.#write(next));
    else this.#write(next);
    this.#held = next;
    return true;
  }

  /** `also`: what is forgotten with it, on the disk. Codes: STORE_*, and then nothing has changed. */
  leave(also: () => void): void {
    const { store } = this.#deps;
    store.transaction(() => {
      store.delete('membership', OWN);
      also();
    });
    this.#held = null;
  }

  #newerOf(held: Held, bytes: Uint8Array): Uint8Array {
    const { version } = this.#readCharter(held.swarm, bytes);
    return version > held.charter.version ? bytes : held.charterBytes;
  }

  #readCharter(swarm: KeyId, bytes: Uint8Array): Charter {
    return charters.open(bytes, this.#deps.verify, ({ value, signer }) => {
      if (signer !== swarm || value.swarm !== swarm) throw membershipRefused(signer, 'swarm');
    }).value;
  }

  #checkOf({ swarm, revoked }: Held, node: KeyId | null): ProofCheck {
    const { clock, verify } = this.#deps;
    return { swarm, node, nowMs: clock.nowMs(), verify, ...this.#takenBack(revoked) };
  }

  #takenBack(revoked: ReadonlySet<KeyId>): Pick<ProofCheck, 'isRevoked' | 'isDisowned'> {
    return {
      isRevoked: (key) => revoked.has(key),
      isDisowned: (enrolment) => this.disowned.has(enrolment),
    };
  }

  /** Whatever the time is: a membership that has expired is one that can be renewed. */
  #read(swarm: KeyId, proof: Uint8Array, charterBytes: Uint8Array): Held {
    const { verify, identity } = this.#deps;
    const node = identity.node.key;
    const charter = this.#readCharter(swarm, charterBytes);
    const { issuedMs } = certificates.open(decodeProof(proof).certificate, verify).value;
    const nothing = { isRevoked: () => false, isDisowned: () => false };
    const member = readProof(proof, { swarm, node, nowMs: issuedMs, verify, ...nothing });
    const revoked = new Set(charter.revoked.map((entry) => entry.node));
    return { swarm, member, charter, charterBytes, revoked };
  }

  #keep(held: Held): void {
    this.#write(held);
    this.#held = held;
  }

  #write(held: Held): void {
    const [proof, charter] = [held.member.proof, held.charterBytes].map((bytes) =>
      Buffer.from(bytes).toString('base64'),
    );
    invariant(proof !== undefined && charter !== undefined, 'there are both');
    this.#deps.store.put('membership', OWN, { swarm: held.swarm, proof, charter });
  }
}

function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

function enrolmentOf({ operator, node, enrolledMs }: Member): Enrolment {
  return { operator, node, issuedMs: enrolledMs };
}
