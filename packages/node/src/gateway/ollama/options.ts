/** `options` of Ollama's requests. docs/protocol/ollama.md lists them. */
import type { CompletionRequest } from '@filon/core/serving/completion';
import { z } from 'zod';
import { MAX_TOKENS_MAX } from '../http/limits.ts';
import { objectOf, parseFields, unsupported } from '../http/validate.ts';
import { samplingOf } from '../request/sampling.ts';
import { stopsOf } from '../request/stops.ts';

type Optional = number | null | undefined;

interface Options {
  num_predict?: Optional;
  temperature?: Optional;
  top_k?: Optional;
  top_p?: Optional;
  min_p?: Optional;
  repeat_penalty?: Optional;
  repeat_last_n?: Optional;
  presence_penalty?: Optional;
  frequency_penalty?: Optional;
  seed?: Optional;
}

/** `repeat_last_n: -1` means the whole context, and so does this. */
const WINDOW_TOKENS_MAX = 65_536;

const shape: { [K in keyof Options]-?: z.ZodType<Options[K]> } = {
  num_predict: z.int().min(-2).max(MAX_TOKENS_MAX).nullish(),
  temperature: z.number().min(0).max(5).nullish(),
  top_k: z.int().min(0).max(1_000_000).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  repeat_penalty: z.number().gt(0).max(10).nullish(),
  repeat_last_n: z.int().min(-1).max(WINDOW_TOKENS_MAX).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  seed: z.int().nullish(),
};
export const optionFields: z.ZodType<Options> = z.object(shape);
const schema: z.ZodType<{ options: Options }> = z.object({ options: optionFields });

/** Ways of drawing that this node has not, and the values with which they do nothing. */
const OFF: Readonly<Record<string, number>> = { mirostat: 0, tfs_z: 1, typical_p: 1 };
/** How a model is loaded is the operator's to say; a prompt that does not fit is refused, never cut. */
const HARMLESS = [
  'num_ctx',
  'num_batch',
  'num_gpu',
  'main_gpu',
  'num_thread',
  'num_keep',
  'numa',
  'low_vram',
  'f16_kv',
  'logits_all',
  'vocab_only',
  'use_mmap',
  'use_mlock',
  'embedding_only',
  'mirostat_eta',
  'mirostat_tau',
  'penalize_newline',
];
const KNOWN = new Set([...Object.keys(shape), ...Object.keys(OFF), ...HARMLESS, 'stop']);

export interface OllamaOptions extends Pick<CompletionRequest, 'maxTokens' | 'sampling' | 'stop'> {
  unknownFields: number;
}

/** Codes: GATEWAY_REQUEST_INVALID, GATEWAY_FEATURE_UNSUPPORTED. */
export function optionsOf(value: unknown): OllamaOptions {
  const given = value === undefined || value === null ? {} : objectOf(value, 'options');
  const { options } = parseFields(schema, { options: given });
  for (const [name, off] of Object.entries(OFF)) {
    const found = given[name];
    if (found === undefined || found === null || found === off) continue;
    throw unsupported(`options.${name}`, `this node does not draw so; leave it out or send ${off}`);
  }
  const predict = options.num_predict ?? -1;
  return {
    maxTokens: predict > 0 ? predict : null,
    sampling: samplingFrom(options),
    stop: stopsOf(given['stop'], 'options.stop'),
    unknownFields: Object.keys(given).filter((name) => !KNOWN.has(name)).length,
  };
}

function samplingFrom(options: Options): CompletionRequest['sampling'] {
  const { seed, repeat_last_n: window } = options;
  return samplingOf({
    temperature: options.temperature ?? undefined,
    topK: options.top_k ?? undefined,
    topP: options.top_p ?? undefined,
    minP: options.min_p ?? undefined,
    repetitionPenalty: window === 0 ? 1 : (options.repeat_penalty ?? undefined),
    repetitionWindowTokens: window === -1 ? WINDOW_TOKENS_MAX : window || undefined,
    presencePenalty: options.presence_penalty ?? undefined,
    frequencyPenalty: options.frequency_penalty ?? undefined,
    // A negative one asks for any.
    seed: seed === null || seed === undefined || seed < 0 ? null : BigInt(seed),
  });
}
