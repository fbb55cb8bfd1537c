/** Reads one call, character by character. */

/** `done`: the character was the call's last. `failed`: it does not belong to a call; nor does what is `unshown`. */
export type Step = 'more' | 'done' | 'failed';

export interface CallReader {
  /** What was read and went into no piece: it is text if the call fails. */
  readonly unshown: string;
  take(char: string): Step;
  /** The answer ends here. */
  end(): 'done' | 'failed';
}

export function isBlank(char: string): boolean {
  return char === ' ' || char === '\n' || char === '\t' || char === '\r';
}
