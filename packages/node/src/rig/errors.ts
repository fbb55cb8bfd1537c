/** What sharing the cards can fail with. */
export type RigErrorDetails =
  /** No device answered the probe. */
  { code: 'RIG_NO_DEVICE' };
