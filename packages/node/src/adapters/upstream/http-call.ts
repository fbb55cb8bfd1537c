/**
 * One request to an endpoint over a connection of its own, so that leaving it closes what it ran on. Nothing is followed,
 * nothing unpacked, and the key is in no message.
 */
import { type ClientRequest, type IncomingMessage, request as requestPlain } from 'node:http';
import { type RequestOptions, request as requestTls } from 'node:https';
import { TLSSocket } from 'node:tls';
import { isFilonError, messageOf } from '@filon/core/errors';
import { upstreamHost } from '@filon/core/upstream/address';
import { upstreamBroken, upstreamError, upstreamUnreachable } from '@filon/core/upstream/errors';
import { PASSED_ON_HEADER } from '@filon/core/upstream/kinds';
import type { EndpointAddress } from '../../ports/upstreams.ts';
import type { UpstreamLimits } from './limits.ts';
import { refusal } from './refusal.ts';

export interface HttpAsk {
  /** Below the base. */
  path: string;
  /** Posted as JSON; null: a GET. */
  body: unknown;
  /** What the answer must be. */
  type: 'application/json' | 'text/event-stream';
  signal: AbortSignal;
  limits: UpstreamLimits;
}

export interface HttpAnswer extends Disposable {
  readonly host: string;
  readonly body: AsyncIterable<Uint8Array>;
  /** The connection is cut with an error when nothing more is asked of it within this time; null: no more. */
  expectWithin(durationMs: number | null): void;
}

/** Of status 200 and the right type, or it throws. Codes: UPSTREAM_*. */
export async function call(endpoint: EndpointAddress, ask: HttpAsk): Promise<HttpAnswer> {
  const host = upstreamHost(endpoint.url);
  ask.signal.throwIfAborted();
  const { sent, body } = prepare(endpoint, ask);
  const timer = new Timer((error) => sent.destroy(error));
  try {
    const response = await answerOf(sent, { host, timer, limits: ask.limits, body, ...endpoint });
    timer.cut = (error) => response.destroy(error);
    // Whoever waits for the body hears of it there; a body that nobody waits for must not end the process.
    response.on('error', () => undefined);
    await check(response, { host, key: endpoint.key, type: ask.type });
    return {
      host,
      body: bodyOf(response, { host, signal: ask.signal }),
      expectWithin: (durationMs) =>
        durationMs === null ? timer.clear() : timer.set(durationMs, (ms) => stalled(host, ms)),
      [Symbol.dispose]: () => {
        timer.clear();
        sent.destroy();
      },
    };
  } catch (error) {
    timer.clear();
    sent.destroy();
    ask.signal.throwIfAborted();
    throw error;
  }
}

/** Connects; nothing is sent yet. */
function prepare(
  { url, key, fingerprint }: EndpointAddress,
  ask: HttpAsk,
): { sent: ClientRequest; body: string | undefined } {
  const address = new URL(url + ask.path);
  const body = ask.body === null ? undefined : JSON.stringify(ask.body);
  const options: RequestOptions = {
    method: body === undefined ? 'GET' : 'POST',
    agent: false,
    // It is known by its fingerprint then, before anything is sent.
    rejectUnauthorized: fingerprint === null,
    signal: ask.signal,
    maxHeaderSize: ask.limits.headerBytesMax,
    headers: {
      'user-agent': 'filon',
      accept: ask.type,
      'accept-encoding': 'identity',
      [PASSED_ON_HEADER]: '1',
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    },
  };
  const request: typeof requestPlain = address.protocol === 'https:' ? requestTls : requestPlain;
  return { sent: request(address, options), body };
}

interface Sending {
  host: string;
  timer: Timer;
  limits: UpstreamLimits;
  body: string | undefined;
  fingerprint: string | null;
}

function answerOf(
  sent: ClientRequest,
  { host, timer, limits, body, fingerprint }: Sending,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const late =
    (what: string) =>
    (ms: number): Error =>
      upstreamUnreachable(host, `it did not ${what} within ${ms} ms`);
  timer.set(limits.connectMs, late('connect'));
  sent.on('socket', (socket) => {
    const isTls = socket instanceof TLSSocket;
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      const shown = isTls ? socket.getPeerCertificate().fingerprint256 : null;
      if (fingerprint !== null && shown !== fingerprint) {
        sent.destroy(wrongCertificate(host, `its certificate has the fingerprint ${shown}`));
        return;
      }
      timer.set(limits.answerMs, late('answer'));
      sent.end(body);
    });
  });
  sent.on('response', resolve);
  sent.on('error', (error) => reject(isFilonError(error) ? error : connectionError(host, error)));
  return promise;
}

const UNKNOWN_CERTIFICATES: ReadonlySet<unknown> = new Set([
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ...['ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_HAS_EXPIRED'],
]);

function connectionError(host: string, error: Error): Error {
  const code = 'code' in error ? error.code : null;
  if (UNKNOWN_CERTIFICATES.has(code)) return wrongCertificate(host, messageOf(error));
  return upstreamUnreachable(host, messageOf(error));
}

function wrongCertificate(host: string, why: string): Error {
  const message = `the upstream ${host} cannot be told from others: ${why}; if it is the right one, add it with --fingerprint`;
  return upstreamError({ code: 'UPSTREAM_CERTIFICATE', host, why }, message);
}

interface Expected {
  host: string;
  key: string | null;
  type: HttpAsk['type'];
}

async function check(response: IncomingMessage, { host, key, type }: Expected): Promise<void> {
  const { statusCode: status = 0, headers } = response;
  if (status >= 300 && status < 400) {
    const message = `the upstream ${host} redirects elsewhere (HTTP ${status}); add it by the address where it is`;
    throw upstreamError({ code: 'UPSTREAM_REDIRECTED', host, status }, message);
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw upstreamBroken(host, 'it sends what was asked for unpacked as packed');
  if (status !== 200) throw await refusal(response, { host, key });
  const [given = ''] = (headers['content-type'] ?? '').split(';');
  if (given.trim().toLowerCase() !== type) throw upstreamBroken(host, `it sends something else than ${type}`);
}

async function* bodyOf(
  response: IncomingMessage,
  { host, signal }: { host: string; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of response) yield piece;
  } catch (error) {
    signal.throwIfAborted();
    if (isFilonError(error)) throw error;
    throw upstreamBroken(host, `its answer broke off: ${messageOf(error)}`);
  }
}

/** One time limit at a time. */
class Timer {
  cut: (error: Error) => void;
  #running: NodeJS.Timeout | undefined;

  constructor(cut: (error: Error) => void) {
    this.cut = cut;
  }

  set(durationMs: number, late: (ms: number) => Error): void {
    this.clear();
    this.#running = setTimeout(() => this.cut(late(durationMs)), durationMs);
  }

  clear(): void {
    clearTimeout(this.#running);
  }
}

function stalled(host: string, quietMs: number): Error {
  const message = `the upstream ${host} has said nothing for ${quietMs} ms`;
  return upstreamError({ code: 'UPSTREAM_STALLED', host, quietMs }, message);
}
