/** The body of `POST /v1/completions` as requests of ours: one for each prompt. */
import type { CompletionRequest, Prompt } from '@filon/core/serving/completion';
import { TOP_LOGPROBS_MAX } from '@filon/core/serving/sampling';
import { z } from 'zod';
import { PROMPTS_MAX } from '../http/limits.ts';
import { invalid, listOf, parseFields, stringOf, unsupported } from '../http/validate.ts';
import {
  type CommonFields,
  commonRequest,
  commonShape,
  countUnknown,
  HARMLESS,
  type RefusedField,
  refuseFields,
} from './common-fields.ts';
import { formatOf } from './response-format.ts';

interface TextFields extends CommonFields {
  logprobs?: number | null | undefined;
  echo?: boolean | null | undefined;
  best_of?: number | null | undefined;
}

const shape = {
  ...commonShape,
  logprobs: z.int().min(0).max(TOP_LOGPROBS_MAX).nullish(),
  echo: z.boolean().nullish(),
  best_of: z.int().min(1).nullish(),
};
export const textFields: z.ZodType<TextFields> = z.object(shape);
const REFUSED: readonly RefusedField[] = [
  {
    name: 'suffix',
    unless: (value) => value === '',
    why: 'filling in between a prompt and a suffix is not possible',
  },
];
const KNOWN = new Set([...Object.keys(shape), ...HARMLESS, 'suffix', 'prompt', 'response_format']);

export interface TextCall {
  /** All alike but for their prompts. */
  requests: CompletionRequest[];
  /** The prompts' texts where they are to be repeated before the answers; null: they are not. */
  echoes: string[] | null;
  choicesEach: number;
  topLogprobs: number | null;
  stream: boolean;
  includeUsage: boolean;
  unknownFields: number;
}

/** Codes: GATEWAY_REQUEST_INVALID, GATEWAY_FEATURE_UNSUPPORTED. */
export function textCall(body: Record<string, unknown>): TextCall {
  const fields = parseFields(textFields, body);
  refuseFields(body, REFUSED);
  const common = commonRequest(fields);
  const topLogprobs = fields.logprobs ?? null;
  if ((fields.best_of ?? common.choices) !== common.choices) {
    throw unsupported('best_of', 'answers are not chosen among; it must equal n');
  }
  const prompts = promptsOf(body['prompt'], { field: 'prompt', max: PROMPTS_MAX });
  const format = formatOf(body['response_format']);
  return {
    requests: prompts.map((prompt) => ({ ...common, prompt, format, topLogprobs })),
    echoes: fields.echo === true ? echoesOf(prompts, topLogprobs) : null,
    choicesEach: common.choices,
    topLogprobs,
    stream: fields.stream ?? false,
    includeUsage: fields.stream_options?.include_usage ?? false,
    unknownFields: countUnknown(body, KNOWN),
  };
}

/** A text, token ids, or a list of either. */
export function promptsOf(value: unknown, options: { field: string; max: number }): Prompt[] {
  const { field } = options;
  if (value === undefined || value === null) throw invalid(field, 'is missing');
  if (typeof value === 'string') return [promptOf(value, field)];
  if (!Array.isArray(value)) throw invalid(field, 'must be a string, an array of strings, or token ids');
  if (typeof value[0] === 'number') return [promptOf(value, field)];
  return listOf(value, promptOf, options);
}

function promptOf(value: unknown, field: string): Prompt {
  if (!Array.isArray(value)) return { kind: 'text', text: stringOf(value, field) };
  if (value.length === 0) throw invalid(field, 'must not be empty');
  const wrong = value.findIndex((token) => !Number.isInteger(token) || token < 0 || token > 0x7fff_ffff);
  if (wrong >= 0) throw invalid(`${field}[${wrong}]`, 'must be a token id');
  return { kind: 'tokens', tokens: value };
}

function echoesOf(prompts: readonly Prompt[], topLogprobs: number | null): string[] {
  if (topLogprobs !== null) {
    throw unsupported('echo', 'log-probabilities of the prompt are not computed; leave out echo or logprobs');
  }
  return prompts.map((prompt) => {
    if (prompt.kind === 'text') return prompt.text;
    throw unsupported('echo', 'needs the prompt as text');
  });
}
