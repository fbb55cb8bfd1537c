/** What the gateway sees of serving: requests in, answers out. Composed in `pipeline.ts`. */
import type { Chunk, CompletionRequest, Prompt } from '@filon/core/serving/completion';
import type { StoredModel } from '../ports/models.ts';

export interface Answer {
  id: string;
  /** Catalogue name of the model that answers. */
  model: string;
  createdMs: number;
  /** Must be iterated to its end or left (`return`), which frees every slot at once. */
  chunks: AsyncIterable<Chunk>;
}

export interface Serving {
  /**
   * Resolves when the request was admitted and its prompt is known to fit. Codes: SERVE_MODEL_UNKNOWN,
   * SERVE_QUEUE_FULL, SERVE_CONTEXT_EXCEEDED, SERVE_SCHEMA_UNSUPPORTED, SERVE_QUARANTINED, ENGINE_*.
   */
  complete(request: CompletionRequest, options: { signal: AbortSignal }): Promise<Answer>;
  embed(
    request: { model: string; inputs: Prompt[] },
    options: { signal: AbortSignal },
  ): Promise<{ model: string; vectors: Float32Array[]; promptTokens: number }>;
  models(): Promise<StoredModel[]>;
  /** Whether some model could answer now, and in words why not. */
  readiness(): Promise<{ ready: boolean; reason: string }>;
}
