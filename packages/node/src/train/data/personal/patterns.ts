/**
 * Personal data that has a form of its own. Texts are foreign, so every repetition has a limit, and `remove.ts` shows a
 * pattern a few thousand characters at a time.
 */
import { isIP } from 'node:net';
import { isCardNumber, isIban, isSocialSecurity, isSpanishId } from './checksums.ts';
import type { PersonalKind, Span } from './span.ts';

interface Pattern {
  kind: PersonalKind;
  /** Global. A first group is the part that is personal; without one it is all. */
  form: RegExp;
  /** Of the part without spaces, dots and hyphens. */
  holds?(bare: string, written: string): boolean;
}

const BIRTH =
  '(?:born(?: on)?|date of birth|birth ?date|dob|nacid[oa](?: el)?|fecha de nacimiento|f\\. ?nac\\.?)';
const MONTH =
  '(?:january|february|march|april|may|june|july|august|september|october|november|december|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)';
const DATE = `(?:\\d{1,2}[-/.]\\d{1,2}[-/.]\\d{2,4}|\\d{4}-\\d{2}-\\d{2}|\\d{1,2} (?:de )?${MONTH} (?:de |del )?\\d{4}|${MONTH} \\d{1,2},? \\d{4})`;
const STREET = '(?i:calle|c/|avenida|avda?\\.?|plaza|pza\\.?|paseo|camino|carretera|ctra\\.?|ronda|travesía)';
const ROAD =
  '(?i:street|st\\.?|road|rd\\.?|avenue|ave\\.?|lane|ln\\.?|drive|dr\\.?|boulevard|blvd\\.?|court|square|terrace)';
const NAMED = "\\p{Lu}[\\p{L}'’-]{0,30}(?![\\p{L}\\d])";

const PATTERNS: readonly Pattern[] = [
  { kind: 'email', form: /(?<![\w.+-])[\w.+-]{1,64}@[\p{L}\d-]{1,63}(?:\.[\p{L}\d-]{1,63}){1,8}/giu },
  {
    kind: 'iban',
    form: /(?<![\p{L}\d])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?![\p{L}\d])/giu,
    holds: isIban,
  },
  { kind: 'card', form: /(?<![\d.,-])\d{4}(?:[ -]?\d{3,6}){2,4}(?![\d-])/g, holds: isCardNumber },
  {
    kind: 'spanish-id',
    form: /(?<![\p{L}\d])(?:\d{2}[. ]?\d{3}[. ]?\d{3}|[XYZ][- ]?\d{7})[- ]?[A-Z](?![\p{L}\d])/giu,
    holds: isSpanishId,
  },
  { kind: 'social-security', form: /(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])/g, holds: isSocialSecurity },
  {
    kind: 'ip-address',
    form: /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]{0,4}(?::[\da-f]{0,4}){2,7})(?![\w:]|\.\d)/gi,
    holds: (_, written) => isIP(written) !== 0 && written !== '::',
  },
  { kind: 'birth-date', form: new RegExp(`${BIRTH}[: ]{1,3}(?:in |the )?(${DATE})`, 'giu') },
  {
    kind: 'address',
    form: new RegExp(
      `(?<!\\p{L})${STREET} (?:(?:de|del|la|las|los|el) ){0,2}${NAMED}(?: (?:(?:de|del|la|las|los|y) ){0,2}${NAMED}){0,4},? (?i:n[.º°]{0,2} ?|número )?\\d{1,4}(?:,? ?\\d{1,2}[.º°ª] ?[A-Z]{0,4})?(?:,? \\d{5}(?: ${NAMED}){0,3})?`,
      'gu',
    ),
  },
  {
    kind: 'address',
    form: new RegExp(
      `(?<![\\p{L}\\d.,])\\d{1,5}[A-Z]? (?:${NAMED} ){1,4}${ROAD}(?!\\p{L})(?:,? (?i:apt|flat|unit|suite)\\.? ?\\w{1,5})?(?:, ${NAMED}(?: ${NAMED}){0,2})?(?:,? [A-Z]{1,2}\\d[A-Z\\d]? ?\\d[A-Z]{2}|(?:,? [A-Z]{2})?,? \\d{5}(?:-\\d{4})?)?`,
      'gu',
    ),
  },
  {
    kind: 'other-id',
    form: /(?:passport|pasaporte|n\.?º? ?(?:de )?seguridad social|national insurance)(?: (?:no|number|número|n[.º°]))?[.:]? {0,2}([A-Z0-9][A-Z0-9 /-]{4,16}\d)/giu,
  },
];

export function patternSpans(text: string): Span[] {
  return PATTERNS.flatMap(({ kind, form, holds }) => {
    const spans: Span[] = [];
    for (const match of text.matchAll(form)) {
      const whole = match[1] ?? match[0];
      const written = holds === undefined ? whole : longestThatHolds(whole, holds);
      const start = match.index + match[0].lastIndexOf(whole);
      if (written !== null) spans.push({ kind, start, end: start + written.length });
    }
    return spans;
  });
}

/** A number may be followed by what could belong to it: such words at its end are taken off one by one. */
function longestThatHolds(written: string, holds: NonNullable<Pattern['holds']>): string | null {
  for (let end = written.length; end > 0; end = written.lastIndexOf(' ', end - 1)) {
    const part = written.slice(0, end);
    if (holds(part.replaceAll(/[ .-]/g, ''), part)) return part;
  }
  return null;
}
