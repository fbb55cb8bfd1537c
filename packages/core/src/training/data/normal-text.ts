/** Texts that differ only in what readers overlook are one text. */

/** Compatibility forms, case and white space made equal (Unicode NFKC, lower case). */
export function normalText(text: string): string {
  return text.normalize('NFKC').toLowerCase().normalize('NFKC').replace(/\s+/gu, ' ').trim();
}

/** Scripts that put no spaces between words: each character counts as one. */
const WORDS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]|[\p{L}\p{M}\p{N}]+/gu;

/** Words of a text that {@link normalText} made. */
export function wordsOf(normal: string): string[] {
  return normal.match(WORDS) ?? [];
}
