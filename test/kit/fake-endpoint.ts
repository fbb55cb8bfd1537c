/** An endpoint that says whatever a test has it say, down to the bytes. */
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';

export interface FakeEndpoint extends AsyncDisposable {
  /** Of its API. */
  url: string;
  /** What was asked, in order. */
  asked: { path: string; headers: IncomingHttpHeaders; body: Record<string, unknown> }[];
  /** Connections that are open now. */
  connections(): number;
}

export type Say = (response: ServerResponse, request: IncomingMessage) => void | Promise<void>;

/** `say` is called when the whole request has come. */
export async function openFakeEndpoint(
  say: Say,
  certificate?: { cert: string; key: string },
): Promise<FakeEndpoint> {
  const asked: FakeEndpoint['asked'] = [];
  const listener: RequestListener = (request, response) => {
    response.on('error', () => undefined);
    void (async () => {
      const pieces = await Array.fromAsync(request);
      const text = Buffer.concat(pieces).toString('utf8');
      const body = text === '' ? {} : JSON.parse(text);
      asked.push({ path: request.url ?? '', headers: request.headers, body });
      await say(response, request);
    })().catch(() => response.destroy());
  };
  const server = certificate ? createTlsServer(certificate, listener) : createServer(listener);
  const { url, ...rest } = await listening(server);
  return { ...rest, url: certificate ? url.replace('http:', 'https:') : url, asked };
}

/** Nothing but bytes: `say` is called once something of the request has come. */
export async function openFakeSocket(say: (socket: Socket) => void): Promise<FakeEndpoint> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => say(socket));
  });
  return { ...(await listening(server)), asked: [] };
}

async function listening(server: Server): Promise<Omit<FakeEndpoint, 'asked'>> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    connections: () => open.size,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

export function sayJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

/** Begins a stream of events. */
export function beginEvents(response: ServerResponse, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
  response.flushHeaders();
}

export function eventText(value: unknown): string {
  return `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;
}

/** A piece of a chat's answer. */
export function chatPiece(delta: Record<string, unknown>, rest: Record<string, unknown> = {}): string {
  return eventText({ choices: [{ index: 0, delta, ...rest }] });
}
