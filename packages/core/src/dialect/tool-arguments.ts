/** The arguments of a past call as an object. What a model wrote in their place is kept under one name. */
import { isObject, type JsonObject } from '../schema/json.ts';

export function argumentsObject(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text);
    if (isObject(value)) return value;
  } catch {
    // Not JSON: below.
  }
  return { input: text };
}
