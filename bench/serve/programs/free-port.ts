/** A TCP port of this machine that nobody listens on. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { invariant } from '@filon/core/errors';

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  invariant(address !== null && typeof address === 'object', 'a TCP server has a port');
  server.close();
  await once(server, 'close');
  return address.port;
}
