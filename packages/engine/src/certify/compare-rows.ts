/** Computes the same rows in every way that serving may, and counts those whose bits differ. */
import type { DeviceHost } from '../device/device-host.ts';
import { type Context, openContext } from '../stage/context.ts';
import type { StageSettings } from '../stage/settings.ts';
import type { Weights } from '../stage/weights.ts';
import { COMPARED_ROWS } from './certificate.ts';

const REFERENCE = 0;
const TARGET = 1;
const NEIGHBOURS = [2, 3];
const SEQUENCES = 4;
/** A neighbour adds this many tokens a step, half of it, or a quarter, and starts afresh after some steps. */
const NEIGHBOUR_TOKENS = 48;
const NEIGHBOUR_STEPS = 3;

interface Comparison {
  rows: number;
  differing: number;
}

interface Bench {
  context: Context;
  tokens: Int32Array;
  cacheTokens: number;
}

/**
 * Reference: prefilled alone, then one row at a time. Compared with it: the rows in one batch; the rows at the end of a
 * prefill (a resume); one at a time among neighbours that come and go; after taking over a copied prefix.
 */
export async function compareRows(
  weights: Weights,
  { settings, cacheTokens }: { settings: StageSettings; cacheTokens: number },
  host: DeviceHost,
): Promise<Comparison> {
  const sequenceTokens = cacheTokens + COMPARED_ROWS;
  const context = openContext(
    weights,
    {
      settings,
      cacheTokens: Math.ceil(sequenceTokens / 256) * 256 * SEQUENCES,
      sequences: SEQUENCES,
      outputsMax: COMPARED_ROWS + NEIGHBOURS.length,
      threads: host.threads,
      embeddings: false,
    },
    host.backends,
  );
  try {
    const tokens = testTokens(sequenceTokens, weights.vocabTokens);
    const bench: Bench = { context, tokens, cacheTokens };
    const reference = await oneByOne(bench, REFERENCE);
    const ways = [
      () => resumed(bench),
      () => together(bench),
      () => amongNeighbours(bench),
      ...(weights.canTrim ? [() => afterCopy(bench)] : []),
    ];
    let differing = 0;
    for (const way of ways) {
      const rows = await way();
      differing += rows.filter((row, i) => !row.equals(reference[i] as Buffer)).length;
    }
    return { rows: ways.length * COMPARED_ROWS, differing };
  } finally {
    context.close();
  }
}

/** A fixed pseudo-random walk over the vocabulary (a linear congruence): text would repeat itself more. */
export function testTokens(count: number, vocabTokens: number): Int32Array {
  let state = 12_345;
  return Int32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % vocabTokens;
  });
}

async function oneByOne(bench: Bench, sequence: number): Promise<Buffer[]> {
  await prefill(bench, sequence);
  const rows: Buffer[] = [];
  for (let i = 0; i < COMPARED_ROWS; i += 1) {
    bench.context.clearRows();
    const row = addRow(bench, sequence, i);
    await decode(bench.context);
    rows.push(copyOf(bench.context, row));
  }
  return rows;
}

async function together(bench: Bench): Promise<Buffer[]> {
  await rewind(bench);
  const rows: Buffer[] = [];
  for (let i = 0; i < COMPARED_ROWS; ) {
    bench.context.clearRows();
    const added: number[] = [];
    while (i < COMPARED_ROWS && bench.context.rows < bench.context.rowsMax) {
      added.push(addRow(bench, TARGET, i));
      i += 1;
    }
    await decode(bench.context);
    rows.push(...added.map((row) => copyOf(bench.context, row)));
  }
  return rows;
}

async function resumed({ context, tokens, cacheTokens }: Bench): Promise<Buffer[]> {
  const rows: Buffer[] = [];
  for (let from = 0; from < tokens.length; from += context.rowsMax) {
    context.clearRows();
    const outputs: number[] = [];
    const to = Math.min(tokens.length, from + context.rowsMax);
    for (let position = from; position < to; position += 1) {
      const output = position >= cacheTokens;
      const row = context.add(tokens[position] as number, position, TARGET, output);
      if (output) outputs.push(row);
    }
    await decode(context);
    rows.push(...outputs.map((row) => copyOf(context, row)));
  }
  return rows;
}

/** Neighbours fill, leave and fill again, so that cells are freed and reused around the target. */
async function amongNeighbours(bench: Bench): Promise<Buffer[]> {
  const { context, tokens } = bench;
  await rewind(bench);
  const rows: Buffer[] = [];
  const held = NEIGHBOURS.map(() => 0);
  for (let i = 0; i < COMPARED_ROWS; i += 1) {
    context.clearRows();
    const row = addRow(bench, TARGET, i);
    for (const [n, neighbour] of NEIGHBOURS.entries()) {
      if ((i + n) % NEIGHBOUR_STEPS === 0) {
        context.trim(neighbour, 0);
        held[n] = 0;
      }
      const from = held[n] as number;
      const wanted = Math.min(NEIGHBOUR_TOKENS >> (n + (i % 2)), context.rowsMax - context.rows);
      for (let k = from; k < from + wanted; k += 1) context.add(tokens[k] as number, k, neighbour, false);
      held[n] = from + wanted;
    }
    await decode(context);
    rows.push(copyOf(context, row));
  }
  return rows;
}

async function afterCopy(bench: Bench): Promise<Buffer[]> {
  bench.context.copy(REFERENCE, TARGET, bench.cacheTokens);
  const rows: Buffer[] = [];
  for (let i = 0; i < COMPARED_ROWS; i += 1) {
    bench.context.clearRows();
    const row = addRow(bench, TARGET, i);
    await decode(bench.context);
    rows.push(copyOf(bench.context, row));
  }
  return rows;
}

/** Back to the end of the cache: a trim, as serving does it, or a new prefill where sequences cannot be cut. */
async function rewind(bench: Bench): Promise<void> {
  if (!bench.context.trim(TARGET, bench.cacheTokens)) await prefill(bench, TARGET);
}

async function prefill({ context, tokens, cacheTokens }: Bench, sequence: number): Promise<void> {
  context.trim(sequence, 0);
  for (let from = 0; from < cacheTokens; from += context.rowsMax) {
    context.clearRows();
    const to = Math.min(cacheTokens, from + context.rowsMax);
    for (let position = from; position < to; position += 1) {
      context.add(tokens[position] as number, position, sequence, false);
    }
    await decode(context);
  }
}

function addRow({ context, tokens, cacheTokens }: Bench, sequence: number, i: number): number {
  return context.add(tokens[cacheTokens + i] as number, cacheTokens + i, sequence, true);
}

async function decode(context: Context): Promise<void> {
  const status = await context.decode();
  if (status !== 0) throw new TypeError(`llama_decode gave ${status} while certifying`);
}

function copyOf(context: Context, row: number): Buffer {
  const logits = context.logits(row);
  return Buffer.from(Buffer.from(logits.buffer, logits.byteOffset, logits.byteLength));
}
