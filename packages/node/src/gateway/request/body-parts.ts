/** Parts of bodies that readers check by hand, as schemas for the API's document. A test holds the readers to them. */
import { TOOLS_MAX } from '@filon/core/dialect/limits';
import { z } from 'zod';
import { STOP_CHARACTERS_MAX, STOPS_MAX } from '../http/limits.ts';
import { CALL_ID_CHARACTERS_MAX, CALLED_NAME_CHARACTERS_MAX } from './called.ts';

export const callIdPart: z.ZodType<string> = z.string().min(1).max(CALL_ID_CHARACTERS_MAX);
export const calledNamePart: z.ZodType<string> = z.string().min(1).max(CALLED_NAME_CHARACTERS_MAX);

const stop = z.string().min(1).max(STOP_CHARACTERS_MAX);
export const stopsPart: z.ZodType<string | string[] | null | undefined> = z
  .union([stop, z.array(stop).max(STOPS_MAX)])
  .nullish()
  .describe('Strings that end the answer and are not part of it.');

/** Any JSON object, e.g. a JSON Schema. */
export const objectPart: z.ZodType<Record<string, unknown>> = z.record(z.string(), z.unknown());

export const argumentsPart: z.ZodType<{ type?: 'object' | undefined } | null | undefined> = z
  .looseObject({ type: z.literal('object').optional() })
  .nullish()
  .describe('JSON Schema of the arguments, which are always an object.');

export function toolNamePart(charactersMax: number): z.ZodType<string> {
  return z
    .string()
    .min(1)
    .max(charactersMax)
    .regex(/^[A-Za-z0-9_-]+$/);
}

export function toolsPart<T>(tool: z.ZodType<T>): z.ZodType<T[] | null | undefined> {
  return z.array(tool).max(TOOLS_MAX).nullish().describe('Each has a name of its own.');
}
