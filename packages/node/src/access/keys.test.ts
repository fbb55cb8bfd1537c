import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../adapters/memory/clock.ts';
import { createMemoryStore } from '../adapters/memory/store.ts';
import { Keys, type NewKey } from './keys.ts';
import { KEYS_MAX } from './limits.ts';
import { newSecret } from './secret.ts';

const ANY: NewKey = {
  ...{ name: 'any', models: null, budgetTokens: null, budgetMoney: null },
  ...{ requestsPerMinute: null, tier: 'own', expiresInMs: null },
};

function open() {
  const store = createMemoryStore();
  const clock = createManualClock();
  const deps = { store, clock, randomBytes };
  return { ...deps, keys: new Keys(deps), again: () => new Keys(deps) };
}

describe('a key', () => {
  test('is found by what was shown once, also after a restart, and is nowhere in the store', () => {
    const { keys, again, store } = open();
    const { key, secret } = keys.add({ ...ANY, name: 'ci', budgetMoney: '1.50' });
    expect(keys.find(secret)).toEqual(key);
    expect(again().find(secret)).toEqual(key);
    expect(key.budgetMoneyPico).toBe('1500000000000');
    expect(JSON.stringify(store.list('keys'))).not.toContain(secret.slice(6, 20));
  });

  test('has a name of one line that nothing is hidden in', () => {
    const { keys } = open();
    for (const name of ['', ' a', '-a', 'a\nb', 'a\u001b[31m', 'a\u202eb', 'a/b', 'x'.repeat(65)]) {
      expect(() => keys.add({ ...ANY, name })).toThrow(
        expect.objectContaining({ code: 'ACCESS_KEY_NAME_INVALID' }),
      );
    }
    for (const name of ['a', 'Jos\u0065\u0301 2', 'ci@rig.lan', 'x'.repeat(64)]) keys.add({ ...ANY, name });
    expect(keys.count).toBe(4);
  });

  test('is not found by any other, well-formed or not', () => {
    const { keys } = open();
    for (let count = 0; count < 20; count++) keys.add({ ...ANY, name: `key ${count}` });
    const guess = fc.oneof(
      fc.string(),
      fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => newSecret('filon_', () => bytes)),
    );
    fc.assert(fc.property(guess, (text) => keys.find(text) === null));
  });

  test('ends at its time, and when it is removed', () => {
    const { keys, again, clock, store } = open();
    const short = keys.add({ ...ANY, name: 'short', expiresInMs: 1_000 });
    const long = keys.add({ ...ANY, name: 'long' });
    store.put('usage', long.key.id, {
      ...{ requests: 1, promptTokens: 1, cachedTokens: 0, completionTokens: 1 },
      ...{ moneyPico: '0', lastUsedMs: 1 },
    });
    clock.advance(999);
    expect(keys.find(short.secret)).not.toBeNull();
    clock.advance(1);
    expect(keys.find(short.secret)).toBeNull();
    expect(keys.withId(short.key.id)).toBeNull();
    expect(keys.list()).toHaveLength(2);
    keys.remove(keys.named('long'));
    expect(keys.find(long.secret)).toBeNull();
    expect(again().find(long.secret)).toBeNull();
    expect(store.list('usage')).toEqual([]);
  });

  test('has a name of its own', () => {
    const { keys } = open();
    keys.add(ANY);
    expect(() => keys.add(ANY)).toThrow(expect.objectContaining({ code: 'ACCESS_KEY_EXISTS' }));
    expect(() => keys.named('other')).toThrow(expect.objectContaining({ code: 'ACCESS_KEY_UNKNOWN' }));
    for (let count = 1; count < KEYS_MAX; count++) keys.add({ ...ANY, name: `key ${count}` });
    expect(() => keys.add({ ...ANY, name: 'one more' })).toThrow(
      expect.objectContaining({ code: 'ACCESS_KEYS_FULL' }),
    );
  });
});
