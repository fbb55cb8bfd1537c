/** A loopback web server with files, which can be made to misbehave in every way that downloads must survive. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FileBehaviour {
  content: Uint8Array;
  /** Its hash unless given; null: none. */
  etag?: string | null;
  /** Cuts the connection after so many bytes of each answer. */
  cutAfter?: number;
  /** Sends nothing behind this place of the content, and stays connected. */
  stallAt?: number;
  /** Answers with all, whatever part was asked for. */
  ignoresRange?: boolean;
  headers?: Record<string, string>;
}

export interface Asked {
  path: string;
  range: string | undefined;
}

export class FileServer implements AsyncDisposable {
  readonly files: Map<string, FileBehaviour> = new Map();
  /** Where a path redirects to. */
  readonly redirects: Map<string, string> = new Map();
  /** What a path answers instead of its file. */
  readonly statuses: Map<string, number> = new Map();
  readonly asked: Asked[] = [];
  readonly #server: Server;
  #gate: Promise<void> = Promise.resolve();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<FileServer> {
    const server = createServer();
    const files = new FileServer(server);
    server.on('request', (request, response) => void files.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return files;
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${path}`;
  }

  count(path: string): number {
    return this.asked.filter((asked) => asked.path === path).length;
  }

  /** Answers nothing until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').slice(1);
    this.asked.push({ path, range: request.headers.range });
    response.on('error', () => undefined);
    await this.#gate;
    const target = this.redirects.get(path);
    const file = this.files.get(path);
    const status = this.statuses.get(path);
    if (status !== undefined) response.writeHead(status).end('sorry');
    else if (target !== undefined) response.writeHead(302, { location: target }).end();
    else if (file === undefined) response.writeHead(404).end('no such file');
    else send(file, request, response);
  }
}

function send(file: FileBehaviour, request: IncomingMessage, response: ServerResponse): void {
  const { content } = file;
  const etag =
    file.etag === undefined ? `"${createHash('sha256').update(content).digest('hex')}"` : file.etag;
  const start = file.ignoresRange ? 0 : rangeStart(request, etag);
  const total = content.length;
  const headers = { ...(etag === null ? {} : { etag }), ...file.headers };
  if (start >= total && start > 0) {
    response.writeHead(416, { 'content-range': `bytes */${total}` }).end();
    return;
  }
  const isPart = request.headers.range !== undefined && !file.ignoresRange && isSame(request, etag);
  const part = isPart ? { 'content-range': `bytes ${start}-${total - 1}/${total}` } : {};
  response.writeHead(isPart ? 206 : 200, { 'content-length': total - start, ...part, ...headers });
  const rest = content.subarray(start);
  const limit = file.stallAt === undefined ? file.cutAfter : Math.max(0, file.stallAt - start);
  if (limit === undefined || limit >= rest.length) response.end(rest);
  else response.write(rest.subarray(0, limit), () => file.cutAfter !== undefined && response.destroy());
}

function isSame(request: IncomingMessage, etag: string | null): boolean {
  const condition = request.headers['if-range'];
  return condition === undefined || condition === etag;
}

function rangeStart(request: IncomingMessage, etag: string | null): number {
  const [, start] = /^bytes=(\d+)-/.exec(request.headers.range ?? '') ?? [];
  return start === undefined || !isSame(request, etag) ? 0 : Number(start);
}
