/** Embeddings: one text a batch (rows of a pooled batch differ by their place in it), pooled here, unit length. */
import { FilonError } from '@filon/core/errors';
import type { EngineErrorDetails } from '../errors.ts';
import type { Backends } from '../ffi/backends.ts';
import { type Context, openContext } from './context.ts';
import { FAST_SETTINGS } from './settings.ts';
import { poolingKey, type Weights } from './weights.ts';

/** Texts are computed whole, in one batch of at most this many tokens. */
export const EMBED_TOKENS_MAX = 2048;
/** `enum llama_pooling_type` as files name it. */
const POOLING_NAMES: Record<string, Pooling> = { '2': 'first', '3': 'last' };

type Pooling = 'mean' | 'first' | 'last';

export interface Embedder {
  /** [embeddingLength], unit length. Codes: ENGINE_CONTEXT_EXCEEDED, ENGINE_DECODE_FAILED. */
  embed(tokens: Int32Array): Promise<Float32Array>;
  close(): void;
}

export function openEmbedder(
  weights: Weights,
  { threads, model }: { threads: number; model: string },
  backends: Backends,
): Embedder {
  const tokensMax = Math.min(EMBED_TOKENS_MAX, weights.trainedContextTokens);
  const context = openContext(
    weights,
    {
      settings: { ...FAST_SETTINGS, rowsMax: tokensMax },
      cacheTokens: tokensMax,
      sequences: 1,
      outputsMax: tokensMax,
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
      context.clearRows();
      for (const [position, token] of tokens.entries()) context.add(token, position, 0, true);
      const status = await context.decode();
      if (status !== 0) throw failed(model, status);
      return pool(context, { rows: tokens.length, length: weights.embeddingLength, pooling });
    },
    close: context.close,
  };
}

function pool(
  context: Context,
  { rows, length, pooling }: { rows: number; length: number; pooling: Pooling },
): Float32Array {
  const sum = new Float64Array(length);
  const first = pooling === 'last' ? rows - 1 : 0;
  const last = pooling === 'first' ? 0 : rows - 1;
  for (let row = first; row <= last; row += 1) {
    const values = context.embedding(row);
    for (let i = 0; i < length; i += 1) sum[i] = (sum[i] as number) + (values[i] as number);
  }
  const norm = Math.hypot(...sum) || 1;
  return Float32Array.from(sum, (value) => value / norm);
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
