/** Binds the gateway: to this machine alone, or to its network where callers must show who they are. */
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { FilonError, isFilonError, messageOf } from '@filon/core/errors';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { inUrl, isLoopback, Peers } from './access/peer.ts';
import { createGateway, type GatewayDeps } from './gateway.ts';
import type { GatewayErrorDetails } from './http/errors.ts';
import { guardTarget } from './http/guard.ts';
import {
  BODY_TIMEOUT_MS,
  CONNECTIONS_MAX,
  HEADER_BYTES_MAX,
  HEADERS_TIMEOUT_MS,
  IDLE_CONNECTION_MS,
  LATE_CHECK_MS,
} from './http/limits.ts';
import { invalid } from './http/validate.ts';
import { listenInside } from './inside.ts';
import { errorResponse } from './openai/error-shape.ts';
import { answerPlainHttp } from './plain-http.ts';

export interface GatewayConfig {
  /** An address or name of this machine; beyond loopback, callers need a key or a session. */
  host: string;
  /** 0: any free port. */
  port: number;
  /** Further names with port under which clients reach this node, e.g. by a tunnel of their own. */
  hosts: readonly string[];
  /** Origins of web pages that may call. */
  origins: readonly string[];
  /** PEM. Absent: plain HTTP. */
  tls?: { cert: string; key: string } | undefined;
  /** A proxy is in front, so a caller on this machine may be anybody. Always so in plain HTTP beyond loopback. */
  proxied?: boolean | undefined;
  /** A unix socket for the user's own commands, which need no key there. */
  socketPath?: string | undefined;
  /** How long requests in work may take to end when the gateway closes. */
  stopMs: number;
}

export interface OpenGateway extends AsyncDisposable {
  host: string;
  port: number;
  /** For callers on this machine. Without a slash at the end. */
  url: string;
  /** For callers on the network, as it is now; none on loopback. */
  lanUrls(): string[];
}

export const SERVER_OPTIONS: ServerOptions = {
  maxHeaderSize: HEADER_BYTES_MAX,
  headersTimeout: HEADERS_TIMEOUT_MS,
  // Of headers and body together; the body alone is timed again where it is read.
  requestTimeout: HEADERS_TIMEOUT_MS + BODY_TIMEOUT_MS,
  keepAliveTimeout: IDLE_CONNECTION_MS,
  // Node looks for late requests only so often, and every 30 s unless told.
  connectionsCheckingInterval: LATE_CHECK_MS,
};

/** Codes: GATEWAY_NOT_LOOPBACK, GATEWAY_PORT_TAKEN, GATEWAY_LISTEN_FAILED, GATEWAY_TLS_FILES. */
export async function openGateway(
  config: GatewayConfig,
  deps: Omit<GatewayDeps, 'hosts' | 'origins' | 'schemes' | 'reach'>,
): Promise<OpenGateway> {
  const { host, tls } = config;
  const beyond = !isLoopback(host);
  if (beyond && !admitsAnybody(deps)) throw notLoopback(host);
  const hosts = new Set(config.hosts.map((name) => name.toLowerCase()));
  const origins = new Set(config.origins.map((origin) => origin.toLowerCase()));
  const lanHosts = new Set<string>();
  const peers = new Peers();
  const proxied = config.proxied === true || (beyond && tls === undefined);
  const app = createGateway({
    ...{ ...deps, hosts, origins, schemes: schemesOf(tls !== undefined, proxied) },
    reach: { peerOf: peers.of, lanHosts, proxied },
  });
  const answer = (request: Request, env: HttpBindings): Response | Promise<Response> => {
    guardTarget(env.incoming.url ?? '', env.incoming.headers.host);
    return app.fetch(request, env);
  };
  const plain = { overrideGlobalObjects: false, errorHandler: malformed };
  const listener = getRequestListener((request, env) => answer(request, env as HttpBindings), plain);
  const secure = tls === undefined ? null : tlsServer(listener, tls);
  const server = secure ?? createServer(SERVER_OPTIONS, listener);
  server.maxConnections = CONNECTIONS_MAX;
  const plainHttp = secure === null ? null : answerPlainHttp(secure);
  peers.watch(server, tls === undefined ? 'connection' : 'secureConnection');
  await using stack = new AsyncDisposableStack();
  const closing = { clock: deps.clock, stopMs: config.stopMs };
  const address = await listen(server, config);
  stack.defer(async () => {
    const closed = close(server, closing);
    plainHttp?.[Symbol.dispose]();
    await closed;
  });
  if (!beyond && !isLoopback(address.address)) throw notLoopback(`${host} (${address.address})`);
  if (config.socketPath !== undefined) {
    const inside = createServer(SERVER_OPTIONS, listener);
    peers.watchInside(inside);
    stack.use(await listenInside(inside, config.socketPath));
    stack.defer(() => close(inside, closing));
  }
  const { port } = address;
  addNames(hosts, ['127.0.0.1', 'localhost', '[::1]', ...(beyond ? [] : [inUrl(host)])], port);
  if (beyond) addNames(lanHosts, [inUrl(host), hostname(), `${hostname()}.local`], port);
  const scheme = tls === undefined ? 'http' : 'https';
  const parts = stack.move();
  return {
    host,
    port,
    url: `${scheme}://${inUrl(beyond ? loopbackBeside(host) : host)}:${port}`,
    lanUrls: () => (beyond ? lanAddresses(host).map((one) => `${scheme}://${inUrl(one)}:${port}`) : []),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** A door that nobody has a key to is a mistake. */
function admitsAnybody({ access }: Pick<GatewayDeps, 'access'>): boolean {
  return access !== undefined && (access.keys.count > 0 || access.sessions.list().length > 0);
}

/** Behind a proxy our own pages may have either: we do not see which. */
function schemesOf(tls: boolean, proxied: boolean): ('http' | 'https')[] {
  if (proxied) return ['http', 'https'];
  return [tls ? 'https' : 'http'];
}

function tlsServer(listener: RequestListener, tls: { cert: string; key: string }): TlsServer {
  const handshakeTimeout = HEADERS_TIMEOUT_MS;
  try {
    return createTlsServer({ ...SERVER_OPTIONS, ...tls, handshakeTimeout, minVersion: 'TLSv1.2' }, listener);
  } catch (cause) {
    const reason = messageOf(cause);
    const message = `the certificate and its key cannot be used: ${reason}; give a matching pair in PEM`;
    throw new FilonError<GatewayErrorDetails>({ code: 'GATEWAY_TLS_FILES', reason }, message, { cause });
  }
}

function addNames(names: Set<string>, added: readonly string[], port: number): void {
  for (const name of added) {
    names.add(`${name.toLowerCase()}:${port}`);
    if (port === 80 || port === 443) names.add(name.toLowerCase());
  }
}

/** Where a caller on this machine reaches a server that listens on `host`. */
function loopbackBeside(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

function lanAddresses(host: string): string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host];
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const wanted = all.filter(
    ({ internal, family, address }) =>
      !internal && (family === 'IPv4' || host === '::') && !address.startsWith('fe80'),
  );
  return wanted.map(({ address }) => address);
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

/** For requests so malformed that they never become one. */
function malformed(error: unknown): Response {
  return errorResponse(isFilonError(error) ? error : invalid(null, 'the request is not valid HTTP'));
}

function notLoopback(host: string): FilonError {
  return new FilonError<GatewayErrorDetails>(
    { code: 'GATEWAY_NOT_LOOPBACK', host },
    `${host} can be reached from other machines, and callers there need a key: make the first one with \`filon keys add NAME\`, then start again; or listen on 127.0.0.1 for this machine alone`,
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
