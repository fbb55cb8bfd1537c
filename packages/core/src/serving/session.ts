/**
 * The local case of the stage protocol. A session is a list of token ids with a seed: whoever holds these values can
 * go on at any position, on this worker, on a new one, or elsewhere. Nothing else is needed and nothing else is kept.
 */
import type { FinishReason, TokenLogprob } from './completion.ts';
import type { Dialect } from './dialect.ts';
import type { Sampling } from './sampling.ts';

export interface SessionRequest {
  /** Chosen by the driver; one session under an id at a time. */
  session: string;
  /** As it was loaded. */
  model: string;
  /** The prompt's tokens, then those generated so far (none at the start). */
  tokens: Int32Array;
  /** How many of `tokens` are the prompt. */
  promptTokens: number;
  /** Generated tokens at most, those in `tokens` included. */
  maxTokens: number;
  sampling: Sampling;
  stop: readonly string[];
  /** GBNF that the generated text must follow from its beginning. */
  grammar: string | null;
  topLogprobs: number | null;
  ignoreEos: boolean;
  /** What is in the cache is reused within one scope alone, so that nobody learns what another asked. Absent: ''. */
  scope?: string;
}

/** A session whose prompt is still to be tokenized, and that follows no grammar. */
export interface SessionAhead extends Pick<SessionRequest, 'stop' | 'topLogprobs' | 'ignoreEos'> {
  /** null: what the context has room for. */
  maxTokens: number | null;
  /** `seed: null`: one that is made together with the seat. */
  sampling: Omit<Sampling, 'seed'> & { seed: bigint | null };
}

/** What becomes of it when its prompt is known; null: the context has no room for a token more. */
export function sessionFrom(
  { maxTokens, sampling, stop, topLogprobs, ignoreEos }: SessionAhead,
  { tokens, contextTokens, seed }: { tokens: Int32Array; contextTokens: number; seed: bigint },
): Omit<SessionRequest, 'session' | 'model' | 'scope'> | null {
  const room = contextTokens - tokens.length;
  if (tokens.length === 0 || room <= 0) return null;
  return {
    ...{ tokens, promptTokens: tokens.length, maxTokens: Math.min(maxTokens ?? room, room) },
    ...{ sampling: { ...sampling, seed }, stop, grammar: null, topLogprobs, ignoreEos },
  };
}

export type SessionEvent =
  /** The prompt is in; `cachedTokens` of it were there already. */
  | { kind: 'prefilled'; cachedTokens: number }
  /**
   * One generated token. `position` counts from the start of `tokens`. `text` is what may be shown now: it never splits
   * a character and holds back what may become a stop string, so it can be empty or several tokens long.
   */
  | { kind: 'token'; position: number; token: number; text: string; logprob: TokenLogprob | null }
  /** Comes once, last; `text` is what was held back and is shown after all, `stop` the stop string that was met. */
  | { kind: 'end'; reason: FinishReason; text: string; stop?: string };

/**
 * What a worker says of a session: its events, and that it is there and waits, for room or for its prompt to be read.
 * That comes at most once a second, and only when nothing else has come for as long.
 */
export type SessionSign = SessionEvent | { kind: 'waiting' };

/** A prompt in the model's own tokens. */
export interface TokenizedPrompt {
  tokens: Int32Array;
  /** Its end is the beginning of a thought, which the answer goes on with. */
  inReasoning: boolean;
}

/** How a model is to be loaded. */
export interface LoadSpec {
  /** sha256 of the file; with a LoRA, a digest of both files. */
  model: string;
  path: string;
  /** A LoRA that is added. Models that differ by it alone have their weights in memory once. */
  loraPath?: string;
  /** Where; null: the engine's first choice. */
  device: string | null;
  /** See docs/decisions: `exact` gives the same bytes whatever happened, and needs certified settings. */
  mode: 'fast' | 'exact';
  /** Tokens that one session may hold; at most what the model was trained for. In fast mode all sessions share them. */
  contextTokens: number;
  /** Sessions that decode together. */
  sessionsMax: number;
}

export interface LoadedModel {
  model: string;
  mode: 'fast' | 'exact';
  device: string;
  architecture: string;
  vocabTokens: number;
  /** Tokens that one session may hold. */
  contextTokens: number;
  trainedContextTokens: number;
  sessionsMax: number;
  /** Vector length of embeddings. */
  embeddingLength: number;
  /** How it writes calls and thoughts; null: it has no chat template and cannot chat. */
  dialect: Dialect | null;
  /** Bytes of the weights. */
  bytes: number;
  /** Same class, same logits, bit by bit; null in fast mode. */
  numericClass: string | null;
}

/** A place that computes. `id` is stable across starts of the same machine. */
export interface Device {
  id: string;
  backend: 'cpu' | 'vulkan' | 'cuda' | 'metal';
  name: string;
  memoryBytes: number;
  freeBytes: number;
}
