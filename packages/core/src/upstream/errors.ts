/** What an endpoint that is not ours fails with. `host` is its address without a path; a key is in none of them. */
import { FilonError } from '../errors.ts';

export type UpstreamErrorDetails =
  /** An address that is not taken. */
  | { code: 'UPSTREAM_URL_INVALID'; why: string }
  /** No connection, or nothing came of a request within its time. */
  | { code: 'UPSTREAM_UNREACHABLE'; host: string; why: string }
  /** It sent the request elsewhere. Nobody follows: a key and a question go where the operator said. */
  | { code: 'UPSTREAM_REDIRECTED'; host: string; status: number }
  /** It does not take the key, or wants one. */
  | { code: 'UPSTREAM_KEY_REFUSED'; host: string; status: number }
  /** Its certificate is not the one that was named, or no authority signed it. */
  | { code: 'UPSTREAM_CERTIFICATE'; host: string; why: string }
  /** It does not have the model. `known`: what it has, the first few. */
  | { code: 'UPSTREAM_MODEL_UNKNOWN'; host: string; model: string; known: string[] }
  /** It does not take this request, and would not if it came again. */
  | { code: 'UPSTREAM_REFUSED'; host: string; status: number }
  /** It has no room now. */
  | { code: 'UPSTREAM_BUSY'; host: string; status: number; retryAfterSeconds: number }
  /** It failed, by its own account. */
  | { code: 'UPSTREAM_FAILED'; host: string; status: number | null }
  /** What it sent is not what it must be, or broke off. */
  | { code: 'UPSTREAM_BROKEN'; host: string; why: string }
  /** Nothing that counts came for so long. */
  | { code: 'UPSTREAM_STALLED'; host: string; quietMs: number }
  /** All upstreams of this model failed lately and are tried again later. */
  | { code: 'UPSTREAM_DOWN'; model: string; retryAfterSeconds: number }
  /** It broke off in the middle of an answer that cannot be gone on with by its text. */
  | { code: 'UPSTREAM_CUT'; model: string; why: string }
  /** Something that cannot be asked of an upstream. */
  | { code: 'UPSTREAM_UNSUPPORTED'; what: string }
  /** A model that is known under this name is upstream already. */
  | { code: 'UPSTREAM_EXISTS'; name: string; url: string }
  | { code: 'UPSTREAM_UNKNOWN'; name: string }
  | { code: 'UPSTREAMS_FULL'; upstreamsMax: number };

type Of<C extends UpstreamErrorDetails['code']> = FilonError<Extract<UpstreamErrorDetails, { code: C }>>;

export function upstreamError<C extends UpstreamErrorDetails['code']>(
  details: Extract<UpstreamErrorDetails, { code: C }>,
  message: string,
  cause?: unknown,
): Of<C> {
  return new FilonError(details, message, cause === undefined ? {} : { cause });
}

export function upstreamBroken(host: string, why: string): Of<'UPSTREAM_BROKEN'> {
  return upstreamError({ code: 'UPSTREAM_BROKEN', host, why }, `the upstream ${host} cannot be used: ${why}`);
}

export function upstreamUnreachable(host: string, why: string): Of<'UPSTREAM_UNREACHABLE'> {
  const message = `the upstream ${host} cannot be reached: ${why}`;
  return upstreamError({ code: 'UPSTREAM_UNREACHABLE', host, why }, message);
}
