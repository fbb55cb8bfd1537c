/** What the gateway sees of serving: requests in, answers out. Composed in `pipeline.ts`. */
import type { Chunk, CompletionRequest, Prompt, Usage } from '@filon/core/serving/completion';
import type { LoadedModel } from '@filon/core/serving/session';
import type { Progress, Waiting } from '../ports/engine.ts';
import type { StoredModel } from '../ports/models.ts';

export interface Answer {
  id: string;
  /** Catalogue name of the model that answers. */
  model: string;
  createdMs: number;
  /** So far: the prompt's tokens from the first moment, the others as they are computed. */
  usage: Readonly<Usage>;
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
  stats(): ServingStats;
}

/** Numbers since the start, and the state now. */
export interface ServingStats {
  /** Requests that hold a slot. */
  active: number;
  queued: number;
  queueMax: number;
  /** Requests that were let in, and those turned away because the queue was full. */
  admitted: number;
  refused: number;
  /** Sessions that went on after a worker's death, and those that were given up. */
  resumed: number;
  quarantined: number;
  workerDeaths: number;
  generatedTokens: number;
  promptTokens: number;
  cachedTokens: number;
  cancelled: number;
  /** Names of the models in memory. */
  loaded: string[];
}

/** What the operator may do with serving; the gateway cannot. */
export interface ServingControl {
  /** Loads a stored model ahead of the first request. Codes: SERVE_MODEL_UNKNOWN, SERVE_MODELS_BUSY, ENGINE_*. */
  load(model: string, options: Waiting & Progress): Promise<LoadedModel>;
  /** Frees the model's memory. Codes: SERVE_MODEL_UNKNOWN, SERVE_MODEL_IN_USE while it answers. */
  unload(model: string, options: Waiting): Promise<void>;
}
