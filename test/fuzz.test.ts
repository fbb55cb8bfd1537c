/** A short run of the fuzzer; `node fuzz/run.ts --seconds N` is a long one. */
import { FilonError } from '@filon/core/errors';
import { describe, expect, test } from 'vitest';
import { fuzzTarget } from '../fuzz/fuzz.ts';
import type { Target } from '../fuzz/target.ts';
import { TARGETS } from '../fuzz/targets.ts';

const SHORT = { inputs: 1500, durationMs: 30_000 };

test('the decoders have names of their own', () => {
  const names = TARGETS.map(({ name, seeds }) => `${name} ${seeds.map((seed) => seed.length)}`);
  expect(new Set(names).size).toBe(names.length);
});

describe('bad inputs are refused by code, soon, and in little memory by', () => {
  test.each(TARGETS.map((target) => [target.name, target] as const))('%s', async (_, target) => {
    const report = await fuzzTarget(target, SHORT, 20_261_128);
    expect(report).toMatchObject({ fault: null, inputs: SHORT.inputs });
    expect(report.ways + report.taken).toBeGreaterThan(0);
  });
});

type Judged = (bytes: Uint8Array) => unknown;

describe('the fuzzer finds', () => {
  const target = (decode: Target['decode']): Target => ({
    name: 'bad',
    seeds: [Uint8Array.of(1, 2, 3, 4)],
    ...{ decode, codes: ['KNOWN'], bytesMax: 100 },
  });
  const whyOf = async (decode: Judged): Promise<string | undefined> => {
    const report = await fuzzTarget(
      target((bytes) => void decode(bytes)),
      SHORT,
      1,
    );
    return report.fault?.why;
  };
  const isBad = (bytes: Uint8Array): boolean => (bytes[0] ?? 0) > 200;

  test('a foreign error', async () => {
    expect(await whyOf((bytes) => isBad(bytes) && JSON.parse('}'))).toMatch(/it threw .*JSON/);
  });
  test('a code that nobody documented', async () => {
    const fail = (code: string): never => {
      throw new FilonError({ code }, 'no');
    };
    expect(await whyOf((bytes) => isBad(bytes) && fail('KNOWN'))).toBeUndefined();
    expect(await whyOf((bytes) => isBad(bytes) && fail('OTHER'))).toMatch(/the code OTHER/);
  });
  test('memory that the input does not account for', async () => {
    const held: Uint8Array[] = [];
    expect(await whyOf((bytes) => isBad(bytes) && held.push(new Uint8Array(50_000_000)))).toMatch(
      /bytes of memory/,
    );
  });
});
