/** The node's HTTP API, as far as the chat uses it. */
import { FilonError, messageOf } from '@filon/core/errors';
import type { PrivacyTier } from '@filon/core/serving/tier';
import { EventReader } from '@filon/core/wire/event-reader';
import type { WireErrorDetails } from './errors.ts';

const EVENT_CHARACTERS_MAX = 16_777_216;

/** So long nothing may come: a node sends a comment every 10 s, and begins within 5. */
const SILENT_MS = 30_000;

export interface Waiting {
  signal: AbortSignal;
}

/** Another node than the page's own. */
export interface Gateway {
  /** Its origin. */
  url: string;
  key: string;
}

/** null or absent: the page's own node. */
interface Where {
  at?: Gateway | null;
}

/** Sends a question and gives the events of its answer. Codes: WEB_UNREACHABLE, WEB_STREAM_INVALID, WEB_REFUSED. */
export async function startResponse(
  body: object,
  { signal, tier, at = null }: Waiting & Where & { tier: PrivacyTier },
): Promise<AsyncIterable<unknown>> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'filon-tier': tier },
    body: JSON.stringify(body),
    signal,
  };
  const response = await call('/v1/responses', init, at);
  return eventsOf(response);
}

/** The events after `afterSequence`. Codes as `startResponse`. */
export async function resumeResponse(
  id: string,
  afterSequence: number,
  { signal, at = null }: Waiting & Where,
): Promise<AsyncIterable<unknown>> {
  const after = afterSequence < 0 ? '' : `&starting_after=${afterSequence}`;
  return eventsOf(await call(`${pathOf(id)}?stream=true${after}`, { signal }, at));
}

/** The slot is free when this resolves. */
export async function cancelResponse(id: string, at: Gateway | null = null): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  await call(`${pathOf(id)}/cancel`, { method: 'POST', headers, body: '{}' }, at);
}

/** The node forgets the answer: conversations are kept in the browser alone. */
export async function deleteResponse(id: string, at: Gateway | null = null): Promise<void> {
  await call(pathOf(id), { method: 'DELETE' }, at);
}

/** Codes: WEB_UNREACHABLE, WEB_STREAM_INVALID, WEB_REFUSED. */
export async function readJson(path: string, { signal }: Waiting): Promise<unknown> {
  const response = await call(path, { signal });
  return await response.json().catch((cause: unknown) => {
    throw unreachable(cause);
  });
}

function pathOf(id: string): string {
  return `/v1/responses/${encodeURIComponent(id)}`;
}

export async function call(path: string, init: RequestInit, at: Gateway | null = null): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`${at?.url ?? ''}${path}`, { cache: 'no-store', ...init, ...shownTo(at, init) });
  } catch (cause) {
    throw unreachable(cause);
  }
  if (response.ok) return response;
  throw await refusalOf(response);
}

/** Cookies are for the page's own node. */
function shownTo(at: Gateway | null, { headers }: RequestInit): RequestInit {
  if (at === null) return {};
  const shown = new Headers(headers);
  shown.set('authorization', `Bearer ${at.key}`);
  return { headers: shown, credentials: 'omit' };
}

async function refusalOf(response: Response): Promise<FilonError<WireErrorDetails>> {
  const body: unknown = await response.json().catch(() => null);
  const error = memberOf(body, 'error');
  const message = memberOf(error, 'message');
  const code = response.headers.get('x-filon-error') ?? memberOf(error, 'code');
  return new FilonError<WireErrorDetails>(
    { code: 'WEB_REFUSED', status: response.status, reason: typeof code === 'string' ? code : '' },
    typeof message === 'string' ? message : `the node answered with status ${response.status}`,
  );
}

export async function* eventsOf(response: Response): AsyncGenerator<unknown> {
  const reader = new EventReader({ charactersMax: EVENT_CHARACTERS_MAX, tooLong });
  const pieces = (response.body ?? new ReadableStream<Uint8Array>()).pipeThrough(decoder()).getReader();
  try {
    for (;;) {
      const { done, value } = await readPiece(pieces);
      if (done) return;
      for (const data of reader.push(value ?? '')) if (data !== '[DONE]') yield parse(data);
    }
  } finally {
    await pieces.cancel().catch(() => undefined);
  }
}

/** Broken UTF-8 becomes replacement characters. */
function decoder(): ReadableWritablePair<string, Uint8Array<ArrayBuffer>> {
  const { readable, writable } = new TextDecoderStream();
  return { readable, writable };
}

async function readPiece(
  pieces: ReadableStreamDefaultReader<string>,
): Promise<{ done: boolean; value?: string | undefined }> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RangeError(`it said nothing for ${SILENT_MS / 1000} s`)), SILENT_MS);
  });
  try {
    return await Promise.race([pieces.read(), silent]);
  } catch (cause) {
    throw unreachable(cause);
  } finally {
    clearTimeout(timer);
  }
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch (cause) {
    throw new FilonError<WireErrorDetails>(
      { code: 'WEB_STREAM_INVALID' },
      'an event of the node is no JSON',
      { cause },
    );
  }
}

function tooLong(): FilonError<WireErrorDetails> {
  return new FilonError({ code: 'WEB_STREAM_INVALID' }, 'an event of the node does not end');
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined;
}

function unreachable(cause: unknown): FilonError<WireErrorDetails> {
  return new FilonError<WireErrorDetails>(
    { code: 'WEB_UNREACHABLE' },
    `the node cannot be reached: ${messageOf(cause)}`,
    { cause },
  );
}
