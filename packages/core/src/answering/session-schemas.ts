/** Sessions and what a node says of them, within the limits that local requests have. */
import { z } from 'zod';
import { GRAMMAR_BYTES_MAX } from '../schema/limits.ts';
import type { TokenLogprob } from '../serving/completion.ts';
import type { Dialect } from '../serving/dialect.ts';
import { LOGIT_BIAS_MAX, type Sampling, TOP_LOGPROBS_MAX } from '../serving/sampling.ts';
import type { LoadedModel, SessionAhead, SessionRequest, SessionSign } from '../serving/session.ts';
import { count, logProbability, tokenBytes, uint64 } from './fields.ts';
import {
  EMBEDDING_LENGTH_MAX,
  NAME_CHARS_MAX,
  SEAT_SESSIONS_MAX,
  SIGN_CHARS_MAX,
  STOP_CHARS_MAX,
  STOPS_MAX,
  TOKENS_MAX,
} from './limits.ts';

const TOKEN_BYTES_MAX = 1_024;
const MARK_CHARS_MAX = 64;
const SESSIONS_MAX = 1_024;
const VOCAB_TOKENS_MAX = 4_194_304;

/** What the peer is told; the session's name, the model and the scope are the seat's. */
export type SessionWanted = Omit<SessionRequest, 'session' | 'model' | 'scope'>;

const samplingFields = z.object({
  temperature: z.number().min(0).max(5),
  topK: count(1_000_000),
  topP: z.number().gt(0).max(1),
  minP: z.number().min(0).max(1),
  repetitionPenalty: z.number().gt(0).max(10),
  repetitionWindowTokens: count(TOKENS_MAX),
  presencePenalty: z.number().min(-2).max(2),
  frequencyPenalty: z.number().min(-2).max(2),
  logitBias: z
    .array(z.tuple([count(VOCAB_TOKENS_MAX), z.number().min(-1_000).max(1_000)]))
    .max(LOGIT_BIAS_MAX),
  seed: uint64,
});
const sampling: z.ZodType<Sampling, unknown> = samplingFields;
/** Of a request that may leave the seed to whoever answers it. */
export const samplingOrSeedless: z.ZodType<Omit<Sampling, 'seed'> & { seed: bigint | null }, unknown> =
  samplingFields.extend({ seed: uint64.nullable() });

const stop = z.array(z.string().min(1).max(STOP_CHARS_MAX)).max(STOPS_MAX);
const topLogprobs = count(TOP_LOGPROBS_MAX).nullable();

export const sessionWanted: z.ZodType<SessionWanted, unknown> = z
  .object({
    tokens: tokenBytes,
    promptTokens: count(TOKENS_MAX).min(1),
    maxTokens: count(TOKENS_MAX),
    sampling,
    stop,
    grammar: z.string().max(GRAMMAR_BYTES_MAX).nullable(),
    topLogprobs,
    ignoreEos: z.boolean(),
  })
  .refine(
    ({ tokens, promptTokens, maxTokens }) =>
      promptTokens <= tokens.length && tokens.length <= promptTokens + maxTokens,
    'its tokens are not its prompt and what it may generate',
  );

export const sessionAhead: z.ZodType<SessionAhead, unknown> = z.object({
  maxTokens: count(TOKENS_MAX).nullable(),
  sampling: samplingOrSeedless,
  ...{ stop, topLogprobs, ignoreEos: z.boolean() },
});

const candidate = z.object({
  token: count(VOCAB_TOKENS_MAX),
  bytes: z.instanceof(Uint8Array).refine(({ length }) => length <= TOKEN_BYTES_MAX, 'it is no token'),
  logprob: logProbability,
});
const logprob: z.ZodType<TokenLogprob, unknown> = candidate.extend({
  top: z.array(candidate).max(TOP_LOGPROBS_MAX),
});

/** Of an upstream, which may say the text of a token without its id. */
const saidCandidate = candidate.extend({ token: z.int().min(-1).max(VOCAB_TOKENS_MAX) });
export const saidLogprob: z.ZodType<TokenLogprob, unknown> = saidCandidate.extend({
  top: z.array(saidCandidate).max(TOP_LOGPROBS_MAX),
});

const text = z.string().max(SIGN_CHARS_MAX);

export const sessionSign: z.ZodType<SessionSign, unknown> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('prefilled'), cachedTokens: count(TOKENS_MAX) }),
  z.object({
    kind: z.literal('token'),
    position: count(2 * TOKENS_MAX),
    token: count(VOCAB_TOKENS_MAX),
    text,
    logprob: logprob.nullable(),
  }),
  z.object({
    kind: z.literal('end'),
    reason: z.enum(['stop', 'length']),
    text,
    stop: z.string().max(STOP_CHARS_MAX).exactOptional(),
  }),
  z.object({ kind: z.literal('waiting') }),
]);

const name = z.string().min(1).max(NAME_CHARS_MAX);
const mark = z.string().min(1).max(MARK_CHARS_MAX);

const dialect: z.ZodType<Dialect, unknown> = z.object({
  toolFormat: z.enum([
    ...(['hermes', 'qwen-xml', 'llama3', 'mistral', 'mistral-args'] as const),
    ...(['gemma', 'function-gemma', 'json'] as const),
  ]),
  rendersTools: z.boolean(),
  reasoning: z.object({ open: mark, close: mark }).nullable(),
  thinkingSwitch: z.boolean(),
  systemRole: z.boolean(),
});

export const loadedModel: z.ZodType<Omit<LoadedModel, 'model'>, unknown> = z.object({
  mode: z.enum(['fast', 'exact']),
  device: name,
  architecture: name,
  vocabTokens: count(VOCAB_TOKENS_MAX).min(1),
  contextTokens: count(TOKENS_MAX).min(1),
  trainedContextTokens: count(2 ** 31).min(1),
  sessionsMax: count(SESSIONS_MAX).min(1),
  embeddingLength: count(EMBEDDING_LENGTH_MAX),
  dialect: dialect.nullable(),
  bytes: count(Number.MAX_SAFE_INTEGER),
  numericClass: name.nullable(),
});

export const slots: z.ZodInt = count(SEAT_SESSIONS_MAX);
