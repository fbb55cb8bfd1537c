/** What went wrong, in the reader's language where we have words for it, else in the node's own. */
import type { ChatWords } from '../i18n/words.ts';

/** Codes that a reader need not tell from another one, and what other APIs call some of ours. */
export const SAME: Readonly<Record<string, string>> = {
  model_not_found: 'SERVE_MODEL_UNKNOWN',
  context_length_exceeded: 'SERVE_CONTEXT_EXCEEDED',
  invalid_api_key: 'ACCESS_KEY_NEEDED',
  ENGINE_CONTEXT_EXCEEDED: 'SERVE_CONTEXT_EXCEEDED',
  ACCESS_KEY_WRONG: 'ACCESS_KEY_NEEDED',
  SERVE_QUEUE_TIMEOUT: 'SERVE_QUEUE_FULL',
  GATEWAY_BODIES_FULL: 'SERVE_QUEUE_FULL',
  GATEWAY_REQUESTS_FULL: 'SERVE_QUEUE_FULL',
  SERVE_TIMEOUT: 'SERVE_STALLED',
  ENGINE_TIMEOUT: 'SERVE_STALLED',
  ENGINE_CONTEXT_REFUSED: 'ENGINE_MEMORY',
  ENGINE_MODEL_UNSUPPORTED: 'ENGINE_LOAD_FAILED',
  ENGINE_SELF_TEST_FAILED: 'ENGINE_LOAD_FAILED',
  ENGINE_MODEL_FATAL: 'ENGINE_LOAD_FAILED',
  ENGINE_WORKER_DIED: 'ENGINE_CRASH_LOOP',
  ENGINE_DECODE_FAILED: 'ENGINE_CRASH_LOOP',
  ANSWER_ROOM_FULL: 'ANSWER_RUNNING_FULL',
  ANSWER_TOO_LARGE: 'GATEWAY_BODY_TOO_LARGE',
  ANSWER_NOTE_TOO_LARGE: 'GATEWAY_BODY_TOO_LARGE',
  INTERNAL: 'ANSWER_BROKEN',
};

export function errorWords(words: ChatWords, { code, message }: { code: string; message: string }): string {
  const known = new Map<string, string>(Object.entries(words.errors));
  const same = new Map(Object.entries(SAME)).get(code) ?? code;
  return known.get(same) ?? (message === '' ? code : message);
}
