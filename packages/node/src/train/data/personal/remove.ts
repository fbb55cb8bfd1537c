/**
 * Takes personal data out of texts and rows, and tells of what kind and where it was, never what it was. What has no
 * form of its own (a first name alone, a description that fits one person) is not found: see docs/protocol/data.md.
 */
import { personalColumn } from './columns.ts';
import { nameBefore, nameSpans } from './names.ts';
import { patternSpans } from './patterns.ts';
import { phoneSpans } from './phones.ts';
import { comparable, type PersonalKind, placeholder, type Span } from './span.ts';

/** What people write after their name. */
const SIGNED_WITH: ReadonlySet<PersonalKind> = new Set(['address', 'email', 'phone']);

/** Told of each place, with the value in its comparable form. */
export type OnPersonal = (found: { kind: PersonalKind; value: string }) => void;

/** Of one text, looked through at a time: readers of names take more than linear time. */
const PART_CHARS_MAX = 4096;
/** Parts of a name in a column that are looked for in the rest of the row. */
const ROW_WORD_CHARS_MIN = 3;

export class PersonalData {
  readonly #keep: ReadonlySet<string>;
  readonly #onFound: OnPersonal;

  /** `keep`: values that are public and stay, in any way of writing. */
  constructor(keep: readonly string[], onFound: OnPersonal) {
    this.#keep = new Set(keep.map(comparable));
    this.#onFound = onFound;
  }

  removeFrom(text: string): string {
    let out = '';
    let at = 0;
    for (const { kind, start, end } of personalSpans(text)) {
      const value = comparable(text.slice(start, end));
      if (this.#keep.has(value)) continue;
      this.#onFound({ kind, value });
      out += text.slice(at, start) + placeholder(kind);
      at = end;
    }
    return out + text.slice(at);
  }

  /** Cells below a personal heading go whole, and what they held goes from the rest of the row. */
  removeFromRow(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const kinds = Object.entries(row).map(([heading, cell]) => ({
      heading,
      cell,
      kind: personalColumn(heading),
    }));
    const told = kinds.flatMap(({ cell, kind }) => (kind === null ? [] : this.#wordsOf(kind, cell)));
    const cells = kinds.map(({ heading, cell, kind }) => {
      if (kind === null) return [heading, this.#deep(cell, told)] as const;
      return [heading, this.#cellOf(kind, cell)] as const;
    });
    return Object.fromEntries(cells);
  }

  #cellOf(kind: PersonalKind, cell: unknown): unknown {
    const value = comparable(textOfCell(cell));
    if (value === '' || this.#keep.has(value)) return cell;
    this.#onFound({ kind, value });
    return placeholder(kind);
  }

  #wordsOf(kind: PersonalKind, cell: unknown): { kind: PersonalKind; word: string }[] {
    const text = textOfCell(cell).trim();
    const words = kind === 'name' ? [text, ...text.split(/[\s,]+/)] : [text];
    const long = words.filter(
      (word) => word.length >= ROW_WORD_CHARS_MIN && !this.#keep.has(comparable(word)),
    );
    return long.map((word) => ({ kind, word }));
  }

  #deep(value: unknown, told: readonly { kind: PersonalKind; word: string }[]): unknown {
    if (typeof value === 'string') return this.removeFrom(withoutWords(value, told, this.#onFound));
    if (Array.isArray(value)) return value.map((part: unknown) => this.#deep(part, told));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, this.#deep(part, told)]));
  }
}

/** In order, none within another: the one that begins first, of two the longer. */
export function personalSpans(text: string): Span[] {
  const spans: Span[] = [];
  for (const { part, offset } of partsOf(text)) {
    const contacts = [...patternSpans(part), ...phoneSpans(part)];
    const signed = contacts.flatMap(({ kind, start }) =>
      SIGNED_WITH.has(kind) ? (nameBefore(part, start) ?? []) : [],
    );
    const found = [...contacts, ...signed, ...nameSpans(part)];
    // What has a checksum or a form comes before names where they begin alike; sorting keeps that order.
    const sorted = found.toSorted((a, b) => a.start - b.start || b.end - a.end);
    let end = 0;
    for (const span of sorted) {
      if (span.start < end) continue;
      end = span.end;
      spans.push({ kind: span.kind, start: span.start + offset, end: span.end + offset });
    }
  }
  return spans;
}

/** Cut at ends of lines or between words. */
function* partsOf(text: string): Generator<{ part: string; offset: number }> {
  for (let offset = 0; offset < text.length; ) {
    const room = text.slice(offset, offset + PART_CHARS_MAX);
    const isLast = offset + room.length === text.length;
    const place = Math.max(room.lastIndexOf('\n'), isLast ? -1 : room.lastIndexOf('. ') + 1);
    const length = isLast
      ? room.length
      : place > PART_CHARS_MAX / 4
        ? place + 1
        : room.lastIndexOf(' ') + 1 || room.length;
    yield { part: room.slice(0, length), offset };
    offset += length;
  }
}

function withoutWords(
  text: string,
  told: readonly { kind: PersonalKind; word: string }[],
  onFound: OnPersonal,
): string {
  return told.reduce((rest, { kind, word }) => {
    const form = new RegExp(`(?<![\\p{L}\\d])${RegExp.escape(word)}(?![\\p{L}\\d])`, 'giu');
    return rest.replace(form, () => {
      onFound({ kind, value: comparable(word) });
      return placeholder(kind);
    });
  }, text);
}

function textOfCell(cell: unknown): string {
  return typeof cell === 'string' || typeof cell === 'number' || typeof cell === 'bigint' ? String(cell) : '';
}
