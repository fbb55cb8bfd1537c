/** The keys of the API: made, listed, removed, and found again from what a caller sends. */
import { FilonError } from '@filon/core/errors';
import type { PrivacyTier } from '@filon/core/serving/tier';
import type { Clock } from '../ports/clock.ts';
import type { KeyRow, Store } from '../ports/store.ts';
import type { AccessErrorDetails } from './errors.ts';
import { KEY_NAME_CHARS_MAX, KEYS_MAX } from './limits.ts';
import { parseMoney } from './money.ts';
import { hashOf, isSecret, newId, newSecret, type RandomBytes, sameHash } from './secret.ts';

export const KEY_PREFIX = 'filon_';
/** One line of plain text: names stand in tables and logs. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._@-]*$/u;

export interface NewKey {
  name: string;
  /** Names of the models that it may use; null: all. */
  models: string[] | null;
  budgetTokens: number | null;
  /** An amount such as `12.50`. */
  budgetMoney: string | null;
  requestsPerMinute: number | null;
  tier: PrivacyTier;
  /** From now; null: never. */
  expiresInMs: number | null;
}

export interface Key extends Readonly<KeyRow> {
  readonly id: string;
}

export interface KeysDeps {
  store: Store;
  clock: Clock;
  randomBytes: RandomBytes;
}

export class Keys {
  readonly #deps: KeysDeps;
  readonly #byHash = new Map<string, Key>();

  constructor(deps: KeysDeps) {
    this.#deps = deps;
    for (const { key: id, value } of deps.store.list('keys')) this.#byHash.set(value.hash, { ...value, id });
  }

  get count(): number {
    return this.#byHash.size;
  }

  /** Oldest first. */
  list(): Key[] {
    return [...this.#byHash.values()].sort((a, b) => a.createdMs - b.createdMs);
  }

  /** The only time that the key itself is seen. Codes: ACCESS_KEY_NAME_INVALID, ACCESS_KEY_EXISTS, ACCESS_KEYS_FULL, ACCESS_AMOUNT_INVALID. */
  add(wanted: NewKey): { key: Key; secret: string } {
    const { store, clock, randomBytes } = this.#deps;
    this.#refuse(wanted.name);
    const secret = newSecret(KEY_PREFIX, randomBytes);
    const createdMs = clock.nowMs();
    const { budgetMoney, expiresInMs, ...rest } = wanted;
    const row: KeyRow = {
      ...rest,
      hash: hashOf(secret),
      createdMs,
      expiresMs: expiresInMs === null ? null : createdMs + expiresInMs,
      budgetMoneyPico: budgetMoney === null ? null : parseMoney(budgetMoney).toString(),
    };
    const id = newId(randomBytes);
    store.put('keys', id, row);
    const key = { ...row, id };
    this.#byHash.set(row.hash, key);
    return { key, secret };
  }

  /** By name or id. Code: ACCESS_KEY_UNKNOWN. */
  named(nameOrId: string): Key {
    const key = this.list().find(({ id, name }) => id === nameOrId || name === nameOrId);
    if (key === undefined) throw unknownKey(nameOrId);
    return key;
  }

  /** With what was counted for it. */
  remove(key: Key): void {
    const { store } = this.#deps;
    store.transaction(() => {
      store.delete('keys', key.id);
      store.delete('usage', key.id);
    });
    this.#byHash.delete(key.hash);
  }

  /** null for a key that is not there or has expired; neither the answer nor its time says more. */
  find(secret: string): Key | null {
    if (!isSecret(secret, KEY_PREFIX)) return null;
    const hash = hashOf(secret);
    const key = this.#byHash.get(hash);
    return key !== undefined && sameHash(key.hash, hash) && !this.hasExpired(key) ? key : null;
  }

  /** Of a key that still is one. */
  withId(id: string): Key | null {
    const key = this.list().find((one) => one.id === id);
    return key !== undefined && !this.hasExpired(key) ? key : null;
  }

  hasExpired({ expiresMs }: Key): boolean {
    return expiresMs !== null && this.#deps.clock.nowMs() >= expiresMs;
  }

  #refuse(name: string): void {
    if (name.length > KEY_NAME_CHARS_MAX || !NAME.test(name)) {
      throw new FilonError<AccessErrorDetails>(
        { code: 'ACCESS_KEY_NAME_INVALID', name },
        `A key cannot be called ${JSON.stringify(name)}. A name has up to ${KEY_NAME_CHARS_MAX} letters, digits, spaces and ._@-, and begins with a letter or digit.`,
      );
    }
    if (this.list().some((key) => key.name === name)) {
      throw new FilonError<AccessErrorDetails>(
        { code: 'ACCESS_KEY_EXISTS', name },
        `There is a key "${name}" already. Choose another name, or remove that one with \`filon keys rm ${name}\`.`,
      );
    }
    if (this.count < KEYS_MAX) return;
    throw new FilonError<AccessErrorDetails>(
      { code: 'ACCESS_KEYS_FULL', keysMax: KEYS_MAX },
      `There are ${KEYS_MAX} keys, and more cannot be kept. Remove one with \`filon keys rm\`.`,
    );
  }
}

function unknownKey(name: string): FilonError {
  return new FilonError<AccessErrorDetails>(
    { code: 'ACCESS_KEY_UNKNOWN', name },
    `There is no key "${name}". \`filon keys ls\` lists the keys.`,
  );
}
