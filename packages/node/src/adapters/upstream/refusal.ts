/** What an endpoint says where it does not answer, as an error of ours. Its words are foreign: cut, cleaned, without the key. */
import type { IncomingMessage } from 'node:http';
import type { FilonError } from '@filon/core/errors';
import { type UpstreamErrorDetails, upstreamError } from '@filon/core/upstream/errors';
import { z } from 'zod';
import {
  REFUSAL_BYTES_MAX,
  REFUSAL_CHARACTERS_MAX,
  RETRY_AFTER_SECONDS,
  RETRY_AFTER_SECONDS_MAX,
} from './limits.ts';

export interface Refuser {
  host: string;
  /** Is taken out of what it says. */
  key: string | null;
}

const BUSY: ReadonlySet<number> = new Set([408, 425, 429, 503]);
/** No fault of the request: the model or the whole API is not there now. */
const GONE: ReadonlySet<number> = new Set([404, 405, 410]);

const said = z.union([
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error.message),
  z.object({ error: z.string() }).transform(({ error }) => error),
  z.object({ message: z.string() }).transform(({ message }) => message),
  z.object({ detail: z.string() }).transform(({ detail }) => detail),
]);

/** Of any status but 200. */
export async function refusal(
  response: IncomingMessage,
  refuser: Refuser,
): Promise<FilonError<UpstreamErrorDetails>> {
  const { statusCode: status = 0, headers } = response;
  const { host } = refuser;
  if (status === 401 || status === 403) {
    const message = `the upstream ${host} does not take the key that this node has for it, or wants one (HTTP ${status})`;
    return upstreamError({ code: 'UPSTREAM_KEY_REFUSED', host, status }, message);
  }
  const words = wordsOf(parse(await beginning(response)), refuser);
  const message = `the upstream ${host} refuses this (HTTP ${status})${words}`;
  if (BUSY.has(status)) {
    const retryAfterSeconds = retryAfter(headers['retry-after']);
    return upstreamError({ code: 'UPSTREAM_BUSY', host, status, retryAfterSeconds }, message);
  }
  const failed = status >= 500 || GONE.has(status) || status < 400;
  if (failed) return upstreamError({ code: 'UPSTREAM_FAILED', host, status }, message);
  return upstreamError({ code: 'UPSTREAM_REFUSED', host, status }, message);
}

/** `value`: an event that holds an error. */
export function failureEvent(value: unknown, refuser: Refuser): FilonError<UpstreamErrorDetails> {
  const message = `the upstream ${refuser.host} failed in the middle of its answer${wordsOf(value, refuser)}`;
  return upstreamError({ code: 'UPSTREAM_FAILED', host: refuser.host, status: null }, message);
}

async function beginning(response: IncomingMessage): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > REFUSAL_BYTES_MAX) break;
  }
  return Buffer.concat(pieces).subarray(0, REFUSAL_BYTES_MAX).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function wordsOf(value: unknown, { key }: Refuser): string {
  const { data = '' } = said.safeParse(value);
  const unlocked = key === null ? data : data.replaceAll(key, '[key]');
  const plain = unlocked.replace(/[\p{C}\s]+/gu, ' ').trim();
  return plain === '' ? '' : `: ${plain.slice(0, REFUSAL_CHARACTERS_MAX).toWellFormed()}`;
}

function retryAfter(header: string | undefined): number {
  const seconds = /^\d{1,9}$/.test(header ?? '') ? Number(header) : RETRY_AFTER_SECONDS;
  return Math.min(RETRY_AFTER_SECONDS_MAX, Math.max(1, seconds));
}
