/**
 * Makes the fields of a log line safe to keep: plain JSON of bounded size, with nothing in it that is named like a
 * secret or like what people write to a model.
 */
import { FilonError } from '../errors.ts';

export const LOG_STRING_MAX_CHARS = 2048;
export const LOG_ITEMS_MAX = 64;
export const LOG_DEPTH_MAX = 4;

const HIDDEN = '[hidden]';
/** A field is hidden when the last word of its name is one of these: `apiKey` and `next_token`, not `promptTokens`. */
const PRIVATE_WORDS: ReadonlySet<string> = new Set([
  ...['key', 'token', 'secret', 'password', 'passphrase', 'authorization', 'cookie', 'credentials'],
  ...['prompt', 'message', 'messages', 'content', 'text', 'answer', 'completion', 'input', 'inputs'],
]);

/** Whether a field of this name must not be logged. */
export function isPrivateName(name: string): boolean {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').split(/[^A-Za-z0-9]+/);
  const last = words.findLast((word) => word !== '');
  return last !== undefined && PRIVATE_WORDS.has(last.toLowerCase());
}

/** The fields as JSON values: private ones hidden, long ones cut, errors as code and message. */
export function safeLogFields(fields: Record<string, unknown>): Record<string, unknown> {
  return safeObject(fields, 0);
}

function safeObject(object: object, depth: number): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(object).slice(0, LOG_ITEMS_MAX)) {
    safe[name] = isPrivateName(name) ? HIDDEN : safeValue(value, depth);
  }
  return safe;
}

function safeValue(value: unknown, depth: number): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'string') return cut(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object') return `[${typeof value}]`;
  if (value instanceof FilonError) return { ...safeObject(value.details, depth), why: cut(value.message) };
  if (value instanceof Error) return { code: value.name, why: cut(value.message) };
  if (depth >= LOG_DEPTH_MAX) return '[deep]';
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, LOG_ITEMS_MAX).map((item) => safeValue(item, depth + 1));
  return safeObject(value, depth + 1);
}

function cut(text: string): string {
  if (text.length <= LOG_STRING_MAX_CHARS) return text;
  return `${text.slice(0, LOG_STRING_MAX_CHARS)}... (${text.length} characters)`;
}
