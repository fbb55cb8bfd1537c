import { describe, expect, test } from 'vitest';
import { tierNow } from './tiers.ts';

describe('whose machines may answer', () => {
  test.each([
    [undefined, 'open', 'own'],
    ['own', 'open', 'own'],
    ['trusted', 'open', 'trusted'],
    ['open', 'open', 'open'],
    ['open', 'trusted', 'trusted'],
    ['open', 'own', 'own'],
    ['trusted', 'own', 'own'],
  ] as const)('%s, where up to %s was agreed to, is %s', (wanted, allowed, now) => {
    expect(tierNow(wanted, allowed)).toBe(now);
  });
});
