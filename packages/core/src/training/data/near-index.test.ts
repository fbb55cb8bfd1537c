import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hexOf } from '../../hex.ts';
import { shinglesOf, signatureOf, similarity } from './minhash.ts';
import { NearIndex } from './near-index.ts';
import { normalText } from './normal-text.ts';
import { SeededRandom } from './random.ts';
import { TextHashes } from './text-hashes.ts';

const random = new SeededRandom(5);
const word = (): string => `w${random.below(5000)}`;
const words = (count: number): string[] => Array.from({ length: count }, word);
const changed = (text: readonly string[], count: number): string[] => {
  const copy = [...text];
  for (let at = 0; at < count; at++) copy[random.below(copy.length)] = word();
  return copy;
};
const jaccard = (a: string, b: string): number => {
  const [left, right] = [new Set(shinglesOf(a)), new Set(shinglesOf(b))];
  const both = left.intersection(right).size;
  return both / (left.size + right.size - both);
};
const signature = (text: string): NonNullable<ReturnType<typeof signatureOf>> => {
  const made = signatureOf(text);
  if (made === null) throw new TypeError('no words');
  return made;
};

describe('near duplicates', () => {
  test('are estimated without bias, within 0.05 at one standard error', () => {
    let error = 0;
    let squares = 0;
    const rounds = 300;
    for (let round = 0; round < rounds; round++) {
      const text = words(120);
      const other = changed(text, 1 + (round % 30)).join(' ');
      const off =
        similarity(signature(text.join(' ')).bytes, signature(other).bytes) - jaccard(text.join(' '), other);
      error += off;
      squares += off ** 2;
    }
    expect(Math.abs(error / rounds)).toBeLessThan(0.01);
    expect(Math.sqrt(squares / rounds)).toBeLessThan(0.05);
  });

  test('are found: 97 of 100 above 0.87, none of 100 below 0.65, among 800 others', () => {
    const index = new NearIndex(0.8);
    const texts = Array.from({ length: 800 }, () => words(100));
    for (const text of texts) index.add(signature(text.join(' ')));
    const found = { near: 0, nearOf: 0, far: 0, farOf: 0 };
    for (const text of texts) {
      for (const changes of [1, 2, 8, 16]) {
        const other = changed(text, changes).join(' ');
        const truth = jaccard(text.join(' '), other);
        const hit = index.find(signature(other)) !== null;
        if (truth >= 0.87) {
          found.nearOf++;
          found.near += Number(hit);
        } else if (truth <= 0.65) {
          found.farOf++;
          found.far += Number(hit);
        }
      }
    }
    expect(found.nearOf).toBeGreaterThan(800);
    expect(found.farOf).toBeGreaterThan(800);
    expect(found.near / found.nearOf).toBeGreaterThanOrEqual(0.97);
    expect(found.far / found.farOf).toBeLessThanOrEqual(0.01);
  });

  test('of short texts need the same words', () => {
    const index = new NearIndex(0.8);
    index.add(signature('good morning'));
    expect(index.find(signature('good morning'))).toBe(0);
    expect(index.find(signature('good evening'))).toBeNull();
    expect(signatureOf('?!')).toBeNull();
  });

  test('are found in scripts without spaces', () => {
    const index = new NearIndex(0.8);
    index.add(signature('敏捷的棕色狐狸跳过了那只懒惰的狗然后回家睡觉了一整天没有再出来'));
    expect(index.find(signature('敏捷的棕色狐狸跳过了那只懒惰的狗然后回家睡觉了一整天没有再出去'))).toBe(0);
  });
});

test('normalText makes equal what readers take for equal', () => {
  expect(normalText('  The ﬁrst\n\tＴｅｘｔ ')).toBe('the first text');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(normalText(normalText(text))).toBe(normalText(text));
    }),
  );
});

test('TextHashes has what was added, and nothing else', () => {
  const hash = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(fc.array(hash, { maxLength: 600 }), hash, (hashes, other) => {
      const set = new TextHashes();
      for (const each of hashes) set.add(each);
      expect(hashes.every((each) => set.has(each))).toBe(true);
      expect(set.size).toBe(new Set(hashes.map((each) => hexOf(each))).size);
      expect(set.has(other)).toBe(hashes.some((each) => hexOf(each) === hexOf(other)));
    }),
  );
  const many = new TextHashes();
  const random32 = new SeededRandom(1);
  const bytes = Array.from({ length: 5000 }, () =>
    Uint8Array.from({ length: 16 }, () => random32.below(256)),
  );
  for (const each of bytes) many.add(each);
  expect(bytes.every((each) => many.has(each))).toBe(true);
});
