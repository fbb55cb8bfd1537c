import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFilonError } from '@filon/core/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHATML_TEMPLATE, tinyModel } from '../../../../test/kit/gguf.ts';
import { type MetaValue, type TensorSpec, writeGguf } from '../../../../test/kit/gguf-writer.ts';
import type { ByteSource } from './byte-reader.ts';
import { type GgufHeader, parseGgufHeader, readGgufHeader } from './header.ts';
import { GGUF_LIMITS } from './limits.ts';

function sourceOf(bytes: Uint8Array): ByteSource & { readBytes: number } {
  return {
    label: 'x.gguf',
    bytes: bytes.length,
    readBytes: 0,
    async read(target, position) {
      const chunk = bytes.subarray(position, position + target.length);
      target.set(chunk);
      this.readBytes += chunk.length;
      return chunk.length;
    },
  };
}

function parse(bytes: Uint8Array): Promise<GgufHeader> {
  return parseGgufHeader(sourceOf(bytes));
}

async function codeOf(bytes: Uint8Array): Promise<string> {
  return parse(bytes).then(
    () => 'none',
    (error: unknown) => (isFilonError(error) ? error.code : `not ours: ${String(error)}`),
  );
}

const u32 = (value: number): MetaValue => ({ type: 'u32', value });
const text = (value: string): MetaValue => ({ type: 'string', value });
const TENSOR: TensorSpec = { name: 'a', shape: [8], type: 0, data: new Uint8Array(32) };

function withTensors(...tensors: TensorSpec[]): Uint8Array {
  const metadata: [string, MetaValue][] = [
    ['general.architecture', text('llama')],
    ['llama.block_count', u32(1)],
    ['llama.context_length', u32(64)],
    ['llama.embedding_length', u32(8)],
  ];
  return writeGguf({ metadata, tensors });
}

describe('a good file', () => {
  test('tells what the model is', async () => {
    const header = await parse(tinyModel({ layers: 3, name: 'Pebble' }));
    expect(header).toMatchObject({
      architecture: 'llama',
      name: 'Pebble',
      licence: 'apache-2.0',
      layers: 3,
      contextTokens: 2048,
      embeddingLength: 64,
      feedForwardLength: 128,
      heads: 4,
      kvHeads: [2, 2, 2],
      keyLength: 16,
      slidingWindowTokens: null,
      vocabTokens: 273,
      tokenizer: 'gpt2',
      chatTemplate: CHATML_TEMPLATE,
      quantization: 'F32',
    });
    const elements = header.tensors.reduce((sum, tensor) => sum + tensor.elements, 0);
    expect(header.parameters).toBe(elements);
    const last = header.tensors.at(-1);
    expect(header.dataOffset + (last?.offset ?? 0) + (last?.bytes ?? 0)).toBe(header.fileBytes);
  });

  test('is read from a path, and a missing path has its own error', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'filon-gguf-'));
    const path = join(folder, 'm.gguf');
    await writeFile(path, tinyModel());
    expect((await readGgufHeader(path)).layers).toBe(2);
    await rm(folder, { recursive: true });
    await expect(readGgufHeader(path)).rejects.toMatchObject({ details: { code: 'GGUF_UNREADABLE' } });
  });

  test('the same seed makes the same file, another seed another', () => {
    expect(Buffer.compare(tinyModel({ seed: 7 }), tinyModel({ seed: 7 }))).toBe(0);
    expect(Buffer.compare(tinyModel({ seed: 7 }), tinyModel({ seed: 8 }))).not.toBe(0);
  });

  test('a large vocabulary is walked, not kept', async () => {
    const tokens = Array.from({ length: 50_000 }, (_, index) => `token-${index}`);
    const header = await parse(
      tinyModel({ metadata: { 'tokenizer.ggml.tokens': { type: 'strings', value: tokens } } }),
    );
    expect(header.vocabTokens).toBe(50_000);
    expect(header.metadata.get('tokenizer.ggml.tokens')).toEqual({ length: 50_000, values: null });
  });

  test('an abort ends the reading', async () => {
    const signal = AbortSignal.abort(new DOMException('enough', 'AbortError'));
    await expect(parseGgufHeader(sourceOf(tinyModel()), { signal })).rejects.toThrow('enough');
  });
});

describe('a bad file has its own code', () => {
  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'GGUF_NOT_GGUF'],
    ['two letters', Buffer.from('GG'), 'GGUF_NOT_GGUF'],
    ['a web page', Buffer.from('<!doctype html><html></html>'), 'GGUF_NOT_GGUF'],
    ['version 1', writeGguf({ version: 1, metadata: [], tensors: [] }), 'GGUF_VERSION'],
    ['the other byte order', writeGguf({ version: 0x0300_0000, metadata: [], tensors: [] }), 'GGUF_VERSION'],
    ['only the magic', Buffer.from('GGUF'), 'GGUF_TRUNCATED'],
    ['half the header', tinyModel().subarray(0, 900), 'GGUF_TRUNCATED'],
    ['half the tensors', tinyModel().subarray(0, 200_000), 'GGUF_TRUNCATED'],
    ['no metadata', writeGguf({ metadata: [], tensors: [] }), 'GGUF_CORRUPT'],
    ['an unknown architecture', tinyModel({ architecture: 'spark-plug' }), 'MODEL_ARCHITECTURE_UNSUPPORTED'],
    [
      'a model of images, which has no layers of text',
      tinyModel({ metadata: { 'general.architecture': text('clip') } }),
      'MODEL_ARCHITECTURE_UNSUPPORTED',
    ],
    ['a model of sound', tinyModel({ architecture: 'pockettts' }), 'MODEL_ARCHITECTURE_UNSUPPORTED'],
    ['one part of three', tinyModel({ metadata: { 'split.count': u32(3) } }), 'GGUF_SPLIT'],
    ['an adapter', tinyModel({ metadata: { 'general.type': text('adapter') } }), 'GGUF_NOT_A_MODEL'],
    ['no layers', tinyModel({ metadata: { 'llama.block_count': u32(0) } }), 'GGUF_CORRUPT'],
    ['a million layers', tinyModel({ metadata: { 'llama.block_count': u32(1e6) } }), 'GGUF_CORRUPT'],
    [
      'a context that is text',
      tinyModel({ metadata: { 'llama.context_length': text('9') } }),
      'GGUF_CORRUPT',
    ],
    ['an odd alignment', tinyModel({ metadata: { 'general.alignment': u32(33) } }), 'GGUF_CORRUPT'],
    ['a huge alignment', tinyModel({ metadata: { 'general.alignment': u32(2 ** 30) } }), 'GGUF_LIMIT'],
    ['a long chat template', tinyModel({ chatTemplate: 'x'.repeat(300_000) }), 'GGUF_LIMIT'],
    ['a key with a space', tinyModel({ metadata: { 'a b': u32(1) } }), 'GGUF_CORRUPT'],
    ['no tensors', withTensors(), 'GGUF_CORRUPT'],
    ['a tensor twice', withTensors(TENSOR, TENSOR), 'GGUF_CORRUPT'],
    ['overlapping tensors', withTensors(TENSOR, { ...TENSOR, name: 'b', offset: 0 }), 'GGUF_CORRUPT'],
    ['a tensor far away', withTensors({ ...TENSOR, offset: 2 ** 40 }), 'GGUF_CORRUPT'],
    ['an unknown tensor type', withTensors({ ...TENSOR, type: 4 }), 'GGUF_CORRUPT'],
    ['half a block', withTensors({ ...TENSOR, type: 2 }), 'GGUF_CORRUPT'],
    ['an empty dimension', withTensors({ ...TENSOR, shape: [8, 0] }), 'GGUF_CORRUPT'],
    ['an overflowing shape', withTensors({ ...TENSOR, shape: [2 ** 50, 2 ** 50] }), 'GGUF_CORRUPT'],
    ['five dimensions', withTensors({ ...TENSOR, shape: [8, 1, 1, 1, 1] }), 'GGUF_LIMIT'],
    ['no tensor name', withTensors({ ...TENSOR, name: '' }), 'GGUF_CORRUPT'],
    ['a long tensor name', withTensors({ ...TENSOR, name: 'x'.repeat(64) }), 'GGUF_LIMIT'],
    ['a tensor larger than the file', withTensors({ ...TENSOR, shape: [800] }), 'GGUF_TRUNCATED'],
  ])('%s', async (_, bytes, code) => {
    expect(await codeOf(bytes)).toBe(code);
  });

  test('per-layer values that are too few', async () => {
    const heads: MetaValue = { type: 'i32s', value: [2] };
    expect(await codeOf(tinyModel({ metadata: { 'llama.attention.head_count_kv': heads } }))).toBe(
      'GGUF_CORRUPT',
    );
  });

  test('counts that promise more than any model has', async () => {
    for (const [offset, limit] of [
      [8, 'tensors'],
      [16, 'keyValuePairs'],
    ] as const) {
      const bytes = Buffer.from(tinyModel());
      bytes.writeBigUInt64LE(1_000_000n, offset);
      await expect(parse(bytes)).rejects.toMatchObject({
        details: { code: 'GGUF_LIMIT', limit, value: 1_000_000 },
      });
    }
  });

  test('a length that lies is refused before anything is read or allocated', async () => {
    const bytes = Buffer.from(tinyModel());
    // The first key's length.
    bytes.writeBigUInt64LE(2n ** 62n, 24);
    const source = sourceOf(bytes);
    await expect(parseGgufHeader(source)).rejects.toMatchObject({ details: { code: 'GGUF_CORRUPT' } });
    expect(source.readBytes).toBeLessThanOrEqual(256 * 1024);
  });

  test('the message names the file, the tensor and both sizes', async () => {
    const cut = tinyModel().subarray(0, 200_000);
    await expect(parse(cut)).rejects.toThrow(
      /x\.gguf is cut off: tensor \S+ ends at byte \d+, .* 200000 bytes/,
    );
  });
});

describe('any bytes at all', () => {
  const whole = tinyModel({ layers: 1, embeddingLength: 16, heads: 2, kvHeads: 1, feedForwardLength: 32 });
  const isOurs = (code: string): boolean => /^(GGUF_|MODEL_ARCHITECTURE)/.test(code);

  test('end in a code of ours', async () => {
    const random = fc.uint8Array({ maxLength: 2000 });
    const begun = random.map((bytes) => Buffer.concat([whole.subarray(0, 24), bytes]));
    await fc.assert(fc.asyncProperty(fc.oneof(random, begun), async (bytes) => isOurs(await codeOf(bytes))));
  });

  test('every truncation is refused', async () => {
    const length = fc.integer({ min: 0, max: whole.length - 1 });
    await fc.assert(
      fc.asyncProperty(length, async (bytes) => isOurs(await codeOf(whole.subarray(0, bytes)))),
      { numRuns: 300 },
    );
  });

  test('flipped bits are refused or harmless', async () => {
    const flip = fc.record({ at: fc.integer({ min: 0, max: 8000 }), mask: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(flip, { minLength: 1, maxLength: 8 }), async (flips) => {
        const bytes = Buffer.from(whole);
        for (const { at, mask } of flips) bytes[at] = (bytes[at] ?? 0) ^ mask;
        const source = sourceOf(bytes);
        const result = await parseGgufHeader(source).catch((error: unknown) => error);
        // Reading restarts at most once a window, whatever the lengths say.
        expect(source.readBytes).toBeLessThan(GGUF_LIMITS.headerBytes);
        return !(result instanceof Error) || isFilonError(result);
      }),
      { numRuns: 500 },
    );
  });
});
