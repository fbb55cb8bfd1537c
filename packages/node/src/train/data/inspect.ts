/** What is in data, before anybody trains on it: counts, sizes, what would be left out and why, and a few examples. */
import { languageOf } from '@filon/core/training/data/language';
import type { Split } from '@filon/core/training/data/split';
import { type Item, itemText } from '@filon/core/training/item';
import type { DataFiles } from '../../ports/data-files.ts';
import { type GatherOrder, type GatherProgress, gather } from './gather.ts';
import { PersonalReport } from './personal/report.ts';

export interface FileInspection {
  name: string;
  format: string;
  encoding: string | null;
  bytes: number;
  items: number;
  kept: number;
}

export interface DataInspection {
  sources: {
    name: string;
    source: string;
    licence: string;
    use: 'data' | 'held-out';
    files: FileInspection[];
    dropped: Record<string, number>;
  }[];
  items: number;
  kept: number;
  kinds: Record<Item['kind'], number>;
  splits: Record<Split, number>;
  /** UTF-8 bytes of kept items; tokens of byte-level models are as many, of others about a quarter. */
  bytes: { sum: number; median: number; ninety: number; most: number };
  /** Share of kept items by ISO 639-1 code, `unknown` where none stands out. */
  languages: Record<string, number>;
  dropped: Record<string, number>;
  /** The first lines that were left out, by reason. */
  droppedAt: Record<string, { file: string; line: number }[]>;
  personal: { counts: Record<string, number>; files: ReturnType<PersonalReport['files']> } | null;
  examples: { split: Split; file: string; line: number; text: string }[];
}

/** Sizes that are kept for the median; of more items a part is looked at, evenly spread. */
const SIZES_MAX = 100_000;
const EXAMPLES = 3;
const EXAMPLE_CHARS = 300;
const PLACES = 5;

/** Codes: DATA_*. */
export async function inspectData(
  order: GatherOrder,
  files: DataFiles,
  options: { signal: AbortSignal; onProgress(progress: GatherProgress): void },
): Promise<DataInspection> {
  const seen = new Seen();
  const report = order.personal === null ? null : new PersonalReport();
  const examples: (Omit<DataInspection['examples'][number], 'file'> & { source: number; file: number })[] =
    [];
  const droppedAt: DataInspection['droppedAt'] = {};
  const sources = await gather(order, {
    ...options,
    files,
    onItem: ({ item, split, source, file, line }) => {
      seen.add(item, split);
      if (examples.length < EXAMPLES)
        examples.push({ split, source, file, line, text: itemText(item).slice(0, EXAMPLE_CHARS) });
    },
    onPersonal: (place) => report?.add(place),
    onDropped: (reason, place) => {
      const places = droppedAt[reason] ?? [];
      if (places.length < PLACES) droppedAt[reason] = [...places, place];
    },
  });
  const dropped: Record<string, number> = {};
  for (const source of sources)
    for (const [reason, count] of Object.entries(source.dropped))
      dropped[reason] = (dropped[reason] ?? 0) + count;
  const all = sources.flatMap((source) => source.files);
  return {
    sources: sources.map(({ origin: _, ...source }) => ({
      ...source,
      files: source.files.map(({ sha256: __, ...file }) => file),
    })),
    items: all.reduce((sum, file) => sum + file.items, 0),
    kept: all.reduce((sum, file) => sum + file.kept, 0),
    ...seen.facts(),
    dropped,
    droppedAt,
    personal: report === null ? null : { counts: report.counts(), files: report.files() },
    examples: examples.map(({ source, file, ...example }) => ({
      ...example,
      file: sources[source]?.files[file]?.name ?? '',
    })),
  };
}

class Seen {
  readonly #kinds: DataInspection['kinds'] = { text: 0, completion: 0, chat: 0 };
  readonly #splits: DataInspection['splits'] = { train: 0, validation: 0, 'held-out': 0 };
  readonly #languages = new Map<string, number>();
  #sizes: number[] = [];
  #every = 1;
  #count = 0;
  #sum = 0;
  #most = 0;

  add(item: Item, split: Split): void {
    const text = itemText(item);
    const bytes = Buffer.byteLength(text);
    this.#kinds[item.kind]++;
    this.#splits[split]++;
    this.#sum += bytes;
    this.#most = Math.max(this.#most, bytes);
    const language = languageOf(text) ?? 'unknown';
    this.#languages.set(language, (this.#languages.get(language) ?? 0) + 1);
    if (this.#count++ % this.#every === 0) this.#sizes.push(bytes);
    if (this.#sizes.length < SIZES_MAX) return;
    this.#sizes = this.#sizes.filter((_, at) => at % 2 === 0);
    this.#every *= 2;
  }

  facts(): Pick<DataInspection, 'kinds' | 'splits' | 'languages' | 'bytes'> {
    const sorted = this.#sizes.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    return {
      kinds: this.#kinds,
      splits: this.#splits,
      languages: Object.fromEntries([...this.#languages].toSorted(([, a], [, b]) => b - a)),
      bytes: { sum: this.#sum, median: at(0.5), ninety: at(0.9), most: this.#most },
    };
  }
}
