/** Seats at other nodes, taken over the network. */
import { ANSWER_PROTOCOL } from '@filon/core/answering/answer-messages';
import { ANSWER_FRAME_BYTES_MAX, SEAT_SESSIONS_MAX } from '@filon/core/answering/limits';
import { FilonError, isFilonError } from '@filon/core/errors';
import type { KeyId } from '@filon/core/swarm/key-id';
import { replicaLost } from '@filon/core/swarm/replica-errors';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import type { Channel, Network } from '../../ports/network.ts';
import type { Replicas, SeatWanted, TakeOptions } from '../../ports/replicas.ts';
import { deadline } from '../membership/deadline.ts';
import { OPEN_CHANNEL_MS } from './answer-constants.ts';
import { RemoteSeat } from './remote-seat.ts';

export interface RemoteAnswersDeps {
  network: Pick<Network, 'open' | 'peers'>;
  clock: Clock;
  randomBytes: (count: number) => Uint8Array;
  /** Of a scope: what others may know of it. */
  hideScope: (scope: string) => Uint8Array;
  /** The one that the node told with its load a moment ago, once; null: none. */
  commitmentOf?: (node: KeyId) => Uint8Array | null;
  /** A seat is asked for there; until it is given back. */
  onTake?: (node: KeyId, wanted: SeatWanted) => Disposable;
  /** It told one for the next seat. */
  onCommitment?: (node: KeyId, commitment: Uint8Array) => void;
  /** Connects where there is no connection. Codes: NETWORK_*. */
  reach?: (node: KeyId, options: Waiting) => Promise<void>;
}

const REFUSALS: ReadonlySet<string> = new Set([
  ...['NETWORK_CHANNELS_FULL', 'NETWORK_STRANGER', 'NETWORK_PROTOCOL_UNKNOWN', 'NETWORK_REFUSED'],
]);

export function createRemoteAnswers(deps: RemoteAnswersDeps): Pick<Replicas, 'take'> {
  const { clock, randomBytes, hideScope, network, commitmentOf = () => null } = deps;
  return {
    take: async (wanted, options) => {
      using held = new DisposableStack();
      if (deps.onTake) held.use(deps.onTake(wanted.node, wanted));
      const channel = await openChannel({ node: wanted.node, protocol: ANSWER_PROTOCOL }, deps, options);
      const { roundTripMs = null } = network.peers().find(({ peer }) => peer === wanted.node) ?? {};
      const sessions = Math.min(wanted.sessions, SEAT_SESSIONS_MAX);
      const { node, model, ahead = null } = wanted;
      const sit = { model, sessions, commitment: commitmentOf(node), ahead };
      const onQueued = options.onQueued ?? (() => undefined);
      const onCommitment = (next: Uint8Array): void => deps.onCommitment?.(node, next);
      const told = { roundTripMs, hideScope, onQueued, onCommitment };
      const seat = new RemoteSeat(channel, sit, { clock, randomBytes, ...told });
      await seated(seat, options);
      seat.onOver(held.move());
      return seat;
    },
  };
}

async function seated(seat: RemoteSeat, options: TakeOptions): Promise<void> {
  try {
    await seat.sit(options);
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
  using limit = deadline(clock, OPEN_CHANNEL_MS, signal);
  const within = { signal: limit.signal };
  try {
    await reach?.(node, within);
    return await network.open(node, protocol, { ...within, frameBytesMax: ANSWER_FRAME_BYTES_MAX });
  } catch (error) {
    signal.throwIfAborted();
    if (limit.signal.aborted) throw replicaLost(node, { how: 'silent', reason: `for ${OPEN_CHANNEL_MS} ms` });
    if (!isFilonError(error)) throw error;
    const { code, message } = error;
    if (!REFUSALS.has(code)) throw replicaLost(node, { how: 'closed', reason: code }, error);
    const details = { code: 'REPLICA_REFUSED', node, reason: code };
    throw new FilonError(details, message, { cause: error });
  }
}
