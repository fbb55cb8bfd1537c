/**
 * A download under way: its bytes, and beside them a note of which content they belong to and how many are surely on the
 * disk. After a crash only those are trusted; a file may otherwise have its length but not its bytes.
 */
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { z } from 'zod';
import { moveDurably, readIfThere, writeAtomically } from './files.ts';

/** Written and not yet synced: at most this much is fetched again after a crash. */
export const UNSYNCED_BYTES_MAX: number = 16 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

const noteSchema = z.object({ identity: z.string().nullable(), durableBytes: z.int().nonnegative() });
type Note = z.infer<typeof noteSchema>;

export class PartialFile implements AsyncDisposable {
  readonly path: string;
  readonly #notePath: string;
  readonly #file: FileHandle;
  #identity: string | null;
  #bytes: number;
  #syncedBytes: number;
  #hash: Hash;

  private constructor(path: string, file: FileHandle, note: Note) {
    this.path = path;
    this.#notePath = `${path}.json`;
    this.#file = file;
    this.#identity = note.identity;
    this.#bytes = note.durableBytes;
    this.#syncedBytes = note.durableBytes;
    this.#hash = createHash('sha256');
  }

  /** What is there of `path`, hashed again so that the whole is checked at the end. */
  static async open(
    path: string,
    options: { signal: AbortSignal; onHashed: (bytes: number, total: number) => void },
  ): Promise<PartialFile> {
    const file = await open(path, 'a+', 0o600);
    try {
      const { size } = await file.stat();
      const note = await readNote(`${path}.json`);
      const usable = note.identity !== null && note.durableBytes <= size;
      const partial = new PartialFile(path, file, usable ? note : { identity: null, durableBytes: 0 });
      await file.truncate(partial.bytes);
      await partial.#hashAgain(options);
      return partial;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Of the content whose bytes these are; null when they cannot be gone on with. */
  get identity(): string | null {
    return this.#identity;
  }

  /** Forgets every byte, and takes those of `identity` from now on. */
  async restart(identity: string | null): Promise<void> {
    this.#hash = createHash('sha256');
    this.#identity = identity;
    this.#bytes = 0;
    this.#syncedBytes = 0;
    // The note goes first: it must never vouch for bytes of another content.
    await this.#writeNote();
    await this.#file.truncate(0);
  }

  async append(chunk: Uint8Array): Promise<void> {
    await this.#file.appendFile(chunk);
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes - this.#syncedBytes >= UNSYNCED_BYTES_MAX) await this.sync();
  }

  /** Everything so far survives whatever comes. */
  async sync(): Promise<void> {
    await this.#file.sync();
    this.#syncedBytes = this.#bytes;
    await this.#writeNote();
  }

  /** Hex, of all bytes so far. */
  sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Ends it as the file `target`. */
  async moveTo(target: string): Promise<void> {
    await this.sync();
    await moveDurably(this.path, target);
    await rm(this.#notePath, { force: true });
  }

  async drop(): Promise<void> {
    await rm(this.#notePath, { force: true });
    await rm(this.path, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #writeNote(): Promise<void> {
    const note: Note = { identity: this.#identity, durableBytes: this.#syncedBytes };
    await writeAtomically(this.#notePath, JSON.stringify(note));
  }

  async #hashAgain(options: {
    signal: AbortSignal;
    onHashed: (bytes: number, total: number) => void;
  }): Promise<void> {
    const buffer = new Uint8Array(CHUNK_BYTES);
    let position = 0;
    while (position < this.#bytes) {
      options.signal.throwIfAborted();
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) break;
      this.#hash.update(buffer.subarray(0, bytesRead));
      position += bytesRead;
      options.onHashed(position, this.#bytes);
    }
  }
}

async function readNote(path: string): Promise<Note> {
  const text = await readIfThere(path);
  try {
    return noteSchema.parse(JSON.parse(text));
  } catch {
    return { identity: null, durableBytes: 0 };
  }
}
