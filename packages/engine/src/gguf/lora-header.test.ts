import { isFilonError } from '@filon/core/errors';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { tinyModel } from '../../../../test/kit/gguf.ts';
import { type MetaValue, type TensorSpec, writeGguf } from '../../../../test/kit/gguf-writer.ts';
import { OTHER_SHAPE, tinyLora } from '../../../../test/kit/lora.ts';
import type { ByteSource } from './byte-reader.ts';
import { parseGgufHeader } from './header.ts';
import { LORA_BASE_KEY, type LoraBase, type LoraHeader, parseLoraHeader } from './lora-header.ts';

let base: LoraBase;
let good: Uint8Array;
beforeAll(async () => {
  base = await parseGgufHeader(sourceOf(tinyModel()));
  good = await tinyLora();
});

function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    label: 'poet.gguf',
    bytes: bytes.length,
    read: async (target, position) => {
      const chunk = bytes.subarray(position, position + target.length);
      target.set(chunk);
      return chunk.length;
    },
  };
}

async function codeOf(bytes: Uint8Array, on: LoraBase = base): Promise<string> {
  return parseLoraHeader(sourceOf(bytes), on).then(
    () => 'none',
    (error: unknown) => (isFilonError(error) ? error.code : `not ours: ${String(error)}`),
  );
}

const text = (value: string): MetaValue => ({ type: 'string', value });
const matrix = (name: string, shape: number[], type = 0): TensorSpec => {
  const elements = shape.reduce((product, extent) => product * extent, 1);
  return { name, shape, type, data: new Uint8Array(elements * (type === 1 ? 2 : 4)) };
};
const A = matrix('blk.0.attn_q.weight.lora_a', [64, 4]);
const B = matrix('blk.0.attn_q.weight.lora_b', [4, 64]);

function lora(tensors: TensorSpec[], metadata: Record<string, MetaValue> = {}): Uint8Array {
  const pairs = {
    ...{ 'general.architecture': text('llama'), 'general.type': text('adapter') },
    ...{ 'adapter.type': text('lora'), 'adapter.lora.alpha': { type: 'f32', value: 8 } as const },
    ...metadata,
  };
  return writeGguf({ metadata: Object.entries(pairs), tensors });
}

describe('a good file', () => {
  test('tells rank, scale, licence and size', async () => {
    const header = await parseLoraHeader(sourceOf(good), base);
    const expected: Partial<LoraHeader> = {
      ...{ name: 'Tiny LoRA', licence: 'apache-2.0', baseName: null, rank: 4, alpha: 8 },
      parameters: 2 * 4 * (2 * 128 + 2 * (64 + 32) + 3 * (64 + 128)),
    };
    expect(header).toMatchObject(expected);
    expect(header.tensorBytes).toBe(header.parameters * 4);
  });

  test('may be in half precision, without alpha, and name what it was trained on', async () => {
    const halves = [matrix(A.name, [64, 4], 1), matrix(B.name, [4, 64], 1)];
    const named = lora(halves, { 'general.base_model.0.name': text('Tiny') });
    expect(await parseLoraHeader(sourceOf(named), base)).toMatchObject({ baseName: 'Tiny', rank: 4 });
    const plain = writeGguf({
      metadata: [
        ['general.architecture', text('llama')],
        ['general.type', text('adapter')],
        ['adapter.type', text('lora')],
      ],
      tensors: [A, B],
    });
    expect(await parseLoraHeader(sourceOf(plain), base)).toMatchObject({ alpha: 0 });
  });

  test('that says which file it was trained on is for that one alone', async () => {
    const bound = lora([A, B], { [LORA_BASE_KEY]: text('a'.repeat(64)) });
    expect(await codeOf(bound, { ...base, sha256: 'a'.repeat(64) })).toBe('none');
    expect(await codeOf(bound, { ...base, sha256: 'b'.repeat(64) })).toBe('LORA_BASE_MISMATCH');
  });
});

describe('a bad file has its own code', () => {
  const u32 = (value: number): MetaValue => ({ type: 'u32', value });
  test.each<[string, () => Uint8Array, string]>([
    ['nothing', () => new Uint8Array(0), 'GGUF_NOT_GGUF'],
    ['a web page', () => Buffer.from('<!doctype html><html></html>'), 'GGUF_NOT_GGUF'],
    ['a whole model', () => tinyModel(), 'GGUF_NOT_A_LORA'],
    ['an adapter of another type', () => lora([A, B], { 'adapter.type': text('ia3') }), 'GGUF_NOT_A_LORA'],
    [
      'one that words switch on',
      () => lora([A, B], { 'adapter.alora.invocation_tokens': { type: 'i32s', value: [1] } }),
      'LORA_UNSUPPORTED',
    ],
    [
      'another architecture',
      () => lora([A, B], { 'general.architecture': text('qwen2') }),
      'LORA_BASE_MISMATCH',
    ],
    ['a scale of another type', () => lora([A, B], { 'adapter.lora.alpha': u32(8) }), 'GGUF_CORRUPT'],
    [
      'a scale that is no number',
      () => lora([A, B], { 'adapter.lora.alpha': { type: 'f32', value: Number.NaN } }),
      'GGUF_CORRUPT',
    ],
    ['no tensors', () => lora([]), 'GGUF_CORRUPT'],
    ['half a pair', () => lora([A]), 'GGUF_CORRUPT'],
    ['ranks that differ', () => lora([A, matrix(B.name, [8, 64])]), 'GGUF_CORRUPT'],
    ['a tensor of no pair', () => lora([A, B, matrix('blk.0.attn_q.weight', [64, 64])]), 'GGUF_CORRUPT'],
    ['a norm beside', () => lora([A, B, matrix('blk.0.attn_norm.weight', [64])]), 'LORA_UNSUPPORTED'],
    [
      'a pair on a norm',
      () => lora([matrix('output_norm.weight.lora_a', [64, 4]), matrix('output_norm.weight.lora_b', [4, 1])]),
      'LORA_BASE_MISMATCH',
    ],
    [
      'the embeddings',
      () => lora([matrix('token_embd.weight.lora_a', [4, 273]), matrix('token_embd.weight.lora_b', [4, 64])]),
      'LORA_UNSUPPORTED',
    ],
    ['integers', () => lora([matrix(A.name, [64, 4], 26), B]), 'LORA_UNSUPPORTED'],
    [
      'a layer that the model has not',
      () =>
        lora([matrix('blk.9.attn_q.weight.lora_a', [64, 4]), matrix('blk.9.attn_q.weight.lora_b', [4, 64])]),
      'LORA_BASE_MISMATCH',
    ],
    ['another width', () => lora([matrix(A.name, [32, 4]), B]), 'LORA_BASE_MISMATCH'],
    ['a third dimension', () => lora([matrix(A.name, [64, 4, 2]), B]), 'LORA_BASE_MISMATCH'],
    ['an enormous rank', () => lora([matrix(A.name, [64, 2048]), matrix(B.name, [2048, 64])]), 'GGUF_LIMIT'],
    ['half of it', () => good.subarray(0, good.length / 2), 'GGUF_TRUNCATED'],
  ])('%s', async (_, bytes, code) => {
    expect(await codeOf(bytes())).toBe(code);
  });

  test('the message says what does not fit', async () => {
    const wide = await tinyLora({ shape: OTHER_SHAPE });
    await expect(parseLoraHeader(sourceOf(wide), base)).rejects.toThrow(
      /blk\.0\.attn_q\.weight is 64 x 64 in the model, and its pair 32 x 4 and 4 x 32.*--base/,
    );
  });
});

describe('any bytes at all', () => {
  const isOurs = (code: string): boolean => /^(GGUF_|LORA_)/.test(code);

  test('every truncation is refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: good.length - 1 }), async (length) =>
        isOurs(await codeOf(good.subarray(0, length))),
      ),
      { numRuns: 200 },
    );
  });

  test('flipped bits are refused or harmless', async () => {
    const flip = fc.record({ at: fc.integer({ min: 0, max: 2600 }), mask: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(flip, { minLength: 1, maxLength: 8 }), async (flips) => {
        const bytes = Buffer.from(good);
        for (const { at, mask } of flips) bytes[at] = (bytes[at] ?? 0) ^ mask;
        const code = await codeOf(bytes);
        return code === 'none' || isOurs(code);
      }),
      { numRuns: 500 },
    );
  });
});
