/** Strings that end an answer. */
import { STOP_CHARACTERS_MAX, STOPS_MAX } from '../http/limits.ts';
import { invalid, listOf, stringOf } from '../http/validate.ts';

/** None, one, or a list of them. Codes: GATEWAY_REQUEST_INVALID. */
export function stopsOf(value: unknown, field: string): string[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value) && value.length === 0) return [];
  if (typeof value === 'string') return [stopOf(value, field)];
  if (!Array.isArray(value)) throw invalid(field, 'must be a string or an array of strings');
  return listOf(value, stopOf, { field, max: STOPS_MAX });
}

function stopOf(value: unknown, field: string): string {
  const text = stringOf(value, field);
  if (text === '') throw invalid(field, 'must not be empty');
  if (text.length <= STOP_CHARACTERS_MAX) return text;
  throw invalid(field, `has ${text.length} characters; at most ${STOP_CHARACTERS_MAX} are allowed`);
}
