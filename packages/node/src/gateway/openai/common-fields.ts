/** The fields that chat and text completions share, and what they mean to us. */
import type { CompletionRequest } from '@filon/core/serving/completion';
import { LOGIT_BIAS_MAX } from '@filon/core/serving/sampling';
import { z } from 'zod';
import { CHOICES_MAX, MAX_TOKENS_MAX, MODEL_CHARACTERS_MAX } from '../http/limits.ts';
import { invalid, objectOf, unsupported } from '../http/validate.ts';
import { samplingOf } from '../request/sampling.ts';
import { stopsOf } from '../request/stops.ts';

export interface CommonFields {
  model: string;
  n?: number | null | undefined;
  max_tokens?: number | null | undefined;
  temperature?: number | null | undefined;
  top_p?: number | null | undefined;
  top_k?: number | null | undefined;
  min_p?: number | null | undefined;
  repetition_penalty?: number | null | undefined;
  presence_penalty?: number | null | undefined;
  frequency_penalty?: number | null | undefined;
  seed?: number | null | undefined;
  ignore_eos?: boolean | null | undefined;
  stream?: boolean | null | undefined;
  stream_options?: { include_usage?: boolean | null | undefined } | null | undefined;
  stop?: unknown;
  logit_bias?: unknown;
}

export const tokensField: z.ZodType<number | null | undefined> = z.int().min(1).max(MAX_TOKENS_MAX).nullish();

export const commonShape: { [K in keyof CommonFields]-?: z.ZodType<CommonFields[K]> } = {
  model: z.string().min(1).max(MODEL_CHARACTERS_MAX),
  n: z.int().min(1).max(CHOICES_MAX).nullish(),
  max_tokens: tokensField,
  temperature: z.number().min(0).max(5).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(0).max(1_000_000).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  repetition_penalty: z.number().gt(0).max(10).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  seed: z.int().nullish(),
  ignore_eos: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  stop: z.unknown().optional(),
  logit_bias: z.unknown().optional(),
};

/** Everything of the request but the prompt, the format and the log-probabilities. */
export function commonRequest(
  fields: CommonFields,
): Omit<CompletionRequest, 'prompt' | 'format' | 'topLogprobs'> {
  const { seed } = fields;
  return {
    model: fields.model,
    choices: fields.n ?? 1,
    maxTokens: fields.max_tokens ?? null,
    sampling: samplingOf({
      temperature: fields.temperature ?? undefined,
      topK: fields.top_k ?? undefined,
      topP: fields.top_p ?? undefined,
      minP: fields.min_p ?? undefined,
      repetitionPenalty: fields.repetition_penalty ?? undefined,
      presencePenalty: fields.presence_penalty ?? undefined,
      frequencyPenalty: fields.frequency_penalty ?? undefined,
      logitBias: logitBias(fields.logit_bias),
      // OpenAI's seeds are signed; a draw takes 64 bits as they are.
      seed: seed === null || seed === undefined ? null : BigInt.asUintN(64, BigInt(seed)),
    }),
    stop: stopsOf(fields.stop, 'stop'),
    ignoreEos: fields.ignore_eos ?? false,
  };
}

function logitBias(value: unknown): [token: number, bias: number][] {
  if (value === null || value === undefined) return [];
  const entries = Object.entries(objectOf(value, 'logit_bias'));
  if (entries.length > LOGIT_BIAS_MAX) {
    throw invalid('logit_bias', `has ${entries.length} entries; at most ${LOGIT_BIAS_MAX} are allowed`);
  }
  return entries.map(([token, bias]) => {
    if (!/^\d{1,9}$/.test(token)) throw invalid('logit_bias', 'its keys must be token ids');
    if (typeof bias !== 'number' || !(Math.abs(bias) <= 100)) {
      throw invalid(`logit_bias.${token}`, 'must be a number from -100 to 100');
    }
    return [Number(token), bias];
  });
}

/** A field that would change the answer and that we cannot honour; `unless`: the values that change nothing. */
export interface RefusedField {
  name: string;
  unless?: (value: unknown) => boolean;
  why: string;
}

export function refuseFields(body: Record<string, unknown>, refused: readonly RefusedField[]): void {
  for (const { name, unless, why } of refused) {
    const value = body[name];
    if (value === undefined || value === null || unless?.(value) === true) continue;
    throw unsupported(name, why);
  }
}

/** How many fields are neither used, nor refused, nor known to change nothing. */
export function countUnknown(body: Record<string, unknown>, known: ReadonlySet<string>): number {
  return Object.keys(body).filter((name) => !known.has(name)).length;
}

/** Known fields of OpenAI's that change nothing here. */
export const HARMLESS: readonly string[] = [
  'user',
  'metadata',
  'store',
  'service_tier',
  'parallel_tool_calls',
  'reasoning_effort',
  'verbosity',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'prediction',
];
