/** Calls of tools, as clients send them back. Bounds of the tools themselves are in core's dialect/limits.ts. */
import { invalid, stringOf } from '../http/validate.ts';

/** Calls in one message of an assistant. */
export const TOOL_CALLS_MAX = 128;
export const CALL_ID_CHARACTERS_MAX = 256;
export const CALLED_NAME_CHARACTERS_MAX = 512;

/** Codes: GATEWAY_REQUEST_INVALID. */
export function callId(value: unknown, field: string): string {
  return bounded(value, field, CALL_ID_CHARACTERS_MAX);
}

/** A model may call what does not exist: the name need not be one of a tool. Codes: GATEWAY_REQUEST_INVALID. */
export function calledName(value: unknown, field: string): string {
  return bounded(value, field, CALLED_NAME_CHARACTERS_MAX);
}

function bounded(value: unknown, field: string, charactersMax: number): string {
  const text = stringOf(value, field);
  if (text !== '' && text.length <= charactersMax) return text;
  throw invalid(field, `must have 1 to ${charactersMax} characters`);
}
