/** What the gateway sees of serving: requests in, answers out. Composed in `pipeline.ts`. */
import type { Chunk, CompletionRequest, Prompt, ServedBy, Usage } from '@filon/core/serving/completion';
import type { Routing } from '@filon/core/serving/routing';
import type { LoadedModel, SessionEvent } from '@filon/core/serving/session';
import type { PrivacyTier } from '@filon/core/serving/tier';
import type { Progress, Waiting } from '../ports/engine.ts';
import type { StoredModel } from '../ports/models.ts';
import type { GuestSeats } from '../ports/replicas.ts';

export interface Answer {
  id: string;
  /** Catalogue name of the model that answers. */
  model: string;
  createdMs: number;
  /** Who computes it, so far: the first from the beginning, others as they go on with it. */
  servedBy: readonly ServedBy[];
  /** So far: the prompt's tokens from the first moment, the others as they are computed. */
  usage: Readonly<Usage>;
  /** Must be iterated to its end or left (`return`), which frees every slot at once. */
  chunks: AsyncIterable<Chunk>;
}

export type CountedPrompt = Exclude<Prompt, { kind: 'tokens' }>;

/** What was settled before the first token of an answer. */
export interface AnswerStart {
  /** sha256 of the file. */
  model: string;
  /** The prompt's. */
  tokens: Int32Array;
  /** Generated tokens at most, of each choice. */
  maxTokens: number;
  /** Of the first choice. */
  seed: bigint;
  /** Whoever goes on with it is within this tier. */
  tier: PrivacyTier;
  /** Of the place that began it; null: in fast mode. */
  numericClass: string | null;
}

/** Hears what it takes to go on with an answer after the end of this process. */
export interface AnswerRecorder {
  /** Comes once, before the answer is returned. */
  begun(start: AnswerStart): void;
  /** Of a choice's session, in order; comes before the chunks that it makes. */
  event(choice: number, event: SessionEvent): void;
}

/** What a recorder heard, up to some moment. */
export interface AnswerSoFar {
  start: AnswerStart;
  /** By choice. */
  events: readonly (readonly SessionEvent[])[];
}

export interface CompleteOptions {
  /** Ends the answer, also after it has begun. */
  signal: AbortSignal;
  recorder?: AnswerRecorder;
  /** Whose answer it is: computed prompts are reused within one scope alone. Absent: the common one. */
  scope?: string;
  /** Whose machines may compute it, at the widest. Absent: `own`. */
  tier?: PrivacyTier;
  /** Of a chat: the beginning of its answer, which somebody else has sent; only the rest is made. Absent: ''. */
  begun?: string;
  /** Another node passed it on to this one, which passes it on to nobody. Absent: false. */
  passedOn?: boolean;
  /**
   * Goes on with an answer to the same request. Its chunks come from the first one again: those of a choice are a
   * function of the choice's events, so what was sent can be told by counting. The recorder hears only what is new.
   */
  resume?: AnswerSoFar;
}

/** A model that can be asked for by its name. */
export interface ServedModel extends Omit<StoredModel, 'path' | 'source'> {
  /** Only an endpoint that is no node has it. What that does not say of it is empty, or 0. */
  upstream?: boolean;
  /** Only other nodes of the swarm have it, on machines of this tier at the narrowest. */
  elsewhere?: PrivacyTier;
}

/** A model that somebody has. */
export interface Found {
  sha256: string;
  name: string;
  /** null: not here. */
  stored: StoredModel | null;
}

/** What would be asked, to find out where it would go. */
export interface RouteQuestion {
  model: string;
  tier: PrivacyTier;
  promptTokens: number;
  answerTokens: number;
}

export interface Serving {
  /**
   * Resolves when the request was admitted and its prompt is known to fit. Codes: SERVE_MODEL_UNKNOWN,
   * SERVE_QUEUE_FULL, SERVE_CONTEXT_EXCEEDED, SERVE_SCHEMA_UNSUPPORTED, SERVE_QUARANTINED, ENGINE_*.
   */
  complete(request: CompletionRequest, options: CompleteOptions): Promise<Answer>;
  embed(
    request: { model: string; inputs: Prompt[] },
    /** `onBegun`: comes before a vector is computed; what fails earlier has cost nothing. */
    options: { signal: AbortSignal; onBegun?: () => void; tier?: PrivacyTier; passedOn?: boolean },
  ): Promise<{ model: string; vectors: Float32Array[]; promptTokens: number }>;
  /**
   * How many tokens the prompt is, and more than the context holds if so. Loads the model, takes no slot, computes
   * nothing. Codes: SERVE_MODEL_UNKNOWN, SERVE_MODELS_BUSY, SERVE_QUARANTINED, TEMPLATE_*, ENGINE_*.
   */
  countTokens(
    request: { model: string; prompt: CountedPrompt },
    options: { signal: AbortSignal; tier?: PrivacyTier; passedOn?: boolean },
  ): Promise<number>;
  models(): Promise<ServedModel[]>;
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
  /** As a request would be routed now. Codes: SERVE_MODEL_UNKNOWN. */
  explain(question: RouteQuestion, options: Waiting): Promise<{ model: Found; routing: Routing }>;
  /** What peers get of this node. */
  guests(): GuestSeats;
}
