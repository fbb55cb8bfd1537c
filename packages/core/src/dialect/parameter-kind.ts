/** How one argument is written where each stands between marks of its own instead of in JSON. */
import { isObject } from '../schema/json.ts';
import type { Tool } from '../serving/completion.ts';

/**
 * `text`: a string without further conditions, as it is. `string`: a string with conditions; as it is, or as JSON
 * writes it. `json`: anything else.
 */
export type ParameterKind = 'text' | 'string' | 'json';

const CONDITIONS: readonly string[] = [
  ...['pattern', 'format', 'minLength', 'maxLength', 'enum', 'const'],
  ...['anyOf', 'oneOf', 'allOf', '$ref', 'not'],
];

export function parameterKind(schema: unknown): ParameterKind {
  if (!isObject(schema) || schema['type'] !== 'string') return 'json';
  return CONDITIONS.some((keyword) => Object.hasOwn(schema, keyword)) ? 'string' : 'text';
}

export function parameterSchema({ parameters }: Tool, name: string): unknown {
  const { properties } = parameters;
  return isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
}

const PYTHON: ReadonlyMap<string, string> = new Map([
  ['True', 'true'],
  ['False', 'false'],
  ['None', 'null'],
]);

/** The JSON text of a value that stands for itself. What is no JSON is a string. */
export function jsonOfValue(value: string, kind: ParameterKind): string {
  if (kind === 'text') return JSON.stringify(value);
  const trimmed = value.trim();
  const plain = kind === 'json' ? (PYTHON.get(trimmed) ?? trimmed) : trimmed;
  try {
    const parsed: unknown = JSON.parse(plain);
    return kind === 'string' && typeof parsed !== 'string' ? JSON.stringify(value) : plain;
  } catch {
    return JSON.stringify(value);
  }
}
