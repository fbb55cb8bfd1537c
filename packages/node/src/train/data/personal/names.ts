/**
 * Names of people: by compromise, a small reader of English that knows many names of other languages, and by what people
 * write before a name in English and Spanish. Without a title or a known first name a name is not found.
 */
import nlp from 'compromise';
import type { Span } from './span.ts';

const WORD = "\\p{Lu}[\\p{L}'’-]{1,30}";
const NAME = `${WORD}(?: (?:(?:de|del|la|las|los|van|von|da|di|y|al|bin) ){0,2}${WORD}){0,3}`;
const TITLE =
  '(?i:mr|mrs|ms|miss|dr|prof|sir|sr|sra|srta|dra|don|doña|d\\.ª|señor|señora|señorita|doctor|doctora|dear|estimad[oa]|querid[oa]|my name is|me llamo|mi nombre es|firmado|signed(?: by)?|attn|a la atención de|paciente|patient|cliente|customer)';
const TITLED = new RegExp(
  `(?<!\\p{L})(?:${TITLE}[.:]? {1,2}){1,2}(?i:de |el |la |señor |señora )?(${NAME})`,
  'gu',
);
/** Two words or more, at the end. */
const LAST = new RegExp(
  `(?<![\\p{L}\\d])${WORD}(?: (?:(?:de|del|la|las|los|van|von|da|di|y|al|bin) ){0,2}${WORD}){1,3}(?=[,;:]?\\s{1,2}[(<]?$)`,
  'u',
);
const BEFORE_CHARS_MAX = 120;
/** A text without these has no name that would be found. */
const CAPITAL = /\p{Lu}\p{Ll}/u;
const EDGES = /^[^\p{L}]+|[^\p{L}]+$/gu;

export function nameSpans(text: string): Span[] {
  if (!CAPITAL.test(text)) return [];
  return [...titledSpans(text), ...knownSpans(text)];
}

/** Who stands right before an address, a telephone number or the like, as people sign: `Ann Lee, 5 High Street`. */
export function nameBefore(text: string, at: number): Span | null {
  const from = Math.max(0, at - BEFORE_CHARS_MAX);
  const match = LAST.exec(text.slice(from, at));
  if (match === null) return null;
  const start = from + match.index;
  return { kind: 'name', start, end: start + match[0].length };
}

function titledSpans(text: string): Span[] {
  return Array.from(text.matchAll(TITLED), (match): Span => {
    const end = match.index + match[0].length;
    return { kind: 'name', start: end - (match[1] ?? '').length, end };
  });
}

function knownSpans(text: string): Span[] {
  const found: { text: string; offset?: { start: number; length: number } }[] = nlp(text)
    .people()
    .json({ offset: true });
  return found.flatMap(({ text: shown, offset }) => {
    if (offset === undefined) return [];
    const written = text.slice(offset.start, offset.start + offset.length);
    const bare = written.replace(EDGES, '');
    if (bare === '' || !CAPITAL.test(bare) || shown === '') return [];
    const start = offset.start + written.indexOf(bare);
    return [{ kind: 'name', start, end: start + bare.length } satisfies Span];
  });
}
