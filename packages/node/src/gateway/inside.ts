/** The gateway on a unix socket that only the node's user may open: whoever reaches it is this user. */
import { rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { openSocketPath } from '../home/socket-path.ts';

/** What lies at `path` is taken to be left over, so hold the home's lock. The server is closed by its owner. */
export async function listenInside(server: Server, path: string): Promise<Disposable> {
  rmSync(path, { force: true });
  const socketPath = openSocketPath(path);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  // The mask makes the socket 0600 from its first moment; `listen` binds before it returns.
  const mask = process.umask(0o177);
  server.listen(socketPath.path, resolve);
  process.umask(mask);
  try {
    await promise;
  } catch (error) {
    socketPath[Symbol.dispose]();
    throw error;
  } finally {
    server.off('error', reject);
  }
  return socketPath;
}
