/** What a failure at a seat elsewhere says of its node. */
import { isFilonError } from '@filon/core/errors';
import type { SeatOutcome } from '../ports/replicas.ts';

/** Of what a request itself is to blame for the node is not, nor of what this side gave up. */
export function outcomeOf(error: unknown): SeatOutcome['kind'] {
  if (isFilonError(error, 'ENGINE_WORKER_DIED')) return 'died';
  if (isFilonError(error, 'SERVE_STALLED') || isFilonError(error, 'SERVE_QUEUE_TIMEOUT')) return 'lost';
  if (isFilonError(error, 'REPLICA_REFUSED')) return 'refused';
  if (!isFilonError(error, 'REPLICA_LOST')) return 'left';
  const { how } = error.details as Partial<{ how: string }>;
  if (how === 'left') return 'left';
  return how === 'broken' ? 'broken' : 'lost';
}

/** Of one at which no session ran. */
export function withoutSession(of: Pick<SeatOutcome, 'node' | 'model'>, error: unknown): SeatOutcome {
  const none = { firstTokenMs: null, expectedFirstTokenMs: 0, tokens: 0, tookMs: 0 };
  return { ...of, ...none, kind: outcomeOf(error) };
}
