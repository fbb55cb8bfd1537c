/** `filon` in a body: an answer that its client can take elsewhere. docs/protocol/resume.md says how. */

import type { CompletionRequest } from '@filon/core/serving/completion';
import {
  CLASS_CHARS_MAX,
  DRAWN_CHARS_MAX,
  RESUME_TOKENS_MAX,
  readResumption,
  TOKEN_ID_MAX,
} from '@filon/core/serving/resumption';
import { TIERS } from '@filon/core/serving/tier';
import { z } from 'zod';
import { invalid, objectOf, unsupported } from '../http/validate.ts';

type Asked = Pick<CompletionRequest, 'choices' | 'topLogprobs'> & { stream: boolean };

/** Codes: GATEWAY_REQUEST_INVALID, GATEWAY_FEATURE_UNSUPPORTED, RESUME_INVALID. */
export function filonField(
  value: unknown,
  { stream, choices, topLogprobs }: Asked,
): Pick<CompletionRequest, 'resumable' | 'resumption'> {
  if (value === undefined || value === null) return {};
  const { resumable = false, resume } = objectOf(value, 'filon');
  if (typeof resumable !== 'boolean') throw invalid('filon.resumable', 'must be true or false');
  const isResume = resume !== undefined && resume !== null;
  if (!resumable && !isResume) return {};
  if (!stream) throw invalid('filon', 'needs stream to be true');
  if (choices !== 1) throw unsupported('filon', 'only one choice can go on elsewhere; send n: 1');
  if (topLogprobs !== null) {
    throw unsupported(
      'filon',
      'answers with log-probabilities cannot go on elsewhere; leave one of both out',
    );
  }
  return {
    ...(resumable ? { resumable } : {}),
    ...(isResume ? { resumption: readResumption(resume, 'filon.resume') } : {}),
  };
}

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const tokens = z.int().min(1).max(RESUME_TOKENS_MAX);

/** For the API's document. */
export const resumeStartSchema: z.ZodType = z.object({
  model: hash.describe('sha256 of the model file.'),
  prompt: hash.describe("sha256 of the prompt's tokens."),
  prompt_tokens: tokens,
  max_tokens: tokens,
  seed: z
    .string()
    .regex(/^\d{1,20}$/)
    .describe('64 bits.'),
  tier: z.enum(TIERS),
  numeric_class: z.string().min(1).max(CLASS_CHARS_MAX).nullable(),
});
export const drawnSchema: z.ZodType = z.array(
  z.object({ token: z.int().min(0).max(TOKEN_ID_MAX), text: z.string().max(DRAWN_CHARS_MAX) }),
);

export const filonPart: z.ZodType = z
  .object({
    resumable: z.boolean().optional(),
    resume: z
      .object({ start: resumeStartSchema, drawn: drawnSchema.meta({ maxItems: RESUME_TOKENS_MAX }) })
      .nullish(),
  })
  .nullish()
  .describe('Of Filon: an answer that another gateway can go on with. Needs stream.');
