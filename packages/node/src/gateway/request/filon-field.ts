/** `filon` in a body: an answer that its client can take elsewhere. docs/protocol/resume.md says how. */
import type { CompletionRequest } from '@filon/core/serving/completion';
import { readResumption } from '@filon/core/serving/resumption';
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

/** For the API's document. */
export const resumeStartSchema: z.ZodType = z.object({
  model: hash.describe('sha256 of the model file.'),
  prompt: hash.describe("sha256 of the prompt's tokens."),
  prompt_tokens: z.int().min(1),
  max_tokens: z.int().min(1),
  seed: z.string().regex(/^\d{1,20}$/),
  tier: z.enum(['own', 'trusted', 'open']),
  numeric_class: z.string().nullable(),
});
export const drawnSchema: z.ZodType = z.array(z.tuple([z.int().min(0), z.string()]));

export const filonPart: z.ZodType = z
  .object({
    resumable: z.boolean().optional(),
    resume: z.object({ start: resumeStartSchema, drawn: drawnSchema }).nullish(),
  })
  .nullish()
  .describe('Of Filon: an answer that another gateway can go on with. Needs stream.');
