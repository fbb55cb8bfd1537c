import { tierOf } from '@filon/core/serving/tier';
import { expect, test } from 'vitest';
import { keyNamed, NOW_MS } from '../../../../../test/kit/swarm-keys.ts';
import { createManualClock } from '../../adapters/memory/clock.ts';
import { createMemoryStore } from '../../adapters/memory/store.ts';
import { TRUSTED_OPERATORS_MAX } from './membership-limits.ts';
import { TrustList } from './trust.ts';

function openList() {
  const deps = { store: createMemoryStore(), clock: createManualClock({ nowMs: NOW_MS }) };
  const own = keyNamed('own').key;
  return { ...deps, own, trust: new TrustList(deps) };
}

test('operators are trusted from when they are added until they are removed', () => {
  const { trust, clock, store, own } = openList();
  const friend = keyNamed('friend').key;
  trust.add(friend, 'Anna');
  clock.advance(1000);
  expect(trust.add(friend, 'Anna S.')).toEqual({ operator: friend, name: 'Anna S.', addedMs: NOW_MS });
  const again = new TrustList({ store, clock });
  expect(again.list()).toEqual([{ operator: friend, name: 'Anna S.', addedMs: NOW_MS }]);
  expect([own, friend, keyNamed('else').key].map((key) => tierOf(key, again.lists(own)))).toEqual([
    'own',
    'trusted',
    'open',
  ]);
  expect([trust.remove(friend), trust.remove(friend)]).toEqual([true, false]);
  expect(tierOf(friend, trust.lists(own))).toBe('open');
});

test('two operators have two names: by one of them somebody is removed', () => {
  const { trust } = openList();
  trust.add('first', 'Anna');
  expect(() => trust.add('second', 'Anna')).toThrow(
    expect.objectContaining({ code: 'TRUST_NAME_TAKEN', message: expect.stringContaining('first') }),
  );
  trust.add('first', 'Anna');
  expect(trust.list().map(({ operator }) => operator)).toEqual(['first']);
});

test('the list has its limit, and says so', () => {
  const { trust } = openList();
  for (let i = 0; i < TRUSTED_OPERATORS_MAX; i += 1) trust.add(`operator ${i}`, `${i}`);
  trust.add('operator 0', 'y');
  expect(() => trust.add('one more', 'x')).toThrow(expect.objectContaining({ code: 'TRUST_FULL' }));
});
