/**
 * Feeds a decoder bad inputs and says what it must never do: throw anything but its coded errors, take long, or take
 * memory that its input does not account for. Inputs that are refused in a new way, or taken, become seeds themselves.
 */
import { isFilonError, messageOf } from '@filon/core/errors';
import { type Dice, mutated } from './mutate.ts';
import type { Target } from './target.ts';

export interface Fault {
  target: string;
  why: string;
  /** Base64. */
  input: string;
}

export interface Report {
  target: string;
  inputs: number;
  taken: number;
  /** Ways to be refused, beside being taken. */
  ways: number;
  fault: Fault | null;
}

export interface FuzzLimits {
  /** Inputs at most. */
  inputs: number;
  /** Milliseconds at most. */
  durationMs: number;
}

const CORPUS_MAX = 512;
/** Of one decoding, on a machine that does other things as well. */
const DECODE_MS_MAX = 1000;
/** Beyond this share of the input's length. */
const MEMORY_BYTES_MAX = 4_194_304;
const MEMORY_TIMES_MAX = 32;

/** The same inputs for the same `seed`, whatever the time. */
export async function fuzzTarget(target: Target, limits: FuzzLimits, seed: number): Promise<Report> {
  const dice = diceOf(seed);
  const corpus = [...target.seeds];
  const ways = new Set<string>();
  const report: Report = { target: target.name, inputs: 0, taken: 0, ways: 0, fault: null };
  const untilMs = performance.now() + limits.durationMs;
  for (const input of target.seeds) {
    const result = await judge(target, input);
    if (result.way !== 'taken') report.fault = faultOf(target, input, `its own seed is ${result.way}`);
  }
  while (report.fault === null && report.inputs < limits.inputs && performance.now() < untilMs) {
    const [one, other] = [corpus[dice(corpus.length)], corpus[dice(corpus.length)]];
    const input = mutated(one ?? new Uint8Array(), other ?? new Uint8Array(), dice);
    if (input.length > target.bytesMax) continue;
    const { way, fault } = await judge(target, input);
    report.inputs += 1;
    if (fault !== null) report.fault = faultOf(target, input, fault);
    if (way === 'taken') report.taken += 1;
    if (ways.has(way) && (way !== 'taken' || dice(20) > 0)) continue;
    ways.add(way);
    if (corpus.length >= CORPUS_MAX)
      corpus.splice(target.seeds.length + dice(CORPUS_MAX - target.seeds.length), 1);
    corpus.push(input);
  }
  return { ...report, ways: ways.size };
}

interface Judged {
  /** `taken`, or how it was refused, without the numbers in it. */
  way: string;
  fault: string | null;
}

async function judge(target: Target, input: Uint8Array): Promise<Judged> {
  const beforeBytes = process.memoryUsage().arrayBuffers;
  const startMs = performance.now();
  let way = 'taken';
  try {
    await target.decode(input);
  } catch (error) {
    if (!isFilonError(error)) return { way: 'fault', fault: `it threw ${messageOf(error)}` };
    if (!target.codes.includes(error.code)) return { way: 'fault', fault: `it threw the code ${error.code}` };
    way = `${error.code} ${error.message.replace(/\d+/g, '0').slice(0, 200)}`;
  }
  const tookMs = performance.now() - startMs;
  if (tookMs > DECODE_MS_MAX) return { way, fault: `it took ${Math.round(tookMs)} ms` };
  const grownBytes = process.memoryUsage().arrayBuffers - beforeBytes;
  if (grownBytes > MEMORY_BYTES_MAX + MEMORY_TIMES_MAX * input.length)
    return { way, fault: `it took ${grownBytes} bytes of memory` };
  return { way, fault: null };
}

function faultOf({ name }: Target, input: Uint8Array, why: string): Fault {
  return { target: name, why, input: Buffer.from(input).toString('base64') };
}

/** xorshift128 with a seed of 32 bits. */
function diceOf(seed: number): Dice {
  let [x, y, z, w] = [seed | 0 || 1, 362_436_069, 521_288_629, 88_675_123];
  return (below) => {
    const t = x ^ (x << 11);
    [x, y, z] = [y, z, w];
    w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
    return below <= 1 ? 0 : (w >>> 0) % below;
  };
}
