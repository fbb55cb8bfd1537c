/** Prepared data in folders named by their manifest; a draft is a folder, or a file, that gets its name when it is whole. */
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { invariant, isFilonError } from '@filon/core/errors';
import { dataDiskFull, shardInvalid } from '@filon/core/training/data/errors';
import { DATA_FILE_NAME, DATA_ID, type DataDraft, type DataStore } from '../../ports/data-store.ts';
import { storeFailure } from './errors.ts';

/** Left for logs, the store and the system. */
const RESERVE_BYTES: number = 64 * 1024 * 1024;
/** Open for reading by position. */
const HANDLES_MAX = 64;
const CHUNK_BYTES = 256 * 1024;
const DRAFT = /^draft-(\d+)-\d+$/;

export interface DataFolder {
  folder: string;
  /** Bytes that may still be written there; the disk's own figure unless a test says otherwise. */
  freeBytes?: (folder: string) => Promise<number>;
}

export async function openDataStore({
  folder,
  freeBytes = freeOnDisk,
}: DataFolder): Promise<DataStore & AsyncDisposable> {
  const store = new FolderStore(folder, freeBytes);
  await store.guarded(0, () => mkdir(folder, { recursive: true, mode: 0o700 }));
  await store.guarded(0, () => sweepDrafts(folder));
  return store;
}

class FolderStore implements DataStore, AsyncDisposable {
  readonly #folder: string;
  readonly #freeBytes: (folder: string) => Promise<number>;
  readonly #handles = new Map<string, Promise<FileHandle>>();
  #drafts = 0;

  constructor(folder: string, freeBytes: (folder: string) => Promise<number>) {
    this.#folder = folder;
    this.#freeBytes = freeBytes;
  }

  async list(): Promise<string[]> {
    const names = await this.guarded(0, () => readdir(this.#folder));
    return names.filter((name) => DATA_ID.test(name)).toSorted();
  }

  async draft(): Promise<DataDraft> {
    const path = this.#draftPath();
    await this.guarded(0, () => mkdir(path, { mode: 0o700 }));
    const append = async (name: string, bytes: Uint8Array): Promise<void> => {
      checkName(name);
      await this.#requireSpace(bytes.length);
      await this.guarded(bytes.length, async () => {
        await using file = await open(join(path, name), 'a', 0o600);
        await file.appendFile(bytes);
      });
    };
    const commit = async (id: string): Promise<void> => {
      invariant(DATA_ID.test(id), `${id} is no id of data`);
      await this.guarded(0, () => settleFolder(path, join(this.#folder, id)));
    };
    return { append, commit, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
  }

  async files(id: string): Promise<{ name: string; bytes: number }[]> {
    const names = await this.guarded(0, () => readdir(this.#path(id)).catch(noneIfMissing));
    const known = names.filter((name) => DATA_FILE_NAME.test(name)).toSorted();
    return this.guarded(0, () =>
      Promise.all(
        known.map(async (name) => ({ name, bytes: (await stat(join(this.#path(id), name))).size })),
      ),
    );
  }

  async *read(id: string, name: string): AsyncGenerator<Uint8Array> {
    const file = await this.guarded(0, () => open(join(this.#path(id), checkName(name))));
    try {
      yield* file.createReadStream({ highWaterMark: CHUNK_BYTES, autoClose: false });
    } catch (error) {
      throw storeFailure(this.#folder, error, { neededBytes: 0, freeBytes: 0 });
    } finally {
      await file.close();
    }
  }

  async readAt(id: string, name: string, part: { offset: number; bytes: number }): Promise<Uint8Array> {
    const file = await this.#handle(join(this.#path(id), checkName(name)));
    const bytes = new Uint8Array(part.bytes);
    const { bytesRead } = await this.guarded(0, () => file.read(bytes, 0, part.bytes, part.offset));
    if (bytesRead < part.bytes) throw shardInvalid(name, `it ends at byte ${part.offset + bytesRead}`);
    return bytes;
  }

  async write(id: string, name: string, bytes: Uint8Array): Promise<void> {
    const target = join(this.#path(id), checkName(name));
    await this.#requireSpace(bytes.length);
    // Not beside its target: what a killed process left of it would be a file of that data.
    const draft = this.#draftPath();
    await this.guarded(bytes.length, async () => {
      try {
        await using file = await open(draft, 'w', 0o600);
        await file.writeFile(bytes);
        await file.sync();
        await rename(draft, target);
      } finally {
        await rm(draft, { force: true });
      }
      await syncFolder(this.#path(id));
    });
    this.#forget(target);
  }

  async remove(id: string): Promise<void> {
    for (const path of [...this.#handles.keys()]) if (path.startsWith(this.#path(id))) this.#forget(path);
    await this.guarded(0, () => rm(this.#path(id), { recursive: true, force: true }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const path of [...this.#handles.keys()]) this.#forget(path);
  }

  /** Says in our words what the system says of the folder. */
  async guarded<T>(neededBytes: number, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isFilonError(error)) throw error;
      const freeBytes = await this.#freeBytes(this.#folder).catch(() => 0);
      throw storeFailure(this.#folder, error, { neededBytes, freeBytes });
    }
  }

  async #requireSpace(bytes: number): Promise<void> {
    const freeBytes = await this.guarded(0, () => this.#freeBytes(this.#folder));
    const neededBytes = bytes + RESERVE_BYTES;
    if (neededBytes > freeBytes) throw dataDiskFull(this.#folder, { neededBytes, freeBytes });
  }

  /** The one used longest ago makes room. */
  #handle(path: string): Promise<FileHandle> {
    const handle = this.#handles.get(path) ?? this.guarded(0, () => open(path));
    this.#handles.delete(path);
    this.#handles.set(path, handle);
    // One that could not be opened may be there the next time.
    handle.catch(() => this.#handles.delete(path));
    const [oldest] = this.#handles.keys();
    if (this.#handles.size > HANDLES_MAX && oldest !== undefined) this.#forget(oldest);
    return handle;
  }

  #forget(path: string): void {
    const handle = this.#handles.get(path);
    this.#handles.delete(path);
    handle?.then((file) => file.close()).catch(() => {});
  }

  #draftPath(): string {
    return join(this.#folder, `draft-${process.pid}-${this.#drafts++}`);
  }

  #path(id: string): string {
    invariant(DATA_ID.test(id), `${id} is no id of data`);
    return join(this.#folder, id);
  }
}

function checkName(name: string): string {
  invariant(DATA_FILE_NAME.test(name), `${name} is no name of a file of data`);
  return name;
}

/** Its files reach the disk before its name does. */
async function settleFolder(draft: string, target: string): Promise<void> {
  for (const name of await readdir(draft)) {
    await using file = await open(join(draft, name), 'r+');
    await file.sync();
  }
  await syncFolder(draft);
  try {
    await rename(draft, target);
  } catch (error) {
    // The same content is there: the name is its hash.
    if (!isThere(error)) throw error;
    await rm(draft, { recursive: true, force: true });
  }
  await syncFolder(join(target, '..'));
}

function isThere(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'ENOTEMPTY' || code === 'EEXIST';
}

function noneIfMissing(error: unknown): string[] {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
  throw error;
}

/** What processes left that are no more. */
async function sweepDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = Number(DRAFT.exec(name)?.[1]);
    if (!Number.isNaN(pid) && (pid === process.pid || !isAlive(pid)))
      await rm(join(folder, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows has no such thing as syncing a folder, and no need of it.
  if (process.platform === 'win32') return;
  await using folder = await open(path, 'r');
  await folder.sync();
}

async function freeOnDisk(folder: string): Promise<number> {
  const facts = await statfs(folder);
  return facts.bavail * facts.bsize;
}
