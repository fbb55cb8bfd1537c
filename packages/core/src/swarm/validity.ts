/** When what is dated holds. Clocks of rigs are wrong: a battery is flat, or the time server was not reached yet. */

/** How far in the future something may be dated. */
export const CLOCK_SKEW_MS_MAX = 600_000;

/** null: it holds now. `future`: dated later than clocks may be wrong by. */
export function untimely(
  { issuedMs, expiresMs }: { issuedMs: number; expiresMs: number },
  nowMs: number,
): 'future' | 'expired' | null {
  if (issuedMs > nowMs + CLOCK_SKEW_MS_MAX) return 'future';
  return nowMs >= expiresMs ? 'expired' : null;
}
