/** A file behind an https address, in parts where the server can (RFC 9110, sections 13.1.5 and 14). */
import { sourceDead } from '@filon/core/model/errors';
import { type HttpAnswer, type HttpLimits, httpGet } from './http-get.ts';
import type { OpenedSource, OpenRequest, Source } from './source.ts';

export interface WebAddress {
  text: string;
  url: string;
}

export function createHttpsSource(address: WebAddress, limits: HttpLimits): Source {
  const open = async (request: OpenRequest): Promise<OpenedSource> => {
    const resuming = request.offset > 0 && request.identity !== null;
    const headers: Record<string, string> = resuming
      ? { range: `bytes=${request.offset}-`, 'if-range': request.identity ?? '' }
      : {};
    const answer = await httpGet(address.url, {
      source: address.text,
      headers,
      signal: request.signal,
      limits,
    });
    try {
      // A server that looks at the range first refuses it when its file has become shorter.
      if (answer.status === 416 && resuming && totalOfRefusal(answer) !== request.offset) {
        answer.close();
        return await open({ ...request, offset: 0, identity: null });
      }
      return openAnswer(address.text, request, answer);
    } catch (error) {
      answer.close();
      throw error;
    }
  };
  return { text: address.text, copies: 1, open };
}

function openAnswer(source: string, request: OpenRequest, answer: HttpAnswer): OpenedSource {
  const { status, headers } = answer;
  if (status === 416 && totalOfRefusal(answer) === request.offset) return openComplete(request, answer);
  checkStatus(source, answer);
  const range = status === 206 ? parseContentRange(source, headers['content-range']) : null;
  if (range !== null && range.start !== request.offset) {
    throw sourceDead(source, `it sent bytes from ${range.start} on, not from ${request.offset}`);
  }
  return {
    totalBytes: range === null ? lengthOf(headers['content-length']) : range.total,
    // A part may leave out what the server asked us to compare it by.
    identity: identityOf(answer) ?? (range === null ? null : request.identity),
    sha256: null,
    startOffset: range?.start ?? 0,
    phase: 'downloading',
    body: answer.body,
    [Symbol.asyncDispose]: async () => answer.close(),
  };
}

function totalOfRefusal(answer: HttpAnswer): number {
  return Number(/^bytes \*\/(\d+)$/.exec(answer.headers['content-range'] ?? '')?.[1]);
}

/** All of the same content is here: nothing is left to send. */
function openComplete(request: OpenRequest, answer: HttpAnswer): OpenedSource {
  return {
    totalBytes: request.offset,
    identity: request.identity,
    sha256: null,
    startOffset: request.offset,
    phase: 'downloading',
    body: none(),
    [Symbol.asyncDispose]: async () => answer.close(),
  };
}

async function* none(): AsyncGenerator<Uint8Array> {}

/** Throws MODEL_SOURCE_DEAD unless the answer carries the file. */
export function checkStatus(source: string, answer: HttpAnswer): void {
  const { status, headers } = answer;
  if (status !== 200 && status !== 206) throw sourceDead(source, statusReason(status), { status });
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw sourceDead(source, `it sent the file encoded as ${encoding}`);
}

export function statusReason(status: number): string {
  if (status === 401 || status === 403) return `it wants a sign-in or refuses everybody (HTTP ${status})`;
  if (status === 404 || status === 410) return `no such file is there (HTTP ${status})`;
  if (status === 429) return 'it is asked too often (HTTP 429); try again later';
  return `it answered HTTP ${status}`;
}

export function parseContentRange(
  source: string,
  header: string | undefined,
): { start: number; total: number | null } {
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header ?? '') ?? [];
  if (start === undefined) throw sourceDead(source, 'it sent a part without saying which');
  return { start: Number(start), total: total === '*' ? null : Number(total) };
}

function lengthOf(header: string | undefined): number | null {
  return header === undefined ? null : Number(header);
}

/** A strong entity tag, else the date; both are good for If-Range. */
function identityOf({ headers }: HttpAnswer): string | null {
  const tag = headers.etag;
  if (tag !== undefined && !tag.startsWith('W/')) return tag;
  return headers['last-modified'] ?? null;
}
