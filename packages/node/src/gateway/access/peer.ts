/** Where a request comes from, as its connection says: noted when the connection opens, because a closed one forgets. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Context } from 'hono';

export type Peer =
  /** Through the socket in the node's home, which only its user may open; or a call within the process. */
  | { kind: 'inside' }
  /** `here`: our end of the connection, as a `Host` header names it. */
  | { kind: 'network'; address: string; loopback: boolean; here: string };

export type PeerOf = (context: Context) => Peer;

/** A connection that nobody noted: from nowhere, so trusted with nothing. */
const UNKNOWN: Peer = { kind: 'network', address: '', loopback: false, here: '' };
export const INSIDE: Peer = { kind: 'inside' };

export class Peers {
  readonly #known = new WeakMap<object, Peer>();

  /** `event`: when a connection may carry requests. */
  watch(server: Server, event: 'connection' | 'secureConnection'): void {
    server.on(event, (socket: Socket) => this.#known.set(socket, networkPeer(socket)));
  }

  /** For a server on a unix socket. */
  watchInside(server: Server): void {
    server.on('connection', (socket: Socket) => this.#known.set(socket, INSIDE));
  }

  readonly of: PeerOf = (context) => {
    const env: { incoming?: { socket: object } } | undefined = context.env;
    if (env?.incoming === undefined) return INSIDE;
    return this.#known.get(env.incoming.socket) ?? UNKNOWN;
  };
}

export function isLoopback(address: string): boolean {
  return /^(localhost|::1|127(\.\d{1,3}){3})$/i.test(address);
}

/** An address or name as addresses of pages have it. */
export function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host.toLowerCase();
}

function networkPeer(socket: Socket): Peer {
  const address = plain(socket.remoteAddress);
  const here = `${inUrl(plain(socket.localAddress))}:${socket.localPort ?? 0}`;
  return { kind: 'network', address, loopback: isLoopback(address), here };
}

/** Without the form that IPv4 addresses have on sockets of IPv6, and without the interface. */
function plain(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}
