import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from './canonical.ts';
import { splitOf } from './split.ts';

test('canonicalJson is one text for one value', () => {
  expect(canonicalJson({ b: [1, 'é"'], a: { d: null, c: true }, e: undefined })).toBe(
    '{"a":{"c":true,"d":null},"b":[1,"é\\""]}',
  );
  expect(() => canonicalJson({ a: 0.5 })).toThrow(/no canonical form/);
  const values = fc
    .jsonValue({ maxDepth: 2 })
    .map((value) =>
      JSON.parse(JSON.stringify(value, (_, v) => (typeof v === 'number' ? Math.round(v) % 1000 : v))),
    );
  fc.assert(
    fc.property(values, (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(value);
      expect(canonicalJson(JSON.parse(canonicalJson(value)))).toBe(canonicalJson(value));
    }),
  );
});

test('splitOf keeps to the shares, and to the hash', () => {
  const rule = { heldOutPerMille: 50, validationPerMille: 100 };
  const counts = { train: 0, validation: 0, 'held-out': 0 };
  for (let at = 0; at < 1000; at++) {
    const hash = new Uint8Array(4);
    new DataView(hash.buffer).setUint32(0, Math.floor((at / 1000) * 2 ** 32) + 1);
    counts[splitOf(hash, rule)]++;
  }
  expect(counts).toEqual({ 'held-out': 50, validation: 100, train: 850 });
});
