/**
 * The library by itself, in a process of its own, which keeps the library's many words to itself: it is told what was said
 * and judges every token of the answer.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { openDeviceHost } from '@filon/engine/device/device-host';
import { findLibraryDirectory } from '@filon/engine/ffi/library-directory';
import { type Context, openContext } from '@filon/engine/stage/context';
import { FAST_SETTINGS } from '@filon/engine/stage/settings';
import { openWeights } from '@filon/engine/stage/weights';
import type { StoredModel } from '@filon/node/ports/models';

export interface Said {
  prompt: Int32Array;
  answer: readonly number[];
}

export interface Lesson {
  stored: StoredModel;
  /** Tokens of a prompt with its answer at most. */
  contextTokens: number;
  said: readonly Said[];
}

export interface Judgement {
  /** Of each token of the answers: how far its logit is below the highest one, computed row by row. */
  margins: number[];
  /** The most that the two highest logits moved against one another when all rows were computed together. */
  movedMost: number;
}

/** {@link judge} in a new process. */
export async function judgeApart(lesson: Lesson): Promise<Judgement> {
  const child = fork(new URL('./teacher-process.ts', import.meta.url), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new RangeError(`the teacher ended with ${code ?? signal}`);
  });
  child.send(lesson);
  const [judgement] = await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => undefined);
  child.kill();
  return judgement;
}

export async function judge({ stored, contextTokens, said }: Lesson): Promise<Judgement> {
  const answerTokensMax = Math.max(...said.map(({ answer }) => answer.length));
  const context = await openLibrary(stored, { contextTokens, answerTokensMax });
  const margins: number[] = [];
  let movedMost = 0;
  for (const one of said) {
    const rows = await rowsOf(context, one, 'one by one');
    const again = await rowsOf(context, one, 'together');
    for (const [index, row] of rows.entries()) {
      const [best, second] = bestTwo(row);
      margins.push(at(row, best) - at(row, one.answer[index] ?? -1));
      const other = again[index] ?? new Float32Array();
      const moved = at(row, best) - at(row, second) - (at(other, best) - at(other, second));
      movedMost = Math.max(movedMost, Math.abs(moved));
    }
  }
  return { margins, movedMost };
}

const SEQUENCE = 0;

async function openLibrary(
  { sha256: model, path }: StoredModel,
  { contextTokens, answerTokensMax }: { contextTokens: number; answerTokensMax: number },
): Promise<Context> {
  const libraryDirectory = findLibraryDirectory([]);
  const host = openDeviceHost({ libraryDirectory, device: 'cpu', backend: 'cpu', threads: 1 });
  const settings = FAST_SETTINGS;
  const weights = await openWeights(host.llama, { model, path, extraBuffers: settings.extraBuffers }, host);
  const shape = { cacheTokens: contextTokens, sequences: 1, outputsMax: answerTokensMax };
  const rest = { settings, threads: host.threads, embeddings: false };
  return openContext(weights, { ...shape, ...rest }, host.backends);
}

/** The row of logits that each token of the answer was chosen from. */
async function rowsOf(
  context: Context,
  { prompt, answer }: Said,
  way: 'one by one' | 'together',
): Promise<Float32Array[]> {
  context.trim(SEQUENCE, 0);
  // The last token is never fed: nothing was chosen after it.
  const tokens = [...prompt, ...answer.slice(0, -1)];
  const firstOutput = prompt.length - 1;
  if (way === 'together') return await decode(context, { tokens, from: 0, firstOutput });
  const rows = await decode(context, { tokens: [...prompt], from: 0, firstOutput });
  for (let from = prompt.length; from < tokens.length; from += 1) {
    rows.push(...(await decode(context, { tokens: tokens.slice(from, from + 1), from, firstOutput })));
  }
  return rows;
}

interface Step {
  tokens: readonly number[];
  /** Position of the first of them. */
  from: number;
  /** Position from which logits are wanted. */
  firstOutput: number;
}

async function decode(context: Context, { tokens, from, firstOutput }: Step): Promise<Float32Array[]> {
  context.clearRows();
  const outputs: number[] = [];
  for (const [index, token] of tokens.entries()) {
    const wanted = from + index >= firstOutput;
    const row = context.add(token, from + index, SEQUENCE, wanted);
    if (wanted) outputs.push(row);
  }
  const status = await context.decode();
  if (status !== 0) throw new RangeError(`llama_decode gave ${status}`);
  return outputs.map((row) => context.logits(row).slice());
}

function at(row: Float32Array, token: number): number {
  return row[token] ?? Number.NaN;
}

/** The tokens with the highest logits. */
function bestTwo(row: Float32Array): [number, number] {
  let best = 0;
  let second = 1;
  for (const [token, value] of row.entries()) {
    if (value > at(row, best)) [best, second] = [token, best];
    else if (token !== best && value > at(row, second)) second = token;
  }
  return [best, second];
}
