/** Binds the gateway to an address of this machine alone. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FilonError, isFilonError, messageOf } from '@filon/core/errors';
import { getRequestListener } from '@hono/node-server';
import { createGateway, type GatewayDeps } from './gateway.ts';
import type { GatewayErrorDetails } from './http/errors.ts';
import {
  BODY_TIMEOUT_MS,
  CONNECTIONS_MAX,
  HEADER_BYTES_MAX,
  HEADERS_TIMEOUT_MS,
  IDLE_CONNECTION_MS,
} from './http/limits.ts';
import { invalid } from './http/validate.ts';
import { errorResponse } from './openai/error-shape.ts';

export interface GatewayConfig {
  /** A loopback address, or `localhost`. */
  host: string;
  /** 0: any free port. */
  port: number;
  /** Further names with port under which clients reach this node, e.g. by a tunnel of their own. */
  hosts: readonly string[];
  /** Origins of web pages that may call. */
  origins: readonly string[];
  /** How long requests in work may take to end when the gateway closes. */
  stopMs: number;
}

export interface OpenGateway extends AsyncDisposable {
  host: string;
  port: number;
  /** Without a slash at the end. */
  url: string;
}

/** Codes: GATEWAY_NOT_LOOPBACK, GATEWAY_PORT_TAKEN, GATEWAY_LISTEN_FAILED. */
export async function openGateway(
  config: GatewayConfig,
  deps: Omit<GatewayDeps, 'hosts' | 'origins'>,
): Promise<OpenGateway> {
  const { host } = config;
  if (!isLoopback(host)) throw notLoopback(host);
  const hosts = new Set(config.hosts.map((name) => name.toLowerCase()));
  const origins = new Set(config.origins.map((origin) => origin.toLowerCase()));
  const app = createGateway({ ...deps, hosts, origins });
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      // Of headers and body together; the body alone is timed again where it is read.
      requestTimeout: HEADERS_TIMEOUT_MS + BODY_TIMEOUT_MS,
      keepAliveTimeout: IDLE_CONNECTION_MS,
    },
    getRequestListener(app.fetch, { overrideGlobalObjects: false, errorHandler: plainError }),
  );
  server.maxConnections = CONNECTIONS_MAX;
  const address = await listen(server, config);
  if (!isLoopback(address.address)) {
    server.close();
    throw notLoopback(`${host} (${address.address})`);
  }
  const { port } = address;
  for (const name of ['127.0.0.1', 'localhost', '[::1]', inUrl(host)]) {
    hosts.add(`${name}:${port}`);
    if (port === 80) hosts.add(name);
  }
  return {
    host,
    port,
    url: `http://${inUrl(host)}:${port}`,
    [Symbol.asyncDispose]: () => close(server, { clock: deps.clock, stopMs: config.stopMs }),
  };
}

async function listen(server: Server, { host, port }: GatewayConfig): Promise<AddressInfo> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port, exclusive: true }, resolve);
  try {
    await promise;
  } catch (cause) {
    throw listenError(cause, { host, port });
  } finally {
    server.off('error', reject);
  }
  const address = server.address();
  if (address !== null && typeof address === 'object') return address;
  throw listenError('the server has no address', { host, port });
}

/** Takes no new connection; waits for requests in work, then cuts what is left. */
async function close(
  server: Server,
  { clock, stopMs }: { clock: GatewayDeps['clock']; stopMs: number },
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  const closed = new AbortController();
  const late = clock.sleep(stopMs, { signal: closed.signal }).catch(() => undefined);
  await Promise.race([promise, late]);
  closed.abort();
  server.closeAllConnections();
  await promise;
}

function isLoopback(host: string): boolean {
  return /^(localhost|::1|127(\.\d{1,3}){3})$/i.test(host);
}

function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host.toLowerCase();
}

/** For requests so malformed that they never become one. */
function plainError(error: unknown): Response {
  return errorResponse(isFilonError(error) ? error : invalid(null, 'the request is not valid HTTP'));
}

function notLoopback(host: string): FilonError {
  return new FilonError<GatewayErrorDetails>(
    { code: 'GATEWAY_NOT_LOOPBACK', host },
    `${host} can be reached from other machines, and callers need no key yet; listen on 127.0.0.1, ::1 or localhost`,
  );
}

function listenError(cause: unknown, { host, port }: { host: string; port: number }): FilonError {
  if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') {
    const message = `port ${port} of ${host} is taken; stop what listens there or choose another with --port`;
    return new FilonError<GatewayErrorDetails>({ code: 'GATEWAY_PORT_TAKEN', host, port }, message, {
      cause,
    });
  }
  const reason = messageOf(cause);
  return new FilonError<GatewayErrorDetails>(
    { code: 'GATEWAY_LISTEN_FAILED', host, port, reason },
    `cannot listen on ${host}:${port}: ${reason}`,
    { cause },
  );
}
