/**
 * Rigs that their operators disowned, as far as it is known here; kept across restarts. Those of this node's own operator
 * always have a place; of the others the oldest go first, those of operators whom no member has before them.
 */
import { CERTIFICATE_MS_MAX, RENEWAL_GRACE_MS } from '@filon/core/swarm/certificate';
import {
  DISOWNINGS_MAX,
  DISOWNINGS_OWN_MAX,
  type Disowning,
  disownings,
  takesBack,
} from '@filon/core/swarm/disowning';
import type { Enrolment } from '@filon/core/swarm/enrolment';
import { membershipRefused } from '@filon/core/swarm/errors';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Signer, Verify } from '@filon/core/swarm/signed';
import { CLOCK_SKEW_MS_MAX } from '@filon/core/swarm/validity';
import type { Clock } from '../../ports/clock.ts';
import { remember } from '../../ports/remember.ts';
import type { Store } from '../../ports/store.ts';
import { membershipError } from './membership-errors.ts';

/** After that no certificate with the enrolment can be used or renewed. This operator's own are kept for ever. */
const KEPT_MS: number = CERTIFICATE_MS_MAX + RENEWAL_GRACE_MS;

interface Kept extends Disowning {
  record: Uint8Array;
}

export interface DisownedDeps {
  store: Store;
  clock: Clock;
  verify: Verify;
  /** Of this home, whose rigs this node can disown. */
  operator: KeyId;
}

export class Disowned {
  readonly #deps: DisownedDeps;
  readonly #kept = new Map<string, Kept>();
  /** The same records as text: those that are told again cost no signature. */
  readonly #texts = new Set<string>();

  constructor(deps: DisownedDeps) {
    this.#deps = deps;
    for (const { value } of deps.store.list('disowned')) {
      const record = new Uint8Array(Buffer.from(value.record, 'base64'));
      // Verified before it was written into this node's own store.
      const { value: disowning } = disownings.open(record, () => true);
      this.#kept.set(placeOf(disowning), { ...disowning, record });
      this.#texts.add(value.record);
    }
  }

  /** Whether the operator has taken this enrolment back. */
  has(enrolment: Enrolment): boolean {
    const kept = this.#kept.get(placeOf(enrolment));
    return kept !== undefined && takesBack(kept, enrolment);
  }

  /** The newest of a node, whoever's it was; null: none. */
  recordOf(node: KeyId): Uint8Array | null {
    const all = [...this.#kept.values()].filter((kept) => kept.node === node);
    return all.toSorted((a, b) => b.atMs - a.atMs)[0]?.record ?? null;
  }

  records(): Uint8Array[] {
    return [...this.#kept.values()].map(({ record }) => record);
  }

  /** Whether this very record is kept. */
  knows(record: Uint8Array): boolean {
    return this.#texts.has(textOf(record));
  }

  /**
   * Whether it is news, and kept. `operators`: those of the members that are known. Codes: those of
   * records, MEMBERSHIP_REFUSED.
   */
  accept(record: Uint8Array, operators: ReadonlySet<KeyId>): boolean {
    if (this.knows(record)) return false;
    const { clock, verify } = this.#deps;
    const { value } = disownings.open(record, verify, ({ value, signer }) => {
      if (signer !== value.operator) throw membershipRefused(value.node, 'operator');
      if (value.atMs > clock.nowMs() + CLOCK_SKEW_MS_MAX) throw membershipRefused(value.node, 'future');
    });
    const known = this.#kept.get(placeOf(value));
    if (known !== undefined && known.atMs >= value.atMs) return false;
    if (this.#isOver(value)) return false;
    this.#keep({ ...value, record });
    this.#makeRoom(operators);
    return this.#kept.has(placeOf(value));
  }

  /** By this home's operator, for ever. Codes: SWARM_DISOWNED_FULL, STORE_*. */
  add(node: KeyId, operator: Signer): Uint8Array {
    const own = [...this.#kept.values()].filter((kept) => this.#isOwn(kept) && kept.node !== node);
    if (own.length >= DISOWNINGS_OWN_MAX)
      throw membershipError({ code: 'SWARM_DISOWNED_FULL', disownedMax: DISOWNINGS_OWN_MAX });
    const disowning = { operator: operator.key, node, atMs: this.#deps.clock.nowMs() };
    const record = disownings.seal(disowning, operator);
    this.#deps.store.put('disowned', placeOf(disowning), { record: textOf(record) });
    this.#keep({ ...disowning, record });
    this.#makeRoom(new Set());
    return record;
  }

  #isOwn({ operator }: Disowning): boolean {
    return operator === this.#deps.operator;
  }

  #isOver(disowning: Disowning): boolean {
    return !this.#isOwn(disowning) && this.#deps.clock.nowMs() - disowning.atMs > KEPT_MS;
  }

  #keep(kept: Kept): void {
    const place = placeOf(kept);
    const before = this.#kept.get(place);
    if (before !== undefined) this.#texts.delete(textOf(before.record));
    const record = textOf(kept.record);
    this.#kept.set(place, kept);
    this.#texts.add(record);
    remember(this.#deps.store, () => this.#deps.store.put('disowned', place, { record }));
  }

  /** All nodes put them in one order, so none is news twice for going round. */
  #makeRoom(operators: ReadonlySet<KeyId>): void {
    const others = [...this.#kept.values()].filter((kept) => !this.#isOwn(kept));
    const rank = ({ operator }: Kept): number => (operators.has(operator) ? 1 : 0);
    const first = others.toSorted(
      (a, b) => rank(a) - rank(b) || a.atMs - b.atMs || (placeOf(a) < placeOf(b) ? -1 : 1),
    );
    const over = this.#kept.size - DISOWNINGS_MAX;
    const going = first.filter((kept, index) => index < over || this.#isOver(kept));
    for (const kept of going) {
      this.#kept.delete(placeOf(kept));
      this.#texts.delete(textOf(kept.record));
      remember(this.#deps.store, () => this.#deps.store.delete('disowned', placeOf(kept)));
    }
  }
}

function placeOf({ operator, node }: { operator: KeyId; node: KeyId }): string {
  return `${operator}/${node}`;
}

function textOf(record: Uint8Array): string {
  return Buffer.from(record).toString('base64');
}
