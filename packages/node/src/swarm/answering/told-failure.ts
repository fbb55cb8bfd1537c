/** What a peer is told of a failure here: a code and a sentence, and no more of this node's own matters. */
import { isFilonError } from '@filon/core/errors';

/** The request's own fault: another node would say the same. */
const FAULTS_OF_REQUESTS: ReadonlySet<string> = new Set([
  ...['TEMPLATE_TIMEOUT', 'TEMPLATE_MEMORY', 'TEMPLATE_OUTPUT_LIMIT', 'TEMPLATE_INVALID', 'TEMPLATE_REFUSED'],
  ...['ENGINE_GRAMMAR_INVALID', 'ENGINE_GRAMMAR_TOO_SLOW', 'SAMPLER_NO_TOKEN', 'DIALECT_TOOLS_INVALID'],
  ...['ENGINE_CONTEXT_EXCEEDED', 'ENGINE_TOKEN_INVALID', 'ENGINE_MODEL_UNSUPPORTED', 'SERVE_QUARANTINED'],
]);

/** Those of the place, which another one may not have. */
const OF_THE_PLACE: ReadonlySet<string> = new Set([
  ...['ANSWER_LIMIT', 'ANSWER_FORBIDDEN', 'ANSWER_MISUSED', 'ANSWER_IDLE'],
  ...['SERVE_QUEUE_FULL', 'SERVE_QUEUE_TIMEOUT', 'SERVE_MODEL_NOT_READY', 'SERVE_MODELS_BUSY'],
  ...['SERVE_STOPPING', 'ENGINE_WORKER_DIED', 'ENGINE_CLOSED', 'ENGINE_SLOTS_FULL', 'ENGINE_CRASH_LOOP'],
  ...['ENGINE_MODEL_FATAL', 'ENGINE_MODEL_NOT_LOADED', 'ENGINE_DECODE_FAILED', 'TEMPLATE_BUSY'],
  ...['WIRE_MALFORMED', 'WIRE_TOO_LARGE', 'WIRE_KIND_UNKNOWN', 'NETWORK_FRAME_TOO_LARGE'],
]);

/** Of those at a seat that was given: there is too much of the peer's own there, or of everybody's. */
const WITHOUT_ROOM: ReadonlySet<string> = new Set(['ANSWER_LIMIT', 'TEMPLATE_BUSY']);

const WORDS_CHARS_MAX = 512;

export interface ToldFailure {
  code: string;
  message: string;
}

export function isFaultOfRequest(code: string): boolean {
  return FAULTS_OF_REQUESTS.has(code);
}

/** What it said is no fault of the node: it has no room for more of this one's. */
export function isWithoutRoom(code: string): boolean {
  return WITHOUT_ROOM.has(code);
}

export function toldFailure(error: unknown): ToldFailure {
  if (isFilonError(error) && (FAULTS_OF_REQUESTS.has(error.code) || OF_THE_PLACE.has(error.code))) {
    return { code: error.code, message: wordsOf(error.message) };
  }
  return { code: 'ANSWER_BROKEN', message: 'this node cannot answer now; ask another one' };
}

/** Of an upstream here: not its address, nor its own words, which may name it. */
export function toldOfUpstream(error: unknown): ToldFailure {
  if (!isFilonError(error) || !error.code.startsWith('UPSTREAM_')) return toldFailure(error);
  const { code, message } = error;
  if (code === 'UPSTREAM_UNSUPPORTED') return { code, message: wordsOf(message) };
  const { status } = error.details as { status?: unknown };
  const by = typeof status === 'number' ? ` (HTTP ${status})` : '';
  if (code === 'UPSTREAM_REFUSED')
    return { code, message: `the upstream there does not take this request${by}` };
  if (code === 'UPSTREAM_DOWN') return { code, message: 'the upstream there does not answer now' };
  return { code: 'UPSTREAM_FAILED', message: `the upstream there failed${by}` };
}

/** null: it does not say. */
export function placeOf(error: unknown): { position: number | null; waitSeconds: number | null } {
  if (!isFilonError(error)) return { position: null, waitSeconds: null };
  const { position, retryAfterSeconds } = error.details as Partial<
    Record<'position' | 'retryAfterSeconds', number>
  >;
  return { position: position ?? null, waitSeconds: retryAfterSeconds ?? null };
}

function wordsOf(message: string): string {
  return message.slice(0, WORDS_CHARS_MAX).replace(/\p{C}/gu, ' ');
}
