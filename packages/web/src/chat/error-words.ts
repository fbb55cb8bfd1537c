/** What went wrong, in the reader's language where we have words for it, else in the node's own. */
import type { ChatWords } from '../i18n/words.ts';

/** What other APIs call some of our codes. */
const SAME: Readonly<Record<string, string>> = {
  model_not_found: 'SERVE_MODEL_UNKNOWN',
  context_length_exceeded: 'SERVE_CONTEXT_EXCEEDED',
  ENGINE_CONTEXT_EXCEEDED: 'SERVE_CONTEXT_EXCEEDED',
  ACCESS_KEY_WRONG: 'ACCESS_KEY_NEEDED',
  SERVE_QUEUE_TIMEOUT: 'SERVE_QUEUE_FULL',
  GATEWAY_BODIES_FULL: 'SERVE_QUEUE_FULL',
  GATEWAY_REQUESTS_FULL: 'SERVE_QUEUE_FULL',
};

export function errorWords(words: ChatWords, { code, message }: { code: string; message: string }): string {
  const known: Readonly<Record<string, string>> = words.errors;
  return known[SAME[code] ?? code] ?? (message === '' ? code : message);
}
