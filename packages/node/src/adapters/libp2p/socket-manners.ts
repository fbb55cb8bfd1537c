/** What a socket of libp2p is taught, so that it wastes no packets and leaves turns of the event loop to others. */
import type { MessageStream, MultiaddrConnection } from '@libp2p/interface';

/** Read from one socket in one turn of the event loop. Node alone reads up to 2 MB while the other end goes on sending. */
const TURN_BYTES = 65_536;

/** One write, and so one packet, for what is sent at once: noise hands over a length, then each part of what it made. */
export function sendWhole(socket: MultiaddrConnection): void {
  const send = socket.send.bind(socket);
  socket.send = (data) => send(data.subarray());
}

/**
 * Without turns a transfer holds up timers, requests and workers of this process for tens of milliseconds. Not for a
 * socket that is still negotiating: what comes waits there until somebody listens, and this listens.
 */
export function takeTurns(socket: MessageStream): void {
  let turnBytes = 0;
  const endTurn = (): void => {
    // What was held back is handed over while it resumes, and a pause within that would be undone.
    turnBytes = Number.NEGATIVE_INFINITY;
    if (socket.status === 'open') socket.resume();
    turnBytes = 0;
  };
  socket.addEventListener('message', ({ data }) => {
    if (turnBytes === 0) setImmediate(endTurn);
    turnBytes += data.byteLength;
    if (turnBytes >= TURN_BYTES && socket.status === 'open') socket.pause();
  });
}
