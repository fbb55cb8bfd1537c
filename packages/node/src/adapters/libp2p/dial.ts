/** Tries the addresses of a peer side by side, the next one a moment after the last. The first that answers is taken. */
import { setTimeout as delay } from 'node:timers/promises';
import { orAborted } from '@filon/core/abort';
import { refused, unreachable } from '@filon/core/swarm/network-errors';
import type { Connection } from '@libp2p/interface';
import type { Waiting } from '../../ports/engine.ts';
import type { PeerAddress } from '../../ports/network.ts';
import type { Traffic } from './link.ts';

/** Addresses of one peer that are tried. */
const ADDRESSES_MAX = 8;
const STAGGER_MS = 200;

/**
 * Calls `attempt` for each address until one resolves; the others are aborted. Codes: NETWORK_UNREACHABLE,
 * NETWORK_REFUSED (somebody answered, but not as the peer).
 */
export async function firstOf<T>(
  { peer, addresses }: PeerAddress,
  attempt: (address: string, options: Waiting) => Promise<T>,
  options: Waiting & { discard: (late: T) => void },
): Promise<T> {
  const tried = addresses.slice(0, ADDRESSES_MAX);
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  let taken = false;
  let before: Promise<unknown> = Promise.resolve();
  const attempts = tried.map((address) => {
    const turn = before;
    const trying = (async () => {
      await turn;
      signal.throwIfAborted();
      const result = await attempt(address, { signal });
      if (taken) options.discard(result);
      taken = true;
      return result;
    })();
    // The next one's turn comes early when this fails early.
    before = turn
      .then(() => Promise.race([delay(STAGGER_MS, undefined, { ref: false }), trying]))
      .catch(() => undefined);
    return trying;
  });
  try {
    return await Promise.any(attempts);
  } catch (error) {
    options.signal.throwIfAborted();
    const causes: unknown[] = error instanceof AggregateError ? error.errors : [error];
    const hangUp = causes.find((cause) => cause instanceof Error && REFUSAL_NAMES.includes(cause.name));
    if (hangUp !== undefined) throw refused(peer, 'it hung up, or another key answered', { cause: hangUp });
    throw unreachable(peer, tried, { cause: causes[0] });
  } finally {
    over.abort();
  }
}

/** What is thrown where a socket was connected and the talk about keys did not work out. */
const REFUSAL_NAMES = ['EncryptionFailedError', 'MuxerUnavailableError', 'HungUpError'];

class HungUpError extends Error {
  override readonly name = 'HungUpError';
}

/** Resolves when the other end answered, so that it let this node in; whoever is refused is ready before he hears of it. */
export async function confirm(connection: Connection, traffic: Traffic, { signal }: Waiting): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(new HungUpError('the connection was ended before it was used'));
  connection.addEventListener('close', leave);
  try {
    if (connection.status !== 'open') leave();
    await orAborted(Promise.race([traffic.ask(), promise]), signal);
  } catch (error) {
    connection.abort(new HungUpError('not confirmed'));
    throw error;
  } finally {
    connection.removeEventListener('close', leave);
  }
}
