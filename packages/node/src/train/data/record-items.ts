/** What a record gives to learn from, without the personal data that was in it. */
import { pairLanguage, pairsOfRow, pairsOfText } from '@filon/core/training/data/questions';
import type { DataSource } from '@filon/core/training/data/source';
import { type ReadItem, readItem, usualColumns } from '@filon/core/training/read-item';
import type { PersonalData } from './personal/remove.ts';
import type { DataRecord } from './read-records.ts';

/** `personal` null: it stays. */
export function recordItems(
  record: DataRecord,
  source: DataSource,
  personal: PersonalData | null,
): ReadItem[] {
  if ('dropped' in record) return [{ dropped: record.dropped }];
  const isAsked = source.questions === true;
  if ('text' in record) {
    const text = personal?.removeFrom(record.text) ?? record.text;
    const pairs = isAsked ? pairsOfText(text, pairLanguage(text)) : [];
    return pairs.length === 0 ? [readItem({ text }, { text: 'text' })] : pairs.map(asItem);
  }
  if (!isRow(record.fields)) return [{ dropped: 'not-an-item' }];
  const row = personal?.removeFromRow(record.fields) ?? record.fields;
  const hasItem = source.columns !== undefined || usualColumns(Object.keys(row)) !== null;
  if (hasItem || !isAsked) return [readItem(row, source.columns ?? null)];
  const pairs = pairsOfRow(row, pairLanguage(Object.values(row).join(' ')));
  return pairs.length === 0 ? [{ dropped: 'empty' }] : pairs.map(asItem);
}

function asItem({ prompt, completion }: { prompt: string; completion: string }): ReadItem {
  return { item: { kind: 'completion', prompt, completion } };
}

function isRow(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
