/**
 * Plain HTTP at the door of TLS: answered with a word on what to do, where TLS alone would end the connection without
 * one. The first byte of a connection tells the two apart; nothing else of such a request is looked at or served.
 */
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import { HEADERS_TIMEOUT_MS } from './http/limits.ts';

/** How long the answer may take to reach a client that is still sending: an end before that would throw it away. */
const LINGER_MS = 2_000;
/** The first byte of a TLS handshake (RFC 8446, section 5.1) is 22; a method of HTTP begins with a capital letter. */
const CAPITAL_A = 0x41;
const CAPITAL_Z = 0x5a;

const WORDS = [
  'This address speaks HTTPS: write https:// instead of http:// before it.',
  'Esta dirección habla HTTPS: escribe https:// en lugar de http:// delante.',
  '',
].join('\n');
const ANSWER = [
  'HTTP/1.1 400 Bad Request',
  'content-type: text/plain; charset=utf-8',
  `content-length: ${Buffer.byteLength(WORDS)}`,
  'cache-control: no-store',
  'connection: close',
  '',
  WORDS,
].join('\r\n');

/** Disposing ends the connections that have not come as far as a request: HTTP's own end does not know of them. */
export function answerPlainHttp(server: Server): Disposable {
  const silent = new Set<Socket>();
  const shaking = handshakesOf(server);
  const handshakes = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    silent.add(socket);
    const end = (): unknown => socket.destroy();
    const late = setTimeout(end, HEADERS_TIMEOUT_MS);
    const heard = (): void => {
      const first: Buffer | null = socket.read(1);
      if (first === null) return;
      forget();
      if (isLetter(first[0])) {
        refuse(socket);
        return;
      }
      socket.unshift(first);
      shaking.add(socket);
      for (const handshake of handshakes) handshake.call(server, socket);
    };
    const forget = (): void => {
      clearTimeout(late);
      silent.delete(socket);
      socket.off('readable', heard).off('end', end).off('error', end).off('close', forget);
    };
    socket.on('readable', heard).on('end', end).on('error', end).on('close', forget);
  });
  return {
    [Symbol.dispose]: () => {
      for (const socket of [...silent, ...shaking.all()]) socket.destroy();
    },
  };
}

/** Sockets whose handshake is under way. TLS tells of its end with a socket of its own, which has the same other end. */
function handshakesOf(server: Server): { add: (socket: Socket) => void; all: () => readonly Socket[] } {
  const sockets = new Map<string, Socket>();
  const end = (other: Socket): unknown => sockets.delete(endOf(other));
  server.on('secureConnection', end).on('tlsClientError', (_error, other) => end(other));
  return {
    add: (socket) => {
      const name = endOf(socket);
      sockets.set(name, socket);
      socket.once('close', () => sockets.get(name) === socket && sockets.delete(name));
    },
    all: () => [...sockets.values()],
  };
}

const endOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

function isLetter(byte: number | undefined): boolean {
  return byte !== undefined && byte >= CAPITAL_A && byte <= CAPITAL_Z;
}

function refuse(socket: Socket): void {
  const late = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.on('error', () => socket.destroy()).on('close', () => clearTimeout(late));
  socket.end(ANSWER);
  socket.resume();
}
