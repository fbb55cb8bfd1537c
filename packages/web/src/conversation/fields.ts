/** Readers of untrusted JSON, each of which names the place where it does not agree. */
import { FilonError } from '@filon/core/errors';
import type { ConversationErrorDetails, ImportFault } from './errors.ts';

/** A value and where it stands. */
export interface Field {
  value: unknown;
  path: string;
}

export function refuse(
  field: Field,
  reason: string,
  fault: ImportFault = 'content',
): FilonError<ConversationErrorDetails> {
  const path = field.path === '' ? 'file' : field.path;
  return new FilonError({ code: 'WEB_IMPORT_INVALID', fault, path, reason }, `${path}: ${reason}`);
}

export function member({ value, path }: Field, name: string): Field {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject) throw refuse({ value, path }, 'is no object', path === '' ? 'format' : 'content');
  // Only its own: `__proto__` and the like are not members.
  const descriptor = Object.getOwnPropertyDescriptor(value, name);
  return { value: descriptor?.value, path: path === '' ? name : `${path}.${name}` };
}

export function text(field: Field, charactersMax: number): string {
  if (typeof field.value !== 'string') throw refuse(field, 'is no text');
  if (field.value.length > charactersMax) throw refuse(field, `has over ${charactersMax} characters`);
  return field.value.toWellFormed();
}

/** An id as this page makes them: nothing that means something in an address. */
export function identity(field: Field): string {
  if (typeof field.value !== 'string' || !/^[\w-]{1,64}$/.test(field.value)) throw refuse(field, 'is no id');
  return field.value;
}

export function amount(field: Field, { min, max }: { min: number; max: number }): number {
  if (typeof field.value !== 'number' || !(field.value >= min && field.value <= max)) {
    throw refuse(field, `is no number from ${min} to ${max}`);
  }
  return field.value;
}

export function list(field: Field, countMax: number): Field[] {
  if (!Array.isArray(field.value)) throw refuse(field, 'is no list');
  if (field.value.length > countMax) throw refuse(field, `has over ${countMax} entries`);
  return field.value.map((value: unknown, index) => ({ value, path: `${field.path}[${index}]` }));
}

/** `read`, or null where the file has null or nothing. */
export function optional<T>(field: Field, read: (field: Field) => T): T | null {
  return field.value === null || field.value === undefined ? null : read(field);
}
