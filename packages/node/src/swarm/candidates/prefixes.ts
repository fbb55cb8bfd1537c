/**
 * Which beginnings of prompts are likely to be in the caches here, told without their text: hashes of whole blocks, each
 * over all before it. Within one scope alone, so that nobody learns what another asked.
 */
import { createHash } from 'node:crypto';
import {
  PREFIX_BLOCK_CHARS,
  PREFIX_BLOCKS_MAX,
  PREFIX_HASH_BYTES,
} from '@filon/core/directory/load-messages';
import type { KeyId } from '@filon/core/swarm/key-id';

/** Of one model; no cache holds so many. */
const SESSIONS_REMEMBERED_MAX = 256;
const MODELS_MAX = 16;

/** A prompt that was read here, for a peer. */
export interface ReadPrompt {
  /** sha256 of the file. */
  model: string;
  operator: KeyId;
  hashes: Uint8Array;
  /** Prompts that the caches hold at most. */
  most: number;
}

/** One hash of 8 bytes for each whole block of a prompt's beginning, one after another. `scope`: as others hear of it. */
export function prefixHashes(scope: Uint8Array, beginning: string): Uint8Array {
  const blocks = Math.min(PREFIX_BLOCKS_MAX, Math.floor(beginning.length / PREFIX_BLOCK_CHARS));
  const hashes = new Uint8Array(blocks * PREFIX_HASH_BYTES);
  let before: Uint8Array = scope;
  for (let block = 0; block < blocks; block += 1) {
    const part = beginning.slice(block * PREFIX_BLOCK_CHARS, (block + 1) * PREFIX_BLOCK_CHARS);
    before = createHash('sha256').update(before).update(part, 'utf16le').digest();
    hashes.set(before.subarray(0, PREFIX_HASH_BYTES), block * PREFIX_HASH_BYTES);
  }
  return hashes;
}

export class Prefixes {
  /** By model; those read last at the end. */
  readonly #models = new Map<string, { operator: KeyId; hashes: string }[]>();

  remember({ model, operator, hashes, most }: ReadPrompt): void {
    if (hashes.length === 0) return;
    const read = { operator, hashes: Buffer.from(hashes).toString('latin1') };
    // The turn of a conversation that this one goes on with is in the same place.
    const others = (this.#models.get(model) ?? []).filter(
      (one) => one.operator !== operator || !read.hashes.startsWith(one.hashes),
    );
    this.#models.delete(model);
    this.#models.set(model, [...others, read].slice(-Math.min(most, SESSIONS_REMEMBERED_MAX)));
    const [oldest] = this.#models.keys();
    if (this.#models.size > MODELS_MAX && oldest !== undefined) this.#models.delete(oldest);
  }

  /** How many blocks of the prefix one of the remembered prompts of that operator begins with. */
  cachedBlocks(model: string, operator: KeyId, prefix: Uint8Array): number {
    const asked = Buffer.from(prefix).toString('latin1');
    const own = (this.#models.get(model) ?? []).filter((one) => one.operator === operator);
    return Math.max(0, ...own.map(({ hashes }) => sharedBlocks(hashes, asked)));
  }

  /** The model is not in memory, and its caches went with it. */
  forget(model: string): void {
    this.#models.delete(model);
  }
}

function sharedBlocks(a: string, b: string): number {
  let blocks = 0;
  for (let at = 0; at < Math.min(a.length, b.length); at += PREFIX_HASH_BYTES) {
    if (a.slice(at, at + PREFIX_HASH_BYTES) !== b.slice(at, at + PREFIX_HASH_BYTES)) break;
    blocks += 1;
  }
  return blocks;
}
