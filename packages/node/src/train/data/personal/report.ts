/** What personal data was removed: kinds, counts and places, never the data. */
import type { PersonalKind } from './span.ts';

/** Of each kind in each file; more are only counted. */
export const LINES_MAX = 100;

interface Found {
  count: number;
  lines: number[];
}

export class PersonalReport {
  readonly #files = new Map<string, { source: string; file: string; kinds: Map<PersonalKind, Found> }>();

  add({
    kind,
    source,
    file,
    line,
  }: {
    kind: PersonalKind;
    source: string;
    file: string;
    line: number;
  }): void {
    const id = `${source}\0${file}`;
    const entry = this.#files.get(id) ?? { source, file, kinds: new Map<PersonalKind, Found>() };
    this.#files.set(id, entry);
    const found = entry.kinds.get(kind) ?? { count: 0, lines: [] };
    entry.kinds.set(kind, found);
    found.count++;
    if (found.lines.length < LINES_MAX && found.lines.at(-1) !== line) found.lines.push(line);
  }

  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { kinds } of this.#files.values())
      for (const [kind, { count }] of kinds) counts[kind] = (counts[kind] ?? 0) + count;
    return counts;
  }

  files(): { source: string; file: string; kinds: Record<string, Found> }[] {
    return Array.from(this.#files.values(), ({ source, file, kinds }) => ({
      ...{ source, file },
      kinds: Object.fromEntries(kinds),
    }));
  }

  toJson(): string {
    return JSON.stringify({ format: 1, counts: this.counts(), files: this.files() });
  }
}
