/** Checks of request fields. Each stops at the first fault and names the field, and none copies what it refuses. */
import { FilonError } from '@filon/core/errors';
import type { z } from 'zod';
import type { GatewayErrorDetails } from './errors.ts';

export function invalid(field: string | null, reason: string): FilonError {
  return new FilonError<GatewayErrorDetails>(
    { code: 'GATEWAY_REQUEST_INVALID', field, reason },
    field === null ? reason : `${field}: ${reason}`,
  );
}

export function unsupported(field: string, reason: string): FilonError {
  return new FilonError<GatewayErrorDetails>(
    { code: 'GATEWAY_FEATURE_UNSUPPORTED', field, reason },
    `${field}: ${reason}`,
  );
}

/** Only for fields of bounded size: zod lists every fault of an array before it looks at its length. */
export function parseFields<T>(schema: z.ZodType<T>, body: Record<string, unknown>): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(fieldName(issue?.path ?? []), lowerFirst(issue?.message ?? 'is not valid'));
}

/** An array of 1 to `max` entries, each turned into a value by `each`. */
export function listOf<T>(
  value: unknown,
  each: (entry: unknown, field: string) => T,
  options: { field: string; max: number },
): T[] {
  const { field, max } = options;
  if (!Array.isArray(value)) throw invalid(field, 'must be an array');
  if (value.length === 0) throw invalid(field, 'must not be empty');
  if (value.length > max) throw invalid(field, `has ${value.length} entries; at most ${max} are allowed`);
  return value.map((entry, index) => each(entry, `${field}[${index}]`));
}

export function objectOf(value: unknown, field: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw invalid(field, 'must be an object');
}

export function stringOf(value: unknown, field: string): string {
  if (typeof value !== 'string') throw invalid(field, 'must be a string');
  if (!value.isWellFormed()) throw invalid(field, 'has half of a surrogate pair, which is no character');
  return value;
}

function fieldName(path: readonly PropertyKey[]): string | null {
  if (path.length === 0) return null;
  return path.reduce<string>((name, key) => {
    if (typeof key === 'number') return `${name}[${key}]`;
    return name === '' ? String(key) : `${name}.${String(key)}`;
  }, '');
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
