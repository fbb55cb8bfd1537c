/**
 * A unix socket's path may have 107 bytes, however deep the home lies. On Linux a longer one is reached through an open
 * descriptor of its folder, which makes the path short without another place for the socket.
 */
import { closeSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';

export const SOCKET_PATH_BYTES_MAX = 107;

export interface SocketPath extends Disposable {
  /** To listen on or to connect to; valid until it is disposed of. */
  readonly path: string;
}

export function openSocketPath(path: string): SocketPath {
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX || process.platform !== 'linux') {
    return { path, [Symbol.dispose]: () => {} };
  }
  const folder = openSync(dirname(path), 'r');
  return {
    path: `/proc/self/fd/${folder}/${basename(path)}`,
    [Symbol.dispose]: () => closeSync(folder),
  };
}
