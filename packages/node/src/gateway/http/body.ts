/** Reads a JSON body: within its limit, within the memory for all bodies, in time, and never further than needed. */
import { FilonError } from '@filon/core/errors';
import type { Clock } from '../../ports/clock.ts';
import type { GatewayErrorDetails } from './errors.ts';
import { BODY_TIMEOUT_MS, FULL_RETRY_SECONDS, type GatewayLimits } from './limits.ts';
import { invalid } from './validate.ts';

/** Memory for the bodies of all requests in work. */
export interface BodyBudget {
  usedBytes: number;
}

export interface BodyDeps {
  clock: Clock;
  limits: GatewayLimits;
  budget: BodyBudget;
  signal: AbortSignal;
}

export interface Body {
  value: Record<string, unknown>;
  /** Counted against the budget until the request is over. */
  bytes: number;
}

/**
 * Codes: GATEWAY_CONTENT_TYPE, GATEWAY_CONTENT_ENCODING, GATEWAY_BODY_TOO_LARGE, GATEWAY_BODIES_FULL, GATEWAY_BODY_SLOW,
 * GATEWAY_REQUEST_INVALID.
 */
export async function readJsonBody(request: Request, deps: BodyDeps): Promise<Body> {
  checkContentType(request.headers.get('content-type'));
  checkContentEncoding(request.headers.get('content-encoding'));
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > deps.limits.bodyBytesMax) {
    if (announced > DROPPED_FACTOR * deps.limits.bodyBytesMax) throw tooLarge(deps.limits.bodyBytesMax);
    await readParts(request, deps, 'drop');
  }
  const parts = await readParts(request, deps, 'keep');
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  try {
    return { value: jsonObject(textOf(parts)), bytes };
  } catch (error) {
    deps.budget.usedBytes -= bytes;
    throw error;
  }
}

/** Simple cross-site posts cannot carry this type. */
function checkContentType(found: string | null): void {
  const [type = ''] = (found ?? '').split(';');
  if (type.trim().toLowerCase() === 'application/json') return;
  throw new FilonError<GatewayErrorDetails>(
    { code: 'GATEWAY_CONTENT_TYPE', found },
    `the content type is '${found ?? ''}'; send application/json`,
  );
}

function checkContentEncoding(found: string | null): void {
  if (found === null || found.trim() === '' || found.trim().toLowerCase() === 'identity') return;
  throw new FilonError<GatewayErrorDetails>(
    { code: 'GATEWAY_CONTENT_ENCODING', found },
    `the content encoding is '${found}', and compressed bodies are not taken; send the JSON as it is`,
  );
}

/**
 * Clients that still send when the answer comes see a broken connection and not what it says: so what is too large is
 * read to its end and dropped, within the time for all bodies, unless it is larger than that by this factor. From there
 * on it is left unread, not cancelled: cancelling would take the connection with it. The HTTP server drops the rest.
 */
const DROPPED_FACTOR = 8;

async function readParts(request: Request, deps: BodyDeps, from: 'keep' | 'drop'): Promise<Uint8Array[]> {
  const { clock, limits, budget, signal } = deps;
  const reader = request.body?.getReader();
  if (!reader) return [];
  const parts: Uint8Array[] = [];
  let bytes = 0;
  let dropping = from === 'drop';
  let dropped = 0;
  const over = new AbortController();
  const { promise: cut, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  clock.sleep(BODY_TIMEOUT_MS, { signal: over.signal }).then(
    () => reject(slowBody()),
    () => undefined,
  );
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), cut]);
      if (done && dropping) throw tooLarge(limits.bodyBytesMax);
      if (done) return parts;
      dropping ||= bytes + value.length > limits.bodyBytesMax;
      if (dropping) {
        dropped += value.length;
        if (dropped > DROPPED_FACTOR * limits.bodyBytesMax) throw tooLarge(limits.bodyBytesMax);
        continue;
      }
      if (budget.usedBytes + value.length > limits.bodiesBytesMax) throw bodiesFull(limits.bodiesBytesMax);
      bytes += value.length;
      budget.usedBytes += value.length;
      parts.push(value);
    }
  } catch (error) {
    budget.usedBytes -= bytes;
    throw error;
  } finally {
    signal.removeEventListener('abort', leave);
    over.abort();
  }
}

function textOf(parts: readonly Uint8Array[]): string {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    return parts.map((part) => decoder.decode(part, { stream: true })).join('') + decoder.decode();
  } catch {
    throw invalid(null, 'the body is not valid UTF-8');
  }
}

function jsonObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the body, which may be a prompt.
    throw invalid(null, text === '' ? 'the body is empty; send a JSON object' : 'the body is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(null, 'the body is JSON, but not an object');
  }
  return value as Record<string, unknown>;
}

function tooLarge(bytesMax: number): FilonError {
  const details = { code: 'GATEWAY_BODY_TOO_LARGE', bytesMax } as const;
  return new FilonError<GatewayErrorDetails>(details, `the body has more than ${bytesMax} bytes; send less`);
}

function slowBody(): FilonError {
  const details = { code: 'GATEWAY_BODY_SLOW', timeoutMs: BODY_TIMEOUT_MS } as const;
  return new FilonError<GatewayErrorDetails>(details, `the body did not arrive within ${BODY_TIMEOUT_MS} ms`);
}

function bodiesFull(bytesMax: number): FilonError {
  return new FilonError<GatewayErrorDetails>(
    { code: 'GATEWAY_BODIES_FULL', bytesMax, retryAfterSeconds: FULL_RETRY_SECONDS },
    `the requests in work fill ${bytesMax} bytes; try again in ${FULL_RETRY_SECONDS} s`,
  );
}
