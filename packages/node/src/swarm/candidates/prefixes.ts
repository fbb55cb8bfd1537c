/**
 * Which beginnings of prompts are likely to be in the caches here, told without their tokens: hashes of whole blocks, each
 * over all before it. Within one scope alone, so that nobody learns what another asked.
 */
import { createHash } from 'node:crypto';
import {
  PREFIX_BLOCK_TOKENS,
  PREFIX_BLOCKS_MAX,
  PREFIX_HASH_BYTES,
} from '@filon/core/directory/load-messages';

const SESSIONS_REMEMBERED_MAX = 256;

/** One hash of 8 bytes for each whole block of a prompt's beginning, one after another. */
export function prefixHashes(tokens: Int32Array): Uint8Array {
  const blocks = Math.min(PREFIX_BLOCKS_MAX, Math.floor(tokens.length / PREFIX_BLOCK_TOKENS));
  const hashes = new Uint8Array(blocks * PREFIX_HASH_BYTES);
  let before = new Uint8Array(0);
  for (let block = 0; block < blocks; block += 1) {
    const part = tokens.subarray(block * PREFIX_BLOCK_TOKENS, (block + 1) * PREFIX_BLOCK_TOKENS);
    before = new Uint8Array(createHash('sha256').update(before).update(littleEndian(part)).digest());
    hashes.set(before.subarray(0, PREFIX_HASH_BYTES), block * PREFIX_HASH_BYTES);
  }
  return hashes;
}

export class Prefixes {
  /** By model and scope, those touched last at the end. */
  readonly #sessions = new Map<string, { model: string; scope: string; hashes: string }>();

  /** A session of these tokens has just been computed here. */
  remember(model: string, scope: string, tokens: Int32Array): void {
    const hashes = Buffer.from(prefixHashes(tokens)).toString('latin1');
    const key = `${model}\0${scope}\0${hashes.slice(0, PREFIX_HASH_BYTES)}`;
    this.#sessions.delete(key);
    if (hashes !== '') this.#sessions.set(key, { model, scope, hashes });
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > SESSIONS_REMEMBERED_MAX && oldest !== undefined) this.#sessions.delete(oldest);
  }

  /** How many blocks of the prefix one of the remembered sessions begins with. */
  cachedBlocks(model: string, scope: string, prefix: Uint8Array): number {
    const asked = Buffer.from(prefix).toString('latin1');
    const same = [...this.#sessions.values()].filter((one) => one.model === model && one.scope === scope);
    return Math.max(0, ...same.map(({ hashes }) => sharedBlocks(hashes, asked)));
  }

  /** The model left memory, and its caches with it. */
  forget(model: string): void {
    for (const [key, one] of this.#sessions) if (one.model === model) this.#sessions.delete(key);
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

function littleEndian(tokens: Int32Array): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(tokens.length * 4));
  for (const [i, token] of tokens.entries()) bytes.setInt32(i * 4, token, true);
  return new Uint8Array(bytes.buffer);
}
