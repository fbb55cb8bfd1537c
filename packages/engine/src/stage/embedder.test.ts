import { FilonError } from '@filon/core/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Context } from './context.ts';
import { embedText, type Reading } from './embedder.ts';

const LENGTH = 3;

interface Row {
  token: number;
  position: number;
}

/** What a model might say of a token at a position. */
const vectorOf = ({ token, position }: Row): number[] => [token + 1, Math.sin(token * position), position];

/** Insists that a sequence grows without a hole; `status` is what its decodes give. */
function openFake(rowsMax: number, status = 0): Context {
  const held: Row[] = [];
  let rows: Row[] = [];
  const fake: Partial<Context> = {
    clearRows: () => {
      rows = [];
    },
    add: (token, position, sequence, output) => {
      expect({ sequence, output, position }).toEqual({
        sequence: 0,
        output: true,
        position: held.length + rows.length,
      });
      expect(rows.length).toBeLessThan(rowsMax);
      return rows.push({ token, position }) - 1;
    },
    decode: async () => {
      held.push(...rows);
      return status;
    },
    embedding: (index) => Float32Array.from(vectorOf(rows[index] as Row)),
  };
  return fake as Context;
}

const reading = (context: Context, rowsMax: number, pooling: Reading['pooling'] = 'mean'): Reading => ({
  context,
  model: 'm',
  rowsMax,
  pooling,
  length: LENGTH,
});

function unit(vector: readonly number[]): number[] {
  return vector.map((value) => value / Math.hypot(...vector));
}

test('however a text is cut into parts, its vector is the mean of all its rows', async () => {
  const text = fc.array(fc.nat(99), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 50 }), async (tokens, rowsMax) => {
      const found = await embedText(Int32Array.from(tokens), reading(openFake(rowsMax), rowsMax));
      const rows = tokens.map((token, position) => vectorOf({ token, position }));
      const sum = Array.from({ length: LENGTH }, (_, i) =>
        rows.reduce((all, row) => all + Math.fround(row[i] as number), 0),
      );
      for (const [i, value] of unit(sum).entries()) expect(found[i]).toBeCloseTo(value, 5);
    }),
  );
});

test('pooling by the first or the last row takes that one', async () => {
  const tokens = Int32Array.of(5, 6, 7);
  const first = await embedText(tokens, reading(openFake(8), 8, 'first'));
  const last = await embedText(tokens, reading(openFake(8), 8, 'last'));
  for (const [i, value] of unit(vectorOf({ token: 5, position: 0 })).entries())
    expect(first[i]).toBeCloseTo(value, 5);
  for (const [i, value] of unit(vectorOf({ token: 7, position: 2 })).entries())
    expect(last[i]).toBeCloseTo(value, 5);
});

test('a decode that fails is named', async () => {
  const failing = embedText(Int32Array.of(1), reading(openFake(8, -3), 8));
  await expect(failing).rejects.toBeInstanceOf(FilonError);
  await expect(failing).rejects.toMatchObject({ code: 'ENGINE_DECODE_FAILED', details: { status: -3 } });
});

test('numbers that are not finite are no vector', async () => {
  const broken: Context = { ...openFake(4), embedding: () => Float32Array.of(1, Number.NaN, 1) };
  await expect(embedText(Int32Array.of(1, 2), reading(broken, 4))).rejects.toMatchObject({
    code: 'ENGINE_SELF_TEST_FAILED',
    message: expect.stringContaining('the embedding is not finite'),
  });
});
