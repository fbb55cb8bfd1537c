/** A text that has nothing to do with a run's data, in batches: a model that unlearned it has lost more than it gained. */
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf } from '@filon/core/errors';
import type { TrainingBatch } from '@filon/core/training/batch';
import { dataSourceDead } from '@filon/core/training/data/errors';
import type { TrainingSpec } from '@filon/core/training/session';
import { batchOf, type Row } from './rows.ts';
import type { TokenMeans } from './run-data.ts';

/** Of a longer text the beginning is looked at. */
const BYTES_MAX = 65_536;

/** Codes: DATA_SOURCE_DEAD. */
export async function generalBatches(
  { folder, path }: { folder: string; path: string },
  { sequences, length }: Pick<TrainingSpec, 'sequences' | 'length'>,
  { tokenizer, signal }: TokenMeans,
): Promise<{ batches: TrainingBatch[]; bytesPerToken: number | null }> {
  const text = await readBeginning(resolve(folder, path));
  const [body = new Int32Array()] = await tokenizer.tokenize([text], { special: false, signal });
  const first = tokenizer.beginOfText ?? tokenizer.endOfText;
  const tokens = Int32Array.of(first, ...body);
  const rows: Row[] = [];
  for (let from = 0; from < body.length; from += length) {
    const piece = tokens.subarray(from, from + length + 1);
    rows.push({ tokens: piece, learned: new Uint8Array(piece.length).fill(1) });
  }
  const batches: TrainingBatch[] = [];
  for (let at = 0; at < rows.length; at += sequences)
    batches.push(batchOf(rows.slice(at, at + sequences), { sequences, length }));
  const bytes = new TextEncoder().encode(text).length;
  return { batches, bytesPerToken: body.length === 0 ? null : bytes / body.length };
}

async function readBeginning(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const bytes = Buffer.alloc(BYTES_MAX);
    const { bytesRead } = await file.read(bytes, 0, BYTES_MAX, 0);
    // A character that the end cuts is left out.
    return new TextDecoder('utf-8').decode(bytes.subarray(0, bytesRead), { stream: true });
  } catch (error) {
    throw dataSourceDead(path, messageOf(error), error);
  }
}
