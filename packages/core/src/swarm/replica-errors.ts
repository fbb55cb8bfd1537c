/** What a seat at another node fails with. Errors that are the request's own fault pass through as they are. */
import { FilonError } from '../errors.ts';
import type { KeyId } from './key-id.ts';

export type ReplicaErrorDetails =
  /**
   * No seat there. `reason`: the code that the node gave. `position` and `retryAfterSeconds` where it says when there
   * would be one.
   */
  | {
      code: 'REPLICA_REFUSED';
      node: KeyId;
      reason: string;
      position?: number;
      retryAfterSeconds?: number;
    }
  /**
   * What ran there cannot go on there. `closed`: the channel broke off. `silent`: nothing came within the deadline from
   * the measured times. `stuck`: signs of life came, and no token. `broken`: it said what it may not say. `failed`: it
   * said itself that it cannot go on, `reason` being its code. `left`: this side gave the seat back.
   */
  | {
      code: 'REPLICA_LOST';
      node: KeyId;
      how: 'closed' | 'silent' | 'stuck' | 'broken' | 'failed' | 'left';
      reason?: string;
    };

type Lost = Extract<ReplicaErrorDetails, { code: 'REPLICA_LOST' }>;

export function replicaLost(
  node: KeyId,
  { how, reason }: Pick<Lost, 'how' | 'reason'>,
  cause?: unknown,
): FilonError<Lost> {
  const why = reason === undefined ? how : `${how}: ${reason}`;
  return new FilonError<Lost>(
    { code: 'REPLICA_LOST', node, how, ...(reason === undefined ? {} : { reason }) },
    `the node ${node} cannot go on with this (${why}); another one can`,
    cause === undefined ? {} : { cause },
  );
}
