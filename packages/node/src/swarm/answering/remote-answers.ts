/** Seats at other nodes, taken over the network. */
import { createHash } from 'node:crypto';
import { ANSWER_PROTOCOL } from '@filon/core/answering/answer-messages';
import { ANSWER_FRAME_BYTES_MAX, SCOPE_BYTES, SEAT_SESSIONS_MAX } from '@filon/core/answering/limits';
import { FilonError, isFilonError } from '@filon/core/errors';
import type { KeyId } from '@filon/core/swarm/key-id';
import { replicaLost } from '@filon/core/swarm/replica-errors';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import type { Channel, Network } from '../../ports/network.ts';
import type { Replicas, Seat, TakeOptions } from '../../ports/replicas.ts';
import { OPEN_CHANNEL_MS } from './answer-constants.ts';
import { RemoteSeat } from './remote-seat.ts';

export interface RemoteAnswersDeps {
  network: Pick<Network, 'open' | 'peers'>;
  clock: Clock;
  randomBytes: (count: number) => Uint8Array;
  /** The one that the node told with its load a moment ago, once; null: none. */
  commitmentOf?: (node: KeyId) => Uint8Array | null;
  /** Connects where there is no connection. Codes: NETWORK_*. */
  reach?: (node: KeyId, options: Waiting) => Promise<void>;
}

const REFUSALS: ReadonlySet<string> = new Set([
  ...['NETWORK_CHANNELS_FULL', 'NETWORK_STRANGER', 'NETWORK_PROTOCOL_UNKNOWN', 'NETWORK_REFUSED'],
]);

export function createRemoteAnswers(deps: RemoteAnswersDeps): Pick<Replicas, 'take'> {
  const { clock, randomBytes, network, commitmentOf = () => null } = deps;
  // Of this process alone: the far node must not find out whose prefixes they are by trying names.
  const salt = randomBytes(SCOPE_BYTES);
  const hideScope = (scope: string): Uint8Array =>
    Uint8Array.from(createHash('sha256').update(salt).update(scope).digest().subarray(0, SCOPE_BYTES));
  return {
    take: async (wanted, options) => {
      const channel = await openChannel({ node: wanted.node, protocol: ANSWER_PROTOCOL }, deps, options);
      const { roundTripMs = null } = network.peers().find(({ peer }) => peer === wanted.node) ?? {};
      const sessions = Math.min(wanted.sessions, SEAT_SESSIONS_MAX);
      const sit = { model: wanted.model, sessions, commitment: commitmentOf(wanted.node) };
      const onQueued = options.onQueued ?? (() => undefined);
      const seat = new RemoteSeat(channel, sit, { clock, randomBytes, roundTripMs, hideScope, onQueued });
      return await seated(seat, options);
    },
  };
}

async function seated(seat: RemoteSeat, options: TakeOptions): Promise<Seat> {
  try {
    await seat.sit(options);
    return seat;
  } catch (error) {
    seat[Symbol.dispose]();
    throw error;
  }
}

/** Codes: REPLICA_REFUSED, REPLICA_LOST. */
export async function openChannel(
  { node, protocol }: { node: KeyId; protocol: string },
  { network, clock, reach }: Pick<RemoteAnswersDeps, 'network' | 'clock' | 'reach'>,
  { signal }: Waiting,
): Promise<Channel> {
  const over = new AbortController();
  const late = new AbortController();
  clock.sleep(OPEN_CHANNEL_MS, { signal: over.signal }).then(
    () => late.abort(replicaLost(node, { how: 'silent', reason: `for ${OPEN_CHANNEL_MS} ms` })),
    () => undefined,
  );
  try {
    const within = { signal: AbortSignal.any([signal, late.signal]) };
    await reach?.(node, within);
    return await network.open(node, protocol, { ...within, frameBytesMax: ANSWER_FRAME_BYTES_MAX });
  } catch (error) {
    signal.throwIfAborted();
    late.signal.throwIfAborted();
    if (!isFilonError(error)) throw error;
    const { code, message } = error;
    if (!REFUSALS.has(code)) throw replicaLost(node, { how: 'closed', reason: code }, error);
    const details = { code: 'REPLICA_REFUSED', node, reason: code };
    throw new FilonError(details, message, { cause: error });
  } finally {
    over.abort();
  }
}
