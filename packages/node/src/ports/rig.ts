/** The machine's cards and who has them. Adapters: this machine (real), memory (tests). */
import type { Device } from '@filon/core/serving/session';
import type { Waiting } from './engine.ts';

/** Highest right first. */
export const PURPOSES = ['operator', 'serve', 'train', 'mine'] as const;
export type Purpose = (typeof PURPOSES)[number];

export interface Lease extends AsyncDisposable {
  readonly device: string;
  readonly purpose: Purpose;
  /** Aborts when somebody with a higher right wants the card: give it back soon. */
  readonly revoked: AbortSignal;
}

export interface Rig {
  cards(options: Waiting): Promise<readonly Device[]>;
  /** One holder at a time. Waits for a holder with a lower right to give back; RIG_CARD_HELD for an equal or higher one. */
  lease(device: string, purpose: Purpose, options: Waiting): Promise<Lease>;
  holder(device: string): { purpose: Purpose; sinceMs: number } | null;
}
