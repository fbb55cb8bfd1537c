/** The bodies of `POST /v1/completions` and `POST /v1/embeddings` as schemas for the API's document. */
import { z } from 'zod';
import { INPUTS_MAX, PROMPTS_MAX } from '../http/limits.ts';
import { stopsPart } from '../request/body-parts.ts';
import { formatPart, logitBiasPart } from './body-parts.ts';
import { embeddingFields } from './embeddings.ts';
import { textFields } from './text-request.ts';

const TOKEN_MAX = 0x7fff_ffff;
const tokens = z.array(z.int().min(0).max(TOKEN_MAX)).min(1).describe('Token ids.');

function promptsPart(text: z.ZodType<string>, max: number): z.ZodType {
  const texts = z
    .array(z.union([text, tokens]))
    .min(1)
    .max(max);
  return z.union([text, texts, tokens]);
}

export const textBody: z.ZodType = z.intersection(
  textFields,
  z.object({
    prompt: promptsPart(z.string(), PROMPTS_MAX),
    response_format: formatPart.optional(),
    stop: stopsPart,
    logit_bias: logitBiasPart.optional(),
  }),
);

export const embeddingBody: z.ZodType = z.intersection(
  embeddingFields,
  z.object({ input: promptsPart(z.string().min(1), INPUTS_MAX) }),
);
