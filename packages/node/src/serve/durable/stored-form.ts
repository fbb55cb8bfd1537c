/** Requests, chunks and events as JSON values and back. */
import { FilonError } from '@filon/core/errors';
import type { Chunk, CompletionRequest, TokenLogprob } from '@filon/core/serving/completion';
import type { SessionEvent } from '@filon/core/serving/session';
import type { AnswerStart } from '../serving.ts';
import type { Note } from './durable-answers.ts';
import type { DurableErrorDetails } from './errors.ts';

const BYTES_OF_CHUNK = 80;
const BYTES_OF_START = 400;
const BYTES_OF_LOGPROB = 70;
const BYTES_OF_DRAWN = 24;

/** Codes: ANSWER_NOTE_TOO_LARGE. */
export function encodeNote(note: Note, bytesMax: number): string {
  const text = JSON.stringify(note ?? null);
  const bytes = Buffer.byteLength(text);
  if (bytes <= bytesMax) return text;
  throw new FilonError<DurableErrorDetails>(
    { code: 'ANSWER_NOTE_TOO_LARGE', bytes, bytesMax },
    `what is stored beside the answer (its conversation, instructions and tools) takes ${bytes} bytes and may take ${bytesMax}; send less, or do not have it stored`,
  );
}

export function encodeRequest(request: CompletionRequest): string {
  const { sampling } = request;
  const seed = sampling.seed === null ? null : String(sampling.seed);
  return JSON.stringify({ ...request, sampling: { ...sampling, seed } });
}

export function decodeRequest(text: string): CompletionRequest {
  const request = JSON.parse(text);
  const { seed } = request.sampling;
  return { ...request, sampling: { ...request.sampling, seed: seed === null ? null : BigInt(seed) } };
}

export function encodeStart(start: AnswerStart): string {
  return JSON.stringify({ ...start, tokens: [...start.tokens], seed: String(start.seed) });
}

export function decodeStart(text: string): AnswerStart {
  const start = JSON.parse(text);
  // Earlier versions answered here alone.
  const { tier = 'own', numericClass = null } = start;
  return {
    ...start,
    ...{ tier, numericClass },
    tokens: Int32Array.from(start.tokens),
    seed: BigInt(start.seed),
  };
}

interface StoredLogprob {
  token: number;
  /** Base64. */
  bytes: string;
  /** JSON has no infinities: those are texts. */
  logprob: number | string;
  top: Omit<StoredLogprob, 'top'>[];
}

type Stored<T, K extends string, V> = Omit<T, K> & Record<K, V>;
type StoredChunk =
  | Exclude<Chunk, { kind: 'delta' }>
  | Stored<Extract<Chunk, { kind: 'delta' }>, 'logprobs', StoredLogprob[]>;
type StoredEvent =
  | Exclude<SessionEvent, { kind: 'token' }>
  | Stored<Extract<SessionEvent, { kind: 'token' }>, 'logprob', StoredLogprob | null>;

export function encodeChunk(chunk: Chunk): unknown {
  if (chunk.kind !== 'delta' || chunk.logprobs.length === 0) return chunk;
  return { ...chunk, logprobs: chunk.logprobs.map(encodeLogprob) };
}

/** `value` was made by {@link encodeChunk}. */
export function decodeChunk(value: unknown): Chunk {
  const chunk = value as StoredChunk;
  if (chunk.kind !== 'delta') return chunk;
  return { ...chunk, logprobs: chunk.logprobs.map(decodeLogprob) };
}

export function encodeEvent(event: SessionEvent): unknown {
  if (event.kind !== 'token' || event.logprob === null) return event;
  return { ...event, logprob: encodeLogprob(event.logprob) };
}

/** `value` was made by {@link encodeEvent}. */
export function decodeEvent(value: unknown): SessionEvent {
  const event = value as StoredEvent;
  if (event.kind !== 'token') return event;
  return { ...event, logprob: event.logprob === null ? null : decodeLogprob(event.logprob) };
}

/** About what it takes in the store. */
export function bytesOf(chunk: Chunk): number {
  if (chunk.kind === 'begun') return BYTES_OF_START;
  if (chunk.kind === 'drawn') {
    const each = chunk.tokens.map(({ text }) => BYTES_OF_DRAWN + Buffer.byteLength(text));
    return each.reduce((sum, bytes) => sum + bytes, BYTES_OF_CHUNK);
  }
  if (!('text' in chunk)) return BYTES_OF_CHUNK;
  const text = BYTES_OF_CHUNK + Buffer.byteLength(chunk.text);
  if (chunk.kind !== 'delta') return text;
  return chunk.logprobs.reduce((sum, { top }) => sum + BYTES_OF_LOGPROB * (1 + top.length), text);
}

function encodeLogprob(one: TokenLogprob): StoredLogprob {
  return { ...encodeCandidate(one), top: one.top.map(encodeCandidate) };
}

function decodeLogprob(stored: StoredLogprob): TokenLogprob {
  return { ...decodeCandidate(stored), top: stored.top.map(decodeCandidate) };
}

type Candidate = Omit<TokenLogprob, 'top'>;
type StoredCandidate = Omit<StoredLogprob, 'top'>;

function encodeCandidate({ token, bytes, logprob }: Candidate): StoredCandidate {
  const number = Number.isFinite(logprob) ? logprob : String(logprob);
  return { token, bytes: Buffer.from(bytes).toString('base64'), logprob: number };
}

function decodeCandidate({ token, bytes, logprob }: StoredCandidate): Candidate {
  return { token, bytes: Uint8Array.from(Buffer.from(bytes, 'base64')), logprob: Number(logprob) };
}
