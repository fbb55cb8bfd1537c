/** Whose machines this operator lets see what is asked: its own list, by operator key, which no peer can change. */
import type { OperatorLists } from '@filon/core/serving/tier';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import { membershipError } from './membership-errors.ts';
import { TRUSTED_OPERATORS_MAX } from './membership-limits.ts';

export interface TrustedOperator {
  operator: KeyId;
  /** What the owner of the list calls it. */
  name: string;
  addedMs: number;
}

export class TrustList {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(deps: { store: Store; clock: Clock }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
  }

  /** A new name for one that is there. Codes: TRUST_FULL, TRUST_NAME_TAKEN. */
  add(operator: KeyId, name: string): TrustedOperator {
    const known = this.#store.get('trust', operator);
    const other = this.list().find((one) => one.name === name && one.operator !== operator);
    if (other !== undefined)
      throw membershipError({ code: 'TRUST_NAME_TAKEN', name, operator: other.operator });
    if (known === undefined && this.#store.list('trust').length >= TRUSTED_OPERATORS_MAX)
      throw membershipError({ code: 'TRUST_FULL', operatorsMax: TRUSTED_OPERATORS_MAX });
    const row = { name, addedMs: known?.addedMs ?? this.#clock.nowMs() };
    this.#store.put('trust', operator, row);
    return { operator, ...row };
  }

  /** Whether it was there. */
  remove(operator: KeyId): boolean {
    if (this.#store.get('trust', operator) === undefined) return false;
    this.#store.delete('trust', operator);
    return true;
  }

  list(): TrustedOperator[] {
    return this.#store.list('trust').map(({ key, value }) => ({ operator: key, ...value }));
  }

  /** As routing asks for them; `own` is whose machine this node is. */
  lists(own: KeyId): OperatorLists {
    const trusted = new Set(this.#store.list('trust').map(({ key }) => key));
    return { own: new Set([own]), trusted };
  }
}
