/**
 * Embeddings: one text at a time (rows of a pooled batch differ by their place in it), pooled here, unit length. Models
 * whose tokens see only what comes before them read a text in parts, so that sessions of others get their turn between.
 */
import { FilonError } from '@filon/core/errors';
import type { EngineErrorDetails } from '../errors.ts';
import type { Backends } from '../ffi/backends.ts';
import { architectureKind } from '../gguf/architectures.ts';
import { type Context, openContext } from './context.ts';
import { doesNotCompute } from './self-test.ts';
import { FAST_SETTINGS } from './settings.ts';
import { poolingKey, type Weights } from './weights.ts';

/** A text has at most this many tokens. */
export const EMBED_TOKENS_MAX = 2048;
/** Tokens of one part. */
const PART_ROWS = 256;
/** `enum llama_pooling_type` as files name it. */
const POOLING_NAMES: Record<string, Pooling> = { '2': 'first', '3': 'last' };

type Pooling = 'mean' | 'first' | 'last';

export interface Embedder {
  /** [embeddingLength], unit length. Codes: ENGINE_CONTEXT_EXCEEDED, ENGINE_DECODE_FAILED, ENGINE_SELF_TEST_FAILED. */
  embed(tokens: Int32Array): Promise<Float32Array>;
  close(): void;
}

export function openEmbedder(
  weights: Weights,
  { threads, model }: { threads: number; model: string },
  backends: Backends,
): Embedder {
  const tokensMax = Math.min(EMBED_TOKENS_MAX, weights.trainedContextTokens);
  // Where tokens see those after them, the whole text must be in one batch.
  const rowsMax = weights.generates && isCausal(weights) ? Math.min(PART_ROWS, tokensMax) : tokensMax;
  const context = openContext(
    weights,
    {
      settings: { ...FAST_SETTINGS, rowsMax },
      cacheTokens: tokensMax,
      sequences: 1,
      outputsMax: rowsMax,
      threads,
      embeddings: true,
    },
    backends,
  );
  const pooling = POOLING_NAMES[weights.meta(poolingKey(weights.meta))] ?? 'mean';
  return {
    embed: async (tokens) => {
      if (tokens.length === 0 || tokens.length > tokensMax) throw exceeded(tokens.length, tokensMax);
      if (weights.generates) context.trim(0, 0);
      return await embedText(tokens, { context, model, rowsMax, pooling, length: weights.embeddingLength });
    },
    close: context.close,
  };
}

/** Tokens see only what comes before them. */
function isCausal({ architecture, meta }: Weights): boolean {
  return architectureKind(architecture) === 'text' && meta(`${architecture}.attention.causal`) !== 'false';
}

export interface Reading {
  context: Context;
  model: string;
  /** Tokens of one part. */
  rowsMax: number;
  pooling: Pooling;
  /** Of the vectors. */
  length: number;
}

/** In an empty sequence, part by part. Models that are read in several name no pooling, so theirs is the mean. */
export async function embedText(tokens: Int32Array, reading: Reading): Promise<Float32Array> {
  const { context, model, rowsMax, pooling, length } = reading;
  const sum = new Float64Array(length);
  for (let from = 0; from < tokens.length; from += rowsMax) {
    const part = tokens.subarray(from, from + rowsMax);
    context.clearRows();
    for (const [index, token] of part.entries()) context.add(token, from + index, 0, true);
    const status = await context.decode();
    if (status !== 0) throw failed(model, status);
    addPooled(sum, context, { rows: part.length, pooling });
  }
  const norm = Math.hypot(...sum);
  if (!Number.isFinite(norm)) throw doesNotCompute(model, 'the embedding is not finite');
  return Float32Array.from(sum, (value) => value / (norm || 1));
}

function addPooled(
  sum: Float64Array,
  context: Context,
  { rows, pooling }: { rows: number; pooling: Pooling },
): void {
  const first = pooling === 'last' ? rows - 1 : 0;
  const last = pooling === 'first' ? 0 : rows - 1;
  for (let row = first; row <= last; row += 1) {
    const values = context.embedding(row);
    for (let i = 0; i < sum.length; i += 1) sum[i] = (sum[i] as number) + (values[i] as number);
  }
}

function exceeded(tokens: number, contextTokens: number): FilonError<EngineErrorDetails> {
  return new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_CONTEXT_EXCEEDED', tokens, contextTokens },
    `a text of ${tokens} tokens cannot be embedded: 1 to ${contextTokens} are possible.`,
  );
}

function failed(model: string, status: number): FilonError<EngineErrorDetails> {
  return new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_DECODE_FAILED', model, status },
    `llama_decode failed with ${status} while embedding.`,
  );
}
