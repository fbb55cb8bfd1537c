/** Requests and pieces of answers as text, within the limits that local requests have: from decoded CBOR and back. */
import { z } from 'zod';
import { isFilonError, messageOf } from '../errors.ts';
import type { AnswerFormat, Chunk, CompletionRequest, Prompt, Usage } from '../serving/completion.ts';
import { TOP_LOGPROBS_MAX } from '../serving/sampling.ts';
import { count, tokenBytes } from './fields.ts';
import {
  CALLS_MAX,
  CHOICES_MAX,
  CHUNK_LOGPROBS_MAX,
  ID_CHARS_MAX,
  PROMPT_BYTES_MAX,
  PROMPT_DEPTH_MAX,
  SIGN_CHARS_MAX,
  STOP_CHARS_MAX,
  STOPS_MAX,
  TOKENS_MAX,
} from './limits.ts';
import { decodePrompt, depthOf, encodePrompt } from './prompt-text.ts';
import { saidLogprob, samplingOrSeedless } from './session-schemas.ts';

const TOKENS_COUNTED_MAX = 2 ** 31;

/** As Upstreams.complete is asked; the model is named beside it. */
export interface WantedText {
  request: Omit<CompletionRequest, 'model'>;
  /** Of a chat: the beginning of the answer, which is gone on with; '': there is none. */
  begun: string;
}

/** A piece of an answer. */
export type CompletionChunk = Exclude<Chunk, { kind: 'usage' | 'pause' }>;

/** JSON text of a chat or a text, or the tokens themselves. */
const prompt: z.ZodType<Prompt, unknown> = z.codec(
  z.union([z.string().max(PROMPT_BYTES_MAX), z.instanceof(Uint8Array)]),
  z.custom<Prompt>((value) => typeof value === 'object' && value !== null),
  {
    decode: (said, context): Prompt => {
      try {
        if (typeof said === 'string') return decodePrompt(said);
        return { kind: 'tokens', tokens: [...z.decode(tokenBytes, said)] };
      } catch (error) {
        if (!isFilonError(error) && !(error instanceof z.ZodError)) throw error;
        const message = isFilonError(error) ? messageOf(error) : 'it is no list of tokens';
        context.issues.push({ code: 'custom', input: said, message });
        return z.NEVER;
      }
    },
    encode: (asked): string | Uint8Array<ArrayBuffer> =>
      asked.kind === 'tokens'
        ? Uint8Array.from(z.encode(tokenBytes, Int32Array.from(asked.tokens)))
        : encodePrompt(asked),
  },
);

/** JSON Schemas nest deeper than messages may: as text. */
const schemaText: z.ZodType<unknown, string> = z.codec(z.string().max(PROMPT_BYTES_MAX), z.unknown(), {
  decode: (text, context) => {
    try {
      if (depthOf(text) <= PROMPT_DEPTH_MAX) return JSON.parse(text);
    } catch {
      // Said below.
    }
    context.issues.push({ code: 'custom', input: text, message: 'it is no JSON text of that depth' });
    return z.NEVER;
  },
  encode: (schema) => JSON.stringify(schema),
});

const format: z.ZodType<AnswerFormat, unknown> = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['text', 'json']) }),
  z.object({ kind: z.literal('schema'), schema: schemaText }),
]);

export const wantedText: z.ZodType<WantedText, unknown> = z.object({
  request: z.object({
    prompt,
    choices: count(CHOICES_MAX).min(1),
    maxTokens: count(TOKENS_MAX).nullable(),
    sampling: samplingOrSeedless,
    stop: z.array(z.string().min(1).max(STOP_CHARS_MAX)).max(STOPS_MAX),
    format,
    topLogprobs: count(TOP_LOGPROBS_MAX).nullable(),
    ignoreEos: z.boolean(),
  }),
  begun: z.string().max(PROMPT_BYTES_MAX),
});

const choice = count(CHOICES_MAX - 1);
const text = z.string().max(SIGN_CHARS_MAX);
const index = count(CALLS_MAX - 1);
const id = z.string().max(ID_CHARS_MAX);

export const completionChunk: z.ZodType<CompletionChunk, unknown> = z.discriminatedUnion('kind', [
  z.object({
    ...{ kind: z.literal('delta'), choice, text },
    logprobs: z.array(saidLogprob).max(CHUNK_LOGPROBS_MAX),
  }),
  z.object({ kind: z.literal('reasoning'), choice, text }),
  z.object({ kind: z.literal('tool-call'), choice, index, id, name: id }),
  z.object({ kind: z.literal('tool-arguments'), choice, index, text }),
  z.object({
    ...{ kind: z.literal('end'), choice, reason: z.enum(['stop', 'length', 'tool-calls']) },
    stop: z.string().max(STOP_CHARS_MAX).exactOptional(),
  }),
]);

const tokens = count(TOKENS_COUNTED_MAX);

export const usage: z.ZodType<Usage, unknown> = z.object({
  promptTokens: tokens,
  cachedTokens: tokens,
  completionTokens: tokens,
  reasoningTokens: tokens,
});
