/** One kind of value that a schema allows. */
import type { Facts } from './facts.ts';
import { isObject } from './json.ts';
import type { JsonType } from './keywords.ts';

/** A value of one type with all that is said about it. */
export interface TypedShape {
  readonly kind: JsonType;
  readonly facts: Facts;
  readonly pointer: string;
}

export type Shape =
  | { readonly kind: 'any' }
  | { readonly kind: 'literals'; readonly values: readonly unknown[] }
  | TypedShape;

/** Whether a JSON value is of a type. */
export function isA(value: unknown, type: JsonType): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isObject(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}
