/** Where data to train on is, in which form, and under which licence. Comes from a recipe, so from its author. */
import { z } from 'zod';
import { type ItemColumns, itemColumnsSchema } from '../item.ts';
import { dataSourceInvalid } from './errors.ts';

export const DATA_FORMATS = ['text', 'jsonl', 'csv', 'parquet', 'pdf'] as const;
export type DataFormat = (typeof DATA_FORMATS)[number];
export const ENCODINGS = ['utf-8', 'windows-1252', 'utf-16le', 'utf-16be'] as const;
export type Encoding = (typeof ENCODINGS)[number];

export const DATA_SOURCE_LENGTH_MAX = 1024;

export interface DataSource {
  /** `file:` (a file or a folder; relative to the recipe), `https:` or `hf:owner/repo` with an optional path. */
  source: string;
  /** As whoever published it names it; `unknown` where nobody said. */
  licence: string;
  /** Absent: by the file's ending. */
  format?: DataFormat | undefined;
  columns?: ItemColumns | undefined;
  /** Absent: UTF-8, or what the bytes show without doubt. */
  encoding?: Encoding | undefined;
  /** Of CSV. Absent: the one of comma, semicolon and tab that the heading has most of. */
  delimiter?: ',' | ';' | '\t' | undefined;
  /** Makes questions and answers of rows, headings and FAQs instead of taking the texts as they are. */
  questions?: boolean | undefined;
}

export const dataSourceSchema: z.ZodType<DataSource> = z.strictObject({
  source: z.string().min(1).max(DATA_SOURCE_LENGTH_MAX),
  licence: z.string().min(1).max(200).default('unknown'),
  format: z.enum(DATA_FORMATS).optional(),
  columns: itemColumnsSchema.optional(),
  encoding: z.enum(ENCODINGS).optional(),
  delimiter: z.enum([',', ';', '\t']).optional(),
  questions: z.boolean().optional(),
});

export type DataAddress =
  | { kind: 'file'; path: string }
  | { kind: 'https'; url: string }
  /** A data set of the Hugging Face hub; `path` '' is all of its data files. */
  | { kind: 'hf'; repo: string; path: string };

const HF = /^hf:(?:datasets\/)?([\w.-]+\/[\w.-]+)(?:\/([\w./ +=-]*))?$/;

/** Code: DATA_SOURCE_INVALID. */
export function parseDataSource(text: string): DataAddress {
  if (text.length > DATA_SOURCE_LENGTH_MAX)
    throw dataSourceInvalid(
      `${text.slice(0, 40)}...`,
      `it is longer than ${DATA_SOURCE_LENGTH_MAX} characters`,
    );
  if (text.startsWith('file:')) return parseFile(text);
  if (text.startsWith('https:') || text.startsWith('http:')) return parseWeb(text);
  if (text.startsWith('hf:')) return parseHf(text);
  throw dataSourceInvalid(text, 'it begins with none of file:, https:, hf:');
}

function parseFile(text: string): DataAddress {
  const url = text.startsWith('file://') ? URL.parse(text) : null;
  if (text.startsWith('file://') && url === null) throw dataSourceInvalid(text, 'it is not a valid address');
  const path = url === null ? text.slice('file:'.length) : decoded(text, url.pathname);
  if (path === '' || path.includes('\0'))
    throw dataSourceInvalid(text, 'write a path, as in file:texts/a.jsonl');
  return { kind: 'file', path };
}

function decoded(text: string, path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw dataSourceInvalid(text, 'a % in it is followed by no code');
  }
}

function parseWeb(text: string): DataAddress {
  const url = URL.parse(text);
  if (url === null) throw dataSourceInvalid(text, 'it is not a valid address');
  if (url.username !== '' || url.password !== '') throw dataSourceInvalid(url.host, 'it holds a password');
  return { kind: 'https', url: url.href };
}

function parseHf(text: string): DataAddress {
  const [, repo, path = ''] = HF.exec(text) ?? [];
  const segments = [...(repo ?? '..').split('/'), ...path.split('/').filter((part) => part !== '')];
  if (repo === undefined || segments.some((segment) => segment === '.' || segment === '..'))
    throw dataSourceInvalid(text, 'write hf:owner/repo or hf:owner/repo/file.parquet');
  return { kind: 'hf', repo, path };
}

const ENDINGS: readonly (readonly [RegExp, DataFormat])[] = [
  [/\.(jsonl|ndjson)$/i, 'jsonl'],
  [/\.(csv|tsv)$/i, 'csv'],
  [/\.parquet$/i, 'parquet'],
  [/\.pdf$/i, 'pdf'],
  [/\.(txt|md|markdown|text)$/i, 'text'],
];

/** null where the ending tells nothing. */
export function formatOfName(name: string): DataFormat | null {
  return ENDINGS.find(([ending]) => ending.test(name))?.[1] ?? null;
}
