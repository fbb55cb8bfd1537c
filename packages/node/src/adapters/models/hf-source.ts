/**
 * A file on the Hugging Face hub. The hub's own client finds the file, its size and its hash; the bytes then come by
 * plain https in parts, as from any server. (The client's faster chunked protocol is left alone: its parts cannot be
 * kept across an interruption.)
 */

import { FilonError, messageOf } from '@filon/core/errors';
import { sourceDead } from '@filon/core/model/errors';
import { type HttpAnswer, type HttpLimits, httpGet } from './http-get.ts';
import { checkStatus, parseContentRange, statusReason } from './https-source.ts';
import type { OpenedSource, OpenRequest, Source } from './source.ts';

export interface HubAddress {
  text: string;
  repo: string;
  file: string;
  /** A data set, and not a model. */
  isData?: boolean;
}

/** What the hub may say besides the file: errors, pointers. */
const HUB_ANSWER_BYTES_MAX = 1024 * 1024;

export function createHubSource(address: HubAddress, limits: HttpLimits, hubUrl: string): Source {
  return {
    text: address.text,
    copies: 1,
    async open(request) {
      const info = await findFile(address, { limits, hubUrl, signal: request.signal });
      const startOffset = request.identity === info.etag && request.offset <= info.size ? request.offset : 0;
      const body = new HubBody(address.text, info, { request, limits, startOffset });
      return {
        totalBytes: info.size,
        identity: info.etag,
        // The hub tags large files with their hash.
        sha256: /^"?([0-9a-f]{64})"?$/.exec(info.etag)?.[1] ?? null,
        startOffset,
        phase: 'downloading',
        body,
        [Symbol.asyncDispose]: async () => body.close(),
      } satisfies OpenedSource;
    },
  };
}

interface FileInfo {
  url: string;
  size: number;
  etag: string;
}

interface Asking {
  limits: HttpLimits;
  hubUrl: string;
  signal: AbortSignal;
}

async function findFile(address: HubAddress, asking: Asking): Promise<FileInfo> {
  const answers: HttpAnswer[] = [];
  // Not with this file: an idle node does without, and has 2.5 MB less (with the reader of zip files).
  const { fileDownloadInfo } = await import('@huggingface/hub');
  try {
    const info = await fileDownloadInfo({
      repo: { type: address.isData === true ? 'dataset' : 'model', name: address.repo },
      path: address.file.split('/').map(encodeURIComponent).join('/'),
      hubUrl: asking.hubUrl,
      fetch: fetchThrough(address.text, asking, answers),
    });
    if (info === null) throw sourceDead(address.text, statusReason(404), { status: 404 });
    return info;
  } catch (error) {
    throw hubFailure(address.text, answers, error);
  } finally {
    for (const answer of answers) answer.close();
  }
}

/** Paths of the files of a data set at or below `path`. Code: MODEL_SOURCE_DEAD. */
export async function listHubData(
  { text, repo, path }: { text: string; repo: string; path: string },
  asking: Asking & { filesMax: number },
): Promise<string[]> {
  const answers: HttpAnswer[] = [];
  const { listFiles } = await import('@huggingface/hub');
  const paths: string[] = [];
  try {
    const listed = listFiles({
      repo: { type: 'dataset', name: repo },
      recursive: true,
      hubUrl: asking.hubUrl,
      fetch: fetchThrough(text, asking, answers),
      ...(path === '' ? {} : { path: path.replace(/\/+$/, '') }),
    });
    for await (const entry of listed) {
      if (entry.type === 'file') paths.push(entry.path);
      if (paths.length > asking.filesMax)
        throw sourceDead(text, `it has more than ${asking.filesMax} files; name one`);
    }
    return paths;
  } catch (error) {
    throw hubFailure(text, answers, error);
  } finally {
    for (const answer of answers) answer.close();
  }
}

function hubFailure(source: string, answers: readonly HttpAnswer[], error: unknown): FilonError {
  if (error instanceof FilonError) return error;
  const status = answers.at(-1)?.status;
  if (status === undefined || status < 300) return sourceDead(source, messageOf(error), { cause: error });
  return sourceDead(source, statusReason(status), { status, cause: error });
}

/** The hub's client asks through our guarded GET. */
function fetchThrough(source: string, asking: Asking, answers: HttpAnswer[]): typeof fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const headers = Object.fromEntries(new Headers(init?.headers));
    const answer = await httpGet(url, { source, headers, signal: asking.signal, limits: asking.limits });
    answers.push(answer);
    const answerHeaders = new Headers();
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value !== undefined) answerHeaders.set(name, String(value));
    }
    const hasBody = answer.status !== 204 && answer.status !== 304;
    const body = hasBody ? ReadableStream.from(bounded(answer.body)) : null;
    return new Response(body, { status: answer.status, headers: answerHeaders });
  };
}

async function* bounded(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > HUB_ANSWER_BYTES_MAX) return;
    yield chunk;
  }
}

/** Asks for the bytes when they are first read. */
class HubBody implements AsyncIterable<Uint8Array> {
  readonly #source: string;
  readonly #info: FileInfo;
  readonly #asked: { request: OpenRequest; limits: HttpLimits; startOffset: number };
  #answer: HttpAnswer | null = null;

  constructor(
    source: string,
    info: FileInfo,
    asked: { request: OpenRequest; limits: HttpLimits; startOffset: number },
  ) {
    this.#source = source;
    this.#info = info;
    this.#asked = asked;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const { request, limits, startOffset } = this.#asked;
    if (startOffset === this.#info.size) return;
    // Always a part, so that an answer without one shows a server that would send other bytes than those asked for.
    const headers = { range: `bytes=${startOffset}-${this.#info.size - 1}` };
    const answer = await httpGet(this.#info.url, {
      source: this.#source,
      headers,
      signal: request.signal,
      limits,
    });
    this.#answer = answer;
    checkStatus(this.#source, answer);
    const start =
      answer.status === 206 ? parseContentRange(this.#source, answer.headers['content-range']).start : 0;
    if (start !== startOffset) throw sourceDead(this.#source, 'it did not send the part that was asked for');
    yield* answer.body;
  }

  close(): void {
    this.#answer?.close();
  }
}
