/** What spreading and asking fail with, and in which words. */
import { FilonError } from '@filon/core/errors';
import type { KeyId } from '@filon/core/swarm/key-id';

export type SwarmErrorDetails =
  /** A peer did what no honest member does; its link ends and it is refused for a while. */
  { code: 'SPREAD_BROKEN'; peer: KeyId; reason: string };

export function broken(peer: KeyId, reason: string): FilonError<SwarmErrorDetails> {
  const details = { code: 'SPREAD_BROKEN', peer, reason } as const;
  return new FilonError<SwarmErrorDetails>(
    details,
    `Node ${peer} broke the protocol of announcements: ${reason}.`,
  );
}
