/** What this machine's rig can fail with. */
export type RigErrorDetails =
  /** The card is with somebody of equal or higher right. */
  | { code: 'RIG_CARD_HELD'; device: string; purpose: string; pid: number | null }
  /** Too many wait for one card. */
  | { code: 'RIG_TOO_MANY_WAITERS'; device: string }
  /** This machine has no such card. */
  | { code: 'RIG_CARD_UNKNOWN'; device: string };
