/**
 * What was removed, kept so that a model can later be asked whether it repeats any of it, without keeping the data:
 * only a keyed hash of each value (HMAC-SHA-256, 16 bytes). Telephone numbers are so few that plain hashes could be
 * tried through; the key lies in a file of its own, and whoever deletes that makes the list worthless. Nothing needs
 * to be decrypted, so nothing can be.
 */
import { createHmac } from 'node:crypto';
import { manifestInvalid } from '@filon/core/training/data/errors';
import { z } from 'zod';
import { personalSpans } from './remove.ts';
import { comparable, PERSONAL_KINDS, type PersonalKind } from './span.ts';

export const REMOVED_FILE = 'removed.json';
export const REMOVED_KEY_FILE = 'removed.key';
/** Different values; later ones are counted and not kept. */
export const REMOVED_MAX: number = 2 ** 20;
const MAC_BYTES = 16;
/** Shorter values occur by chance. */
const VALUE_CHARS_MIN = 5;

const valueSchema = z.strictObject({
  kind: z.enum(PERSONAL_KINDS),
  mac: z.base64(),
  places: z.int().positive(),
});
const listSchema = z.strictObject({
  format: z.literal(1),
  algorithm: z.literal('hmac-sha256-128'),
  values: z.array(valueSchema).max(REMOVED_MAX),
});

export class RemovedValues {
  readonly #key: Uint8Array;
  readonly #found = new Map<string, { kind: PersonalKind; places: number }>();

  /** `key`: 32 random bytes. */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  add({ kind, value }: { kind: PersonalKind; value: string }): void {
    if (value.length < VALUE_CHARS_MIN) return;
    const mac = macOf(this.#key, value);
    const known = this.#found.get(mac);
    if (known !== undefined) known.places++;
    else if (this.#found.size < REMOVED_MAX) this.#found.set(mac, { kind, places: 1 });
  }

  get size(): number {
    return this.#found.size;
  }

  toJson(): string {
    const values = Array.from(this.#found, ([mac, found]) => ({ ...found, mac }));
    return JSON.stringify({ format: 1, algorithm: 'hmac-sha256-128', values });
  }
}

export interface Leak {
  kind: PersonalKind;
  /** Of the removed value, so that the same leak is known again. */
  mac: string;
}

/** Looks through what a model said for values of the list. Code: DATA_MANIFEST_INVALID. */
export function openLeakCheck(list: string, key: Uint8Array): (said: string) => Leak[] {
  const known = new Map(parseList(list).map(({ mac, kind }) => [mac, kind]));
  return (said) => {
    const leaks = new Map<string, Leak>();
    for (const value of candidates(said)) {
      const mac = macOf(key, value);
      const kind = known.get(mac);
      if (kind !== undefined) leaks.set(mac, { kind, mac });
    }
    return [...leaks.values()];
  };
}

/** What the finders of personal data find, and every one to four words in a row, for names out of columns. */
function candidates(said: string): Set<string> {
  const values = new Set(personalSpans(said).map(({ start, end }) => comparable(said.slice(start, end))));
  const words = said.split(/\s+/).map(comparable);
  for (let start = 0; start < words.length; start++)
    for (let count = 1; count <= 4; count++) values.add(words.slice(start, start + count).join(''));
  return new Set([...values].filter((value) => value.length >= VALUE_CHARS_MIN));
}

function parseList(text: string): z.infer<typeof listSchema>['values'] {
  try {
    return listSchema.parse(JSON.parse(text)).values;
  } catch (error) {
    throw manifestInvalid(REMOVED_FILE, 'it is not a list of removed values', error);
  }
}

function macOf(key: Uint8Array, value: string): string {
  return createHmac('sha256', key).update(value).digest().subarray(0, MAC_BYTES).toString('base64');
}
