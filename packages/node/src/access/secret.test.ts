import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashOf, isSecret, newSecret, sameHash } from './secret.ts';

const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
const secretOf = (seed: Uint8Array): string => newSecret('filon_', () => seed);

describe('a secret', () => {
  test('looks like one, whatever its bytes are', () => {
    fc.assert(
      fc.property(bytes, (seed) => {
        const secret = secretOf(seed);
        expect(secret).toMatch(/^filon_[0-9A-Za-z]{49}$/);
        expect(isSecret(secret, 'filon_')).toBe(true);
        expect(isSecret(secret, 'fs_')).toBe(false);
      }),
    );
  });

  test('is another for other bytes', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        fc.pre(Buffer.compare(a, b) !== 0);
        expect(secretOf(a)).not.toBe(secretOf(b));
      }),
    );
    expect(secretOf(new Uint8Array(32).fill(255))).toHaveLength(55);
  });

  test('with one wrong character, or two that changed places, is none', () => {
    const change = fc.tuple(bytes, fc.nat(48), fc.constantFrom(...'0Az9qZ'));
    fc.assert(
      fc.property(change, ([seed, at, by]) => {
        const secret = secretOf(seed);
        const place = 'filon_'.length + at;
        const wrong = secret.slice(0, place) + by + secret.slice(place + 1);
        expect(isSecret(wrong, 'filon_')).toBe(wrong === secret);
        const [x = '', y = ''] = [secret[place - 1], secret[place]];
        const swapped = secret.slice(0, place - 1) + y + x + secret.slice(place + 1);
        expect(isSecret(swapped, 'filon_')).toBe(swapped === secret);
      }),
    );
  });

  test('is not any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(isSecret(text, 'filon_')).toBe(false);
        expect(isSecret(`filon_${text}`, 'filon_')).toBe(false);
      }),
    );
  });
});

test('hashes are compared as a whole, and only with hashes', () => {
  const secret = newSecret('', randomBytes);
  expect(sameHash(hashOf(secret), hashOf(secret))).toBe(true);
  expect(sameHash(hashOf(secret), hashOf(`${secret} `))).toBe(false);
  expect(sameHash(hashOf(secret), '')).toBe(false);
});
