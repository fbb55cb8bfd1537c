/** Where bytes stop being UTF-8 (RFC 3629, table of section 4), and how much of them is all the same. */

export interface Utf8Faults {
  /** Offset of the first byte of no character, or null. */
  first: number | null;
  /** Valid characters of two bytes and more. */
  wide: number;
}

export function utf8Faults(bytes: Uint8Array): Utf8Faults {
  let first: number | null = null;
  let wide = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = characterLength(bytes, at);
    if (length === 0) first ??= at;
    if (length > 1) wide++;
    at += Math.max(1, length);
  }
  return { first, wide };
}

/** Bytes of the character at `at`; 0 where there is none. */
function characterLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf5 ? 0 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  for (let next = 1; next < length; next++) if (((bytes[at + next] ?? 0) & 0xc0) !== 0x80) return 0;
  return length > 2 && !isAllowedSecond(lead, bytes[at + 1] ?? 0) ? 0 : length;
}

/** No longer form than needed, no surrogate, nothing beyond the last character. */
function isAllowedSecond(lead: number, second: number): boolean {
  if (lead === 0xe0) return second >= 0xa0;
  if (lead === 0xed) return second <= 0x9f;
  if (lead === 0xf0) return second >= 0x90;
  return lead !== 0xf4 || second <= 0x8f;
}
