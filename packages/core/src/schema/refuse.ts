/** The three ways in which a schema is refused. */
import { FilonError } from '../errors.ts';
import type { SchemaErrorDetails } from './errors.ts';

const SUPPORTED =
  'type, properties, required, additionalProperties, items, prefixItems, minItems, maxItems, enum, const, anyOf, ' +
  'oneOf, allOf, $ref to this schema, minLength, maxLength, pattern, format, minimum, maximum, exclusiveMinimum, ' +
  'exclusiveMaximum';

function place(pointer: string): string {
  return pointer === '' ? 'the root of the schema' : pointer;
}

/** `why` completes the sentence "... is not supported". */
export function unsupported(
  pointer: string,
  keyword: string,
  why: string = '',
): FilonError<SchemaErrorDetails> {
  const hint = why === '' ? `Supported keywords: ${SUPPORTED}.` : `${why}.`;
  const message = `"${keyword}" at ${place(pointer)} is not supported. ${hint}`;
  return new FilonError({ code: 'SCHEMA_UNSUPPORTED', pointer, keyword }, message);
}

export function invalid(pointer: string, what: string): FilonError<SchemaErrorDetails> {
  return new FilonError(
    { code: 'SCHEMA_INVALID', pointer },
    `The schema is wrong at ${place(pointer)}: ${what}.`,
  );
}

export function overLimit(pointer: string, limit: string, max: number): FilonError<SchemaErrorDetails> {
  const message = `The schema is too large at ${place(pointer)}: ${limit} may be at most ${max}.`;
  return new FilonError({ code: 'SCHEMA_LIMIT', pointer, limit, max }, message);
}
