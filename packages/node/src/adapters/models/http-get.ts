/** One GET, followed through redirects, that talks to public addresses only and gives up in seconds on a dead host. */
import {
  type ClientRequest,
  get as httpGetPlain,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { get as httpsGet } from 'node:https';
import { sourceDead } from '@filon/core/model/errors';
import { isPrivateLiteral, publicLookup } from './public-addresses.ts';

export interface HttpLimits {
  /** For the name and the connection together. */
  connectMs: number;
  /** From there to the answer's first line. */
  answerMs: number;
  /** Without a single byte. */
  stallMs: number;
  redirectsMax: number;
  /** For tests: `host:port`s of this machine that may be asked all the same, by http:, too; true for all. */
  allowPrivate: boolean | readonly string[];
}

export const HTTP_LIMITS: HttpLimits = {
  connectMs: 5000,
  answerMs: 10_000,
  stallMs: 20_000,
  redirectsMax: 5,
  allowPrivate: false,
};

export interface HttpAsk {
  /** The source as people know it, for errors. */
  source: string;
  headers: Record<string, string>;
  signal: AbortSignal;
  limits: HttpLimits;
}

export interface HttpAnswer {
  status: number;
  headers: IncomingMessage['headers'];
  body: AsyncIterable<Uint8Array>;
  close(): void;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Any status but a redirect is an answer. Codes: MODEL_SOURCE_DEAD. */
export async function httpGet(address: string, ask: HttpAsk): Promise<HttpAnswer> {
  let url = new URL(address);
  for (let hops = 0; hops <= ask.limits.redirectsMax; hops++) {
    checkAllowed(url, ask, hops);
    const response = await request(url, ask);
    const status = response.statusCode ?? 0;
    const next = response.headers.location;
    if (!REDIRECTS.has(status) || next === undefined) {
      return { status, headers: response.headers, body: response, close: () => response.destroy() };
    }
    response.destroy();
    const target = URL.parse(next, url.href);
    if (target === null) throw sourceDead(ask.source, `${url.host} redirects to an address that is none`);
    url = target;
  }
  throw sourceDead(ask.source, `it redirects more than ${ask.limits.redirectsMax} times`);
}

function checkAllowed(url: URL, ask: HttpAsk, hops: number): void {
  const from = hops === 0 ? '' : 'it redirects to ';
  if (isExempt(url, ask.limits)) return;
  if (url.protocol !== 'https:')
    throw sourceDead(ask.source, `${from}${url.protocol}//${url.host}, and only https: is taken`);
  if (isPrivateLiteral(url.hostname)) {
    throw sourceDead(ask.source, `${from}${url.host}, which is a private address`);
  }
}

function isExempt(url: URL, { allowPrivate }: HttpLimits): boolean {
  return typeof allowPrivate === 'boolean' ? allowPrivate : allowPrivate.includes(url.host);
}

function request(url: URL, ask: HttpAsk): Promise<IncomingMessage> {
  const { limits, signal } = ask;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options: RequestOptions = {
    // A connection of its own, so that ending one download ends nothing else.
    agent: false,
    headers: { 'user-agent': 'filon', 'accept-encoding': 'identity', ...ask.headers },
    signal,
    timeout: limits.stallMs,
  };
  if (!isExempt(url, limits)) options.lookup = publicLookup;
  const get: typeof httpGetPlain = url.protocol === 'https:' ? httpsGet : httpGetPlain;
  const sent = get(url, options, (response) => {
    deadline.clear();
    const stalled = sourceDead(ask.source, `${url.host} sent nothing for ${limits.stallMs} ms`);
    sent.on('timeout', () => response.destroy(stalled));
    resolve(response);
  });
  const deadline = armDeadline(sent, url, ask);
  sent.on('error', (error) => {
    deadline.clear();
    reject(error);
  });
  return promise;
}

/** Ends a request that does not connect, and then one that is not answered. */
function armDeadline(sent: ClientRequest, url: URL, { source, limits }: HttpAsk): { clear(): void } {
  const after = (limitMs: number, what: string): NodeJS.Timeout =>
    setTimeout(
      () => sent.destroy(sourceDead(source, `${url.host} did not ${what} in ${limitMs} ms`)),
      limitMs,
    );
  let timer = after(limits.connectMs, 'connect');
  sent.on('socket', (socket) => {
    socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      timer = after(limits.answerMs, 'answer');
    });
  });
  return { clear: () => clearTimeout(timer) };
}
