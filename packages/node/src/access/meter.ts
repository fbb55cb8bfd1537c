/**
 * What keys use, and what is left of their budgets. An answer holds the tokens that it may come to before it begins, so
 * that answers at the same time cannot pass a budget together; what it came to is on the disk before its end is sent.
 */
import { FilonError, invariant } from '@filon/core/errors';
import type { Usage } from '@filon/core/serving/completion';
import type { Clock } from '../ports/clock.ts';
import type { Store, UsageRow } from '../ports/store.ts';
import type { AccessErrorDetails } from './errors.ts';
import type { Key } from './keys.ts';
import { BUDGET_HELD_RETRY_SECONDS } from './limits.ts';
import { costOf, type PricePico } from './money.ts';

export interface MeterDeps {
  store: Store;
  clock: Clock;
  /** Of a token, read or written. */
  price: PricePico;
}

/** Tokens of a budget that are set aside for one answer. Settled or released once; further calls do nothing. */
export interface Hold {
  readonly tokens: number;
  /** What it could be resized to. */
  readonly room: number;
  /** Within {@link room}. */
  resize(tokens: number): void;
  /** Counts what was used, on the disk when this returns, and lets go of what was held. */
  settle(usage: Omit<Usage, 'reasoningTokens'>): void;
  release(): void;
}

const NOTHING: UsageRow = {
  ...{ requests: 0, promptTokens: 0, cachedTokens: 0, completionTokens: 0 },
  ...{ moneyPico: '0', lastUsedMs: null },
};

export class Meter {
  readonly #deps: MeterDeps;
  readonly #held = new Map<string, number>();

  constructor(deps: MeterDeps) {
    this.#deps = deps;
  }

  usageOf(keyId: string): UsageRow {
    return this.#deps.store.get('usage', keyId) ?? NOTHING;
  }

  /** Tokens that the budget has left, also those that are held; Infinity without a budget. */
  leftOf(key: Key): number {
    return Math.min(this.#tokensLeft(key), this.#moneyLeft(key));
  }

  /** Of as many tokens as are wanted and free, at least one. Codes: ACCESS_BUDGET, ACCESS_BUDGET_HELD. */
  hold(key: Key, wantedTokens: number): Hold {
    const left = this.leftOf(key);
    if (left < 1) throw this.spent(key);
    const room = left - this.#heldOf(key);
    if (room < 1) throw held(key);
    return this.#holding(key, Math.min(wantedTokens, room));
  }

  spent(key: Key): FilonError {
    const budget = this.#tokensLeft(key) <= this.#moneyLeft(key) ? 'tokens' : 'money';
    return new FilonError<AccessErrorDetails>(
      { code: 'ACCESS_BUDGET', budget },
      `the budget of the key ${key.name} in ${budget} has no room for this request; its operator can give a new key`,
    );
  }

  #holding(key: Key, tokens: number): Hold {
    let mine = tokens;
    let over = false;
    this.#shift(key, tokens);
    const room = (): number => this.leftOf(key) - this.#heldOf(key) + mine;
    const release = (): void => {
      if (over) return;
      over = true;
      this.#shift(key, -mine);
    };
    return {
      get tokens() {
        return mine;
      },
      get room() {
        return room();
      },
      resize: (wanted) => {
        invariant(!over && wanted <= room(), 'a hold grows within its room');
        this.#shift(key, wanted - mine);
        mine = wanted;
      },
      settle: (usage) => {
        if (over) return;
        this.#count(key, usage);
        release();
      },
      release,
    };
  }

  #count(key: Key, usage: Omit<Usage, 'reasoningTokens'>): void {
    const { store, clock, price } = this.#deps;
    // Removed while it was answered: what it used went with it.
    if (store.get('keys', key.id) === undefined) return;
    const before = this.usageOf(key.id);
    const cost = costOf(usage.promptTokens + usage.completionTokens, price);
    store.put('usage', key.id, {
      requests: before.requests + 1,
      promptTokens: before.promptTokens + usage.promptTokens,
      cachedTokens: before.cachedTokens + usage.cachedTokens,
      completionTokens: before.completionTokens + usage.completionTokens,
      moneyPico: (BigInt(before.moneyPico) + cost).toString(),
      lastUsedMs: clock.nowMs(),
    });
  }

  #tokensLeft({ id, budgetTokens }: Key): number {
    if (budgetTokens === null) return Number.POSITIVE_INFINITY;
    const { promptTokens, completionTokens } = this.usageOf(id);
    return budgetTokens - promptTokens - completionTokens;
  }

  #moneyLeft({ id, budgetMoneyPico }: Key): number {
    const { price } = this.#deps;
    if (budgetMoneyPico === null) return Number.POSITIVE_INFINITY;
    const left = BigInt(budgetMoneyPico) - BigInt(this.usageOf(id).moneyPico);
    if (left <= 0n) return 0;
    return price === 0n ? Number.POSITIVE_INFINITY : Number(left / price);
  }

  #heldOf({ id }: Key): number {
    return this.#held.get(id) ?? 0;
  }

  #shift(key: Key, by: number): void {
    // Without a budget there is nothing to hold, and Infinity less Infinity is no number.
    if (key.budgetTokens === null && key.budgetMoneyPico === null) return;
    const held = this.#heldOf(key) + by;
    if (held === 0) this.#held.delete(key.id);
    else this.#held.set(key.id, held);
  }
}

function held(key: Key): FilonError {
  return new FilonError<AccessErrorDetails>(
    { code: 'ACCESS_BUDGET_HELD', retryAfterSeconds: BUDGET_HELD_RETRY_SECONDS },
    `what is left of the budget of the key ${key.name} is set aside for its requests in work; try again when they are answered`,
  );
}
