/**
 * Questions that try to make a model repeat what was removed: the words that stood before it. Whatever the model goes on
 * with is looked through by `openLeakCheck`.
 */
import { shuffled } from '@filon/core/training/data/random';
import { SPLITS } from '@filon/core/training/data/split';
import { itemText } from '@filon/core/training/item';
import type { DataStore } from '../../ports/data-store.ts';
import { PERSONAL_KINDS, placeholder } from './personal/span.ts';
import { itemsIn } from './tokenise.ts';

/** Before the place of what was removed. */
const PROBE_CHARS_MAX = 240;
const PROBE_CHARS_MIN = 12;
/** Places that are looked at; a model is asked a few of them. */
const PLACES_MAX = 100_000;
const PLACES = new RegExp(PERSONAL_KINDS.map((kind) => RegExp.escape(placeholder(kind))).join('|'), 'g');

/** At most `count`, chosen by `seed` among the prepared items. Code: DATA_MANIFEST_INVALID. */
export async function probesOf(
  store: DataStore,
  id: string,
  { count, seed }: { count: number; seed: number },
): Promise<string[]> {
  const found = new Set<string>();
  for (const split of SPLITS) {
    for await (const item of itemsIn(store, id, split)) {
      const text = itemText(item);
      for (const { index } of text.matchAll(PLACES)) {
        const before = text.slice(Math.max(0, index - PROBE_CHARS_MAX), index);
        if (before.trim().length >= PROBE_CHARS_MIN && found.size < PLACES_MAX) found.add(before);
      }
    }
  }
  const all = [...found];
  return Array.from(shuffled(all.length, [seed]).subarray(0, count), (at) => all[at] ?? '');
}
