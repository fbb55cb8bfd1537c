/**
 * Questions and answers made only from what is there: rows, headings with what stands below them, and questions that a
 * text asks and answers itself. Every answer is copied from the source, word for word; nothing is invented, and the same
 * source gives the same pairs.
 */
import { languageOf } from './language.ts';
import { normalText } from './normal-text.ts';

export interface Pair {
  prompt: string;
  completion: string;
}

export type PairLanguage = 'en' | 'es';

/** Of one row; wider rows are cut. */
export const PAIRS_OF_ROW_MAX = 64;
const HEADING_CHARS_MAX = 120;
const ANSWER_CHARS_MAX = 4096;
const KEY_NAME =
  /^(name|title|product|item|service|topic|nombre|título|titulo|producto|artículo|articulo|servicio|tema)$/i;

interface Words {
  field(name: string, key: string): string[];
  all(key: string): string[];
  section(heading: string): string[];
}

const WORDS: Readonly<Record<PairLanguage, Words>> = {
  en: {
    field: (name, key) => [
      `What is the ${name} of ${key}?`,
      `${key}: which ${name}?`,
      `Tell me the ${name} of ${key}.`,
    ],
    all: (key) => [`What do you know about ${key}?`, `Give me the details of ${key}.`],
    section: (heading) => [
      `What should I know about "${heading}"?`,
      `Explain: ${heading}.`,
      `What is written about "${heading}"?`,
    ],
  },
  es: {
    field: (name, key) => [
      `¿Cuál es el dato «${name}» de ${key}?`,
      `${key}: ¿qué ${name}?`,
      `Dime el campo «${name}» de ${key}.`,
    ],
    all: (key) => [`¿Qué sabes de ${key}?`, `Dame los detalles de ${key}.`],
    section: (heading) => [
      `¿Qué debo saber sobre «${heading}»?`,
      `Explica: ${heading}.`,
      `¿Qué está escrito sobre «${heading}»?`,
    ],
  },
};

/** Spanish where a text seems to be, else English. */
export function pairLanguage(text: string): PairLanguage {
  return languageOf(text) === 'es' ? 'es' : 'en';
}

/** What each cell says of the row's key (its name or title, else its first cell), and all of them together. */
export function pairsOfRow(cells: Readonly<Record<string, unknown>>, language: PairLanguage): Pair[] {
  const filled = Object.entries(cells)
    .flatMap(([name, value]) => (isCell(value) ? [[name.trim(), String(value).trim()] as const] : []))
    .filter(([name, value]) => name !== '' && value !== '')
    .slice(0, PAIRS_OF_ROW_MAX);
  const key = filled.find(([name]) => KEY_NAME.test(name)) ?? filled[0];
  if (key === undefined || filled.length < 2) return [];
  const words = WORDS[language];
  const [, subject] = key;
  const others = filled.filter((cell) => cell !== key);
  const pairs = others.map(([name, value]) => pair(words.field(name, subject), value));
  const whole = others.map(([name, value]) => `${name}: ${value}`).join('\n');
  return others.length < 2 ? pairs : [...pairs, pair(words.all(subject), whole)];
}

/** Of sections with a heading and of questions that are followed by their answer. */
export function pairsOfText(text: string, language: PairLanguage): Pair[] {
  return sectionsOf(text).flatMap(({ heading, body }) => {
    const asked = askedAndAnswered(body);
    const isQuestion = /\?$/.test(heading);
    const about = heading === '' ? [] : isQuestion ? [heading] : WORDS[language].section(heading);
    if (asked.length > 0) return asked;
    return about.length === 0 || body === '' || body.length > ANSWER_CHARS_MAX ? [] : [pair(about, body)];
  });
}

interface Section {
  heading: string;
  body: string;
}

/** Headings of Markdown (both forms), numbered ones, and lines that stand alone without an end mark. */
function sectionsOf(text: string): Section[] {
  const sections: Section[] = [{ heading: '', body: '' }];
  const lines = text.split('\n').map((line) => line.trimEnd());
  lines.forEach((line, at) => {
    const section = sections.at(-1);
    if (/^(=+|-+)$/.test(line) && line.length > 2) {
      // Under a heading it belongs to that; elsewhere it parts what is before it from what is behind.
      if (section !== undefined && section.body.trim() !== '') sections.push({ heading: '', body: '' });
      return;
    }
    const heading = headingIn(line, { before: lines[at - 1], after: lines[at + 1] });
    if (heading !== null) sections.push({ heading, body: '' });
    else if (section !== undefined) section.body += `${line}\n`;
  });
  return sections.map(({ heading, body }) => ({ heading, body: body.trim() }));
}

function headingIn(
  line: string,
  near: { before: string | undefined; after: string | undefined },
): string | null {
  if (line === '' || line.length > HEADING_CHARS_MAX) return null;
  const marked = /^#{1,6}\s+(.+?)\s*#*$/.exec(line)?.[1];
  if (marked !== undefined) return marked;
  if (/^(=+|-{3,})$/.test(near.after ?? '')) return line.trim();
  const numbered = /^\d+(\.\d+)*[.)]?\s+(\p{Lu}[^.!?:;,]*)$/u.exec(line)?.[2];
  if (numbered !== undefined && (near.before ?? '') === '') return numbered.trim();
  const standsAlone =
    (near.before ?? '') === '' && near.after === '' && /^\p{Lu}[^.!?:;,]{2,60}$/u.test(line);
  return standsAlone ? line.trim() : null;
}

/** `Q:`/`A:` and the like, or a line that ends as a question and the paragraph after it. */
function askedAndAnswered(body: string): Pair[] {
  const pairs: Pair[] = [];
  const lines = body.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const question = questionIn(lines[at] ?? '');
    if (question === null) continue;
    const answer: string[] = [];
    let next = at + 1;
    while (next < lines.length && (lines[next] ?? '').trim() === '') next++;
    while (next < lines.length && (lines[next] ?? '').trim() !== '' && questionIn(lines[next] ?? '') === null)
      answer.push((lines[next++] ?? '').trim());
    const completion = answer.join('\n').replace(/^(A|R|Answer|Respuesta)\s*[:.)]\s*/i, '');
    if (completion !== '' && completion.length <= ANSWER_CHARS_MAX)
      pairs.push({ prompt: question, completion });
    at = next - 1;
  }
  return pairs;
}

function questionIn(line: string): string | null {
  const text = line.trim().replace(/^[-*#>\s]+/, '');
  const named = /^(?:Q|P|Question|Pregunta)\s*\d*\s*[:.)]\s*(.+)$/i.exec(text)?.[1];
  if (named !== undefined) return named;
  const isQuestion = text.endsWith('?') && text.length >= 8 && text.length <= 300 && !/[.!?]\s/.test(text);
  return isQuestion ? text.replace(/^\d+[.)]\s*/, '') : null;
}

/** One of several ways to ask, by what is asked for, so that a model does not learn a single form. */
function pair(ways: readonly string[], completion: string): Pair {
  const hash = Array.from(normalText(ways[0] ?? '')).reduce(
    (sum, character) => (Math.imul(sum, 31) + (character.codePointAt(0) ?? 0)) >>> 0,
    7,
  );
  return { prompt: ways[hash % ways.length] ?? '', completion };
}

function isCell(value: unknown): value is string | number | bigint | boolean {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}
