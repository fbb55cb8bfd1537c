/** The arithmetic of the bench; the bench itself is no test. */
import { FilonError } from '@filon/core/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bench, Case } from '../bench/serve/bench.ts';
import { readStream } from '../bench/serve/completion.ts';
import type { BenchErrorDetails } from '../bench/serve/errors.ts';
import { measure } from '../bench/serve/measure.ts';
import { readOptions } from '../bench/serve/options.ts';
import { createPrompts } from '../bench/serve/prompts.ts';
import type { Measure } from '../bench/serve/report.ts';
import { ratioOf, summarize } from '../bench/serve/statistics.ts';
import { decodeRate } from '../bench/serve/timing.ts';
import { takeTurns } from '../bench/serve/turns.ts';

const STREAM = [
  'data: {"choices":[{"text":""}]}\n\n',
  'data: {"choices":[{"text":"ä"}],"usage":null}\n\n',
  'data: {"choices":[{"text":"b","finish_reason":null}]}\n\n',
  'data: {"choices":[{"text":"","finish_reason":"length"}]}\n\n',
  'data: {"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2}}\n\n',
  'data: [DONE]\n\n',
].join('');

describe('ratios', () => {
  it('are taken round by round', () => {
    const values = { a: summarize([10, 30, 10]), b: summarize([10, 10, 20]) };
    const ratio = ratioOf(['a', 'b'], values, { atLeast: 1.5 });
    expect(ratio).toMatchObject({ median: 1, min: 0.5, max: 3, met: false });
    expect(ratioOf(['a', 'b'], values, { atMost: 1 }).met).toBe(true);
  });

  it('of an even number of rounds lie between the two in the middle', () => {
    expect(summarize([4, 1, 2, 100]).median).toBe(3);
  });
});

describe('turns', () => {
  it('go back and forth and leave out the first round', async () => {
    const order: string[] = [];
    const turn = (name: string) => async (round: number) => {
      order.push(`${name}${round}`);
      return round;
    };
    const { signal } = new AbortController();
    const results = await takeTurns({ a: turn('a'), b: turn('b') }, { rounds: 2, signal });
    expect(order).toEqual(['a0', 'b0', 'b1', 'a1', 'a2', 'b2']);
    expect(results).toEqual({ a: [1, 2], b: [1, 2] });
  });
});

describe('cases', () => {
  const one = (what: string): Measure => ({
    ...{ case: 'made', what, unit: 'ms', values: {}, ratio: null, notes: [] },
  });
  const stopped = new FilonError<BenchErrorDetails>({ code: 'BENCH_INTERRUPTED' }, 'Stopped.');

  it('keep what they took before a stop, and none begins after it', async () => {
    const stop = new AbortController();
    const bench = { signal: stop.signal } as Bench;
    const cases: [string, Case][] = [
      [
        'first',
        async function* () {
          yield one('a');
        },
      ],
      [
        'second',
        async function* () {
          yield one('b');
          stop.abort(stopped);
          throw new DOMException('in the middle of it', 'AbortError');
        },
      ],
      [
        'third',
        async function* () {
          yield one('c');
        },
      ],
    ];
    const { measures, problems } = await measure(bench, cases);
    expect(measures.map(({ what }) => what)).toEqual(['a', 'b']);
    expect(problems).toEqual([
      { case: 'second', message: 'Stopped.', details: { code: 'BENCH_INTERRUPTED' } },
    ]);
  });

  it('that fail are problems, and the others go on', async () => {
    const failure = new FilonError<BenchErrorDetails>(
      { code: 'BENCH_TIMEOUT', what: 'x', timeoutMs: 1 },
      'Late.',
    );
    const bench = { signal: new AbortController().signal } as Bench;
    const fails: Case = async function* () {
      yield one('a');
      throw failure;
    };
    const works: Case = async function* () {
      yield one('b');
    };
    const { measures, problems } = await measure(bench, [
      ['fails', fails],
      ['works', works],
    ]);
    expect([measures.length, problems.map((problem) => problem.case)]).toEqual([2, ['fails']]);
  });
});

describe('a stream', () => {
  it('has its times where the last byte of an event came, however it is cut', () => {
    const bytes = Buffer.from(STREAM, 'utf8');
    const endOf = (text: string): number => bytes.indexOf(text) + Buffer.byteLength(text);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: bytes.length }), { maxLength: 30 }), (cuts) => {
        const edges = [...new Set([0, ...cuts, bytes.length])].sort((a, b) => a - b);
        const arrivals = edges.slice(1).map((to, i) => ({ atMs: to, bytes: bytes.subarray(edges[i], to) }));
        const read = readStream(arrivals);
        const seenAt = (offset: number): number => edges.find((edge) => edge >= offset) ?? 0;
        expect(read).toMatchObject({ promptTokens: 4, tokens: 2, cachedTokens: 0 });
        expect(read?.firstMs).toBe(seenAt(endOf('"ä"}],"usage":null}\n')));
        expect(read?.endMs).toBe(seenAt(endOf('"finish_reason":"length"}]}\n')));
      }),
    );
  });

  it('without its end is no answer', () => {
    const half = STREAM.slice(0, STREAM.indexOf('"length"'));
    expect(readStream([{ atMs: 1, bytes: Buffer.from(half) }])).toBeNull();
  });
});

describe('work', () => {
  it('is counted without the first tokens, which belong to the prompt', () => {
    const counts = { promptTokens: 9, cachedTokens: 0, tokens: 11 };
    const answers = [
      { startMs: 0, firstMs: 1000, endMs: 1900, ...counts },
      { startMs: 0, firstMs: 1200, endMs: 3000, ...counts },
    ];
    expect(decodeRate(answers)).toBe(10);
  });

  it('has prompts that differ within their first two words', () => {
    const prompts = createPrompts(1);
    const heads = Array.from({ length: 1000 }, () => prompts.next(24).split(' ').slice(0, 2).join(' '));
    expect(new Set(heads).size).toBe(heads.length);
  });
});

describe('options', () => {
  it('are checked', () => {
    expect(readOptions(['--help'])).toBeNull();
    expect(readOptions(['--cases', 'decode,start', '--rounds', '3'])).toMatchObject({
      ...{ cases: ['decode', 'start'], rounds: 3, model: 'smollm2-135m' },
    });
    expect(readOptions(['--model', '/a/b.gguf'])?.model).toBe('file:/a/b.gguf');
    for (const wrong of [['--cases', 'speed'], ['--rounds', '0'], ['--tokens', '1e9'], ['--nonsense']]) {
      expect(() => readOptions(wrong)).toThrowError(
        expect.objectContaining({ code: 'BENCH_OPTION_INVALID' }),
      );
    }
  });
});
