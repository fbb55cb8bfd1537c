/**
 * The engine with nothing around it: rows in, logits out, a draw, again. No sessions, no worker, no messages, no HTTP, no
 * text. What the rest costs is measured against this.
 */
import { DEFAULT_SAMPLING } from '@filon/core/serving/sampling';
import { openDeviceHost } from '@filon/engine/device/device-host';
import { findLibraryDirectory } from '@filon/engine/ffi/library-directory';
import { createSampler, type Sampler } from '@filon/engine/sampler/sampler';
import { openSamplingState, type SamplingState } from '@filon/engine/sampler/sampling-state';
import { type Context, openContext } from '@filon/engine/stage/context';
import { openWeights, type Weights } from '@filon/engine/stage/weights';
import type { LoopSpec } from '../bench.ts';
import type { DecodeWork } from '../cases/work.ts';
import type { Completion } from '../completion.ts';
import type { Loop } from './protocol.ts';

interface Tools {
  weights: Weights;
  context: Context;
  sampler: Sampler;
}

interface Sequence {
  tokens: number[];
  promptTokens: number;
  state: SamplingState;
  row: number;
  firstMs: number;
}

export async function openBareLoop(spec: LoopSpec): Promise<Loop> {
  const { path, device, threads, contextTokens, sessions, settings } = spec;
  const libraryDirectory = findLibraryDirectory([]);
  const host = openDeviceHost({ libraryDirectory, device, backend: 'cpu', threads });
  const file = { model: 'bench', path, extraBuffers: settings.extraBuffers };
  const weights = await openWeights(host.llama, file, host);
  const shape = { cacheTokens: contextTokens, sequences: sessions, outputsMax: sessions };
  const context = openContext(weights, { settings, ...shape, threads, embeddings: false }, host.backends);
  const tools = { weights, context, sampler: createSampler(weights.vocabTokens) };
  return { run: (work) => run(work, tools) };
}

async function run(work: DecodeWork, tools: Tools): Promise<Completion[]> {
  const startMs = performance.now();
  const sampling = {
    ...DEFAULT_SAMPLING,
    ...(work.temperature !== null && { temperature: work.temperature }),
  };
  const sequences = work.prompts.map((prompt): Sequence => {
    const tokens = Array.from(tools.weights.tokenize(prompt, { parseSpecial: false }));
    const state = openSamplingState({ sampling, tokens, promptTokens: tokens.length });
    return { tokens, promptTokens: tokens.length, state, row: -1, firstMs: 0 };
  });
  await prefill(sequences, tools);
  const { context } = tools;
  for (let step = 1; step < work.tokens; step += 1) {
    context.clearRows();
    for (const [index, sequence] of sequences.entries()) {
      const position = sequence.tokens.length - 1;
      sequence.row = context.add(sequence.tokens[position] as number, position, index, true);
    }
    await context.decode();
    for (const sequence of sequences) draw(sequence, tools);
  }
  const endMs = performance.now();
  for (const index of sequences.keys()) context.trim(index, 0);
  return sequences.map(({ tokens, promptTokens, firstMs }) => ({
    ...{ startMs, firstMs, endMs, promptTokens, cachedTokens: 0, tokens: tokens.length - promptTokens },
  }));
}

/** All prompts, in as few batches as they fit. */
async function prefill(sequences: readonly Sequence[], tools: Tools): Promise<void> {
  const { context } = tools;
  let waiting: Sequence[] = [];
  const decode = async (): Promise<void> => {
    await context.decode();
    for (const sequence of waiting) draw(sequence, tools);
    waiting = [];
    context.clearRows();
  };
  context.clearRows();
  for (const [index, sequence] of sequences.entries()) {
    for (let position = 0; position < sequence.promptTokens; position += 1) {
      if (context.rows === context.rowsMax) await decode();
      const last = position === sequence.promptTokens - 1;
      const row = context.add(sequence.tokens[position] as number, position, index, last);
      if (!last) continue;
      sequence.row = row;
      waiting.push(sequence);
    }
  }
  await decode();
}

function draw(sequence: Sequence, { context, sampler }: Tools): void {
  const token = sampler.draw(context.logits(sequence.row), sequence.state);
  if (sequence.firstMs === 0) sequence.firstMs = performance.now();
  sequence.tokens.push(token);
  sequence.state.push(token);
}
