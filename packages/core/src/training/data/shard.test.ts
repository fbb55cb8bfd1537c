import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeShardHead,
  decodeShardOffsets,
  decodeTokens,
  encodeShard,
  SHARD_HEAD_BYTES,
  type TokenDocument,
  tokensOffset,
} from './shard.ts';

const FACTS = { split: 'train', first: 7, manifest: 'ab'.repeat(32), tokenizer: 'cd'.repeat(32) } as const;

function documents(vocabularySize: number): fc.Arbitrary<TokenDocument[]> {
  const token = fc.tuple(fc.nat(vocabularySize - 1), fc.nat(1));
  const document = fc.array(token, { minLength: 2, maxLength: 20 }).map((pairs) => ({
    tokens: Int32Array.from(pairs, ([id]) => id),
    learned: Uint8Array.from(pairs, ([, bit], at) => (at === 0 ? 0 : bit)),
  }));
  return fc.array(document, { minLength: 1, maxLength: 10 });
}

describe('a shard', () => {
  test.each([
    [2, 2 ** 15],
    [4, 2 ** 31],
  ] as const)('with tokens of %s bytes is read as it was written', (tokenBytes, vocabularySize) => {
    fc.assert(
      fc.property(documents(vocabularySize), (written) => {
        const { bytes, head } = encodeShard(written, { ...FACTS, tokenBytes });
        expect(decodeShardHead(bytes.subarray(0, SHARD_HEAD_BYTES), bytes.length, 'x')).toEqual(head);
        const table = bytes.subarray(SHARD_HEAD_BYTES, SHARD_HEAD_BYTES + 4 * (head.documents + 1));
        const offsets = decodeShardOffsets(table, head, 'x');
        const read = written.map((_, index) => {
          const [from = 0, to = 0] = offsets.subarray(index, index + 2);
          const base = tokensOffset(head.documents);
          const part = bytes.subarray(base + from * tokenBytes, base + to * tokenBytes);
          return decodeTokens(part, { tokenBytes, vocabularySize, name: 'x' });
        });
        expect(read).toEqual(written);
      }),
    );
  });

  test('has the layout of its page', () => {
    const document = { tokens: Int32Array.of(1, 258), learned: Uint8Array.of(0, 1) };
    const { bytes } = encodeShard([document], { ...FACTS, tokenBytes: 2 });
    expect(String.fromCharCode(...bytes.subarray(0, 8))).toBe('FILSHRD1');
    expect([...bytes.subarray(8, 48)]).toEqual(
      [128, 2, 1, 0]
        .flatMap((word) => [word, 0, 0, 0])
        .concat([2, 1, 7].flatMap((word) => [word, ...Array(7).fill(0)])),
    );
    expect([...bytes.subarray(128)]).toEqual([0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 2, 0x81]);
  });

  test.each([
    ['the magic', 0],
    ['the size of the head', 8],
    ['the width of tokens', 12],
    ['the number of documents', 16],
    ['the split', 20],
    ['the number of tokens', 24],
    ['what is reserved', 50],
  ])('is refused when %s is changed', (_, at) => {
    const document = { tokens: Int32Array.of(1, 2, 3), learned: Uint8Array.of(0, 1, 1) };
    const { bytes } = encodeShard([document], { ...FACTS, tokenBytes: 4 });
    bytes[at] = (bytes[at] ?? 0) ^ 0x40;
    expect(() => decodeShardHead(bytes, bytes.length, 'x')).toThrow(/^the shard x cannot be used/);
  });

  test('is refused when it is cut off, and when its documents overlap', () => {
    const document = { tokens: Int32Array.of(1, 2, 3), learned: Uint8Array.of(0, 1, 1) };
    const { bytes, head } = encodeShard([document, document], { ...FACTS, tokenBytes: 4 });
    expect(() => decodeShardHead(bytes, bytes.length - 1, 'x')).toThrow(/should have/);
    expect(() => decodeShardHead(bytes.subarray(0, 90), 90, 'x')).toThrow(/only 90 bytes/);
    const table = bytes.slice(128, 140);
    table[4] = 6;
    expect(() => decodeShardOffsets(table, head, 'x')).toThrow(/one after the other/);
  });

  test('is refused where a token is outside the vocabulary', () => {
    const bytes = Uint8Array.of(9, 0x80);
    expect(() => decodeTokens(bytes, { tokenBytes: 2, vocabularySize: 9, name: 'x' })).toThrow(
      /token 9 is outside/,
    );
  });
});
