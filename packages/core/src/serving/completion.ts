/**
 * One vendor-neutral request and answer. Every API maps its own shapes to these and back; nothing behind the gateway
 * knows a vendor.
 */
import type { KeyId } from '../swarm/key-id.ts';
import type { DrawnToken, ResumeStart, Resumption } from './resumption.ts';
import type { Sampling } from './sampling.ts';
import type { PrivacyTier } from './tier.ts';

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content: string;
  name?: string;
  /** Of an assistant: what it thought before `content`. */
  reasoning?: string;
  /** Of an assistant: the calls that it made after `content`. */
  toolCalls?: ToolCall[];
  /** Of a tool: the call that this answers. */
  toolCallId?: string;
}

export interface ToolCall {
  id: string;
  name: string;
  /** JSON text of an object. A model may write something else: whoever runs the tool checks it. */
  arguments: string;
}

export interface Tool {
  name: string;
  description: string;
  /** JSON Schema of an object. */
  parameters: Readonly<Record<string, unknown>>;
}

/** `required`: some call. `named`: a call of this tool. */
export type ToolChoice =
  | { kind: 'auto' }
  | { kind: 'none' }
  | { kind: 'required' }
  | { kind: 'named'; name: string };

export interface ChatPrompt {
  kind: 'chat';
  messages: readonly ChatMessage[];
  /** None when absent. */
  tools?: readonly Tool[];
  /** `auto` when absent. */
  toolChoice?: ToolChoice;
  /** Several calls in one answer; true when absent. */
  parallelToolCalls?: boolean;
  /** Whether the model thinks before it answers, where its template knows how to say so; its own habit when absent. */
  thinking?: boolean;
}

/** What the model goes on from. Token ids are the model's own. */
export type Prompt = ChatPrompt | { kind: 'text'; text: string } | { kind: 'tokens'; tokens: number[] };

/** What the answer must look like. `json` is any JSON object; `schema` one that a JSON Schema accepts. */
export type AnswerFormat = { kind: 'text' } | { kind: 'json' } | { kind: 'schema'; schema: unknown };

export interface CompletionRequest {
  /** Name in the catalogue, or the sha256 of a stored file. */
  model: string;
  prompt: Prompt;
  /** Independent answers to the same prompt, 1 to 16; choice i draws with seed + i. */
  choices: number;
  /** Generated tokens at most; null: what the context has room for. */
  maxTokens: number | null;
  /** `seed: null` lets the node draw one. */
  sampling: Omit<Sampling, 'seed'> & { seed: bigint | null };
  /** Strings that end the answer and are not part of it; at most 16, of at most 256 characters. */
  stop: string[];
  format: AnswerFormat;
  /** Log-probabilities of the drawn token and of this many others (0 to 20); null: none. */
  topLogprobs: number | null;
  /** Go on past the model's own end marks, until `maxTokens` (for measurements). */
  ignoreEos: boolean;
  /** Its chunks say what another gateway needs to go on with it; of one choice, without log-probabilities. */
  resumable?: boolean;
  /** Goes on with an answer to the same request that another gateway began; likewise. */
  resumption?: Resumption;
}

/**
 * `bytes` is the exact piece, which need not be whole UTF-8 characters. Natural logarithms. `token`: -1 where an upstream
 * said only the text.
 */
export interface TokenLogprob {
  token: number;
  bytes: Uint8Array;
  logprob: number;
  top: { token: number; bytes: Uint8Array; logprob: number }[];
}

/** `stop`: the model ended its turn or a stop string was met. `length`: `maxTokens` or the context ran out. */
export type FinishReason = 'stop' | 'length';

/** `tool-calls`: the model ended its turn with calls of tools. */
export type EndReason = FinishReason | 'tool-calls';

export interface Usage {
  promptTokens: number;
  /** Of these, how many came from the prefix cache. */
  cachedTokens: number;
  completionTokens: number;
  /** Of these, how many were thinking. */
  reasoningTokens: number;
}

/** For one token, in 10^-12 of a unit of the swarm's currency; as a number, because it goes into JSON. */
export interface TokenPrice {
  promptPico: number;
  answerPico: number;
}

/** Who computed (a part of) an answer. */
export interface ServedBy {
  /** null: the node that was asked. */
  node: KeyId | null;
  /** null: not known, or that of the node that was asked. */
  operator: KeyId | null;
  /** The narrowest tier that reaches it. */
  tier: PrivacyTier;
  /** null: in fast mode. */
  numericClass: string | null;
  /** It was passed on to an endpoint that is no node. */
  upstream?: true;
  /** What it asked when it began; absent: nothing. */
  price?: TokenPrice;
}

/** An answer as it comes. Texts of one choice, in order, are the whole answer; `text` never splits a character. */
export type Chunk =
  | { kind: 'delta'; choice: number; text: string; logprobs: TokenLogprob[] }
  /** What the model thinks, kept apart from the answer. */
  | { kind: 'reasoning'; choice: number; text: string }
  /** A call begins; `index` counts the calls of a choice from 0. Calls come one after the other. */
  | { kind: 'tool-call'; choice: number; index: number; id: string; name: string }
  /** A piece of the JSON text of its arguments. */
  | { kind: 'tool-arguments'; choice: number; index: number; text: string }
  /** A worker died or a node was lost; the answer goes on by itself, with nothing lost or repeated. */
  | { kind: 'pause'; choice: number }
  /** Of a resumable answer: comes once, first. */
  | { kind: 'begun'; choice: number; start: ResumeStart }
  /** Of a resumable answer: the tokens that the next chunk stands for; `from`: how many came before them. */
  | { kind: 'drawn'; choice: number; from: number; tokens: readonly DrawnToken[] }
  /** `stop`: the stop string that was met, if it was one. */
  | { kind: 'end'; choice: number; reason: EndReason; stop?: string }
  /** Comes once, last. `servedBy`: in order; absent where the node that was asked did all of it. */
  | { kind: 'usage'; usage: Usage; servedBy?: readonly ServedBy[] };

/** What a reader sees of an answer: its text, its calls, its end. */
export type ContentChunk = Exclude<Chunk, { kind: 'usage' | 'pause' | 'begun' | 'drawn' }>;

export function isContent(chunk: Chunk): chunk is ContentChunk {
  const { kind } = chunk;
  return kind !== 'usage' && kind !== 'pause' && kind !== 'begun' && kind !== 'drawn';
}
