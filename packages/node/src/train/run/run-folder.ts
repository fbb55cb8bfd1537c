/**
 * A run on the disk: `run.json` (its record), `metrics.jsonl`, and `checkpoints` with states by their hash and a small record
 * for each. Every file is there whole or not at all, whatever ends the process.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { isFilonError, messageOf } from '@filon/core/errors';
import { type Checkpoint, type CheckpointContent, checkpointSchema } from '@filon/core/training/checkpoint';
import { canonicalJson } from '@filon/core/training/data/canonical';
import { type Metric, metricSchema, type RunRecord, runRecordSchema } from '@filon/core/training/run';
import { folderUnavailable, trainDiskFull } from '@filon/core/training/run-errors';

export type FreeBytes = (folder: string) => Promise<number>;

/** Left for logs, the store and the system. */
const RESERVE_BYTES: number = 64 * 1024 * 1024;
const RECORD_BYTES_MAX: number = 4 * 1024 * 1024;
const STATE = /^[0-9a-f]{64}\.state$/;
const RECORD = /^\d{8}\.json$/;
const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

export class RunFolder {
  readonly folder: string;
  readonly #checkpoints: string;
  readonly #freeBytes: FreeBytes;

  constructor(folder: string, freeBytes: FreeBytes = freeOnDisk) {
    this.folder = folder;
    this.#checkpoints = join(folder, 'checkpoints');
    this.#freeBytes = freeBytes;
  }

  /** What a save before this was killed left is removed. Code: TRAIN_FOLDER_UNAVAILABLE. */
  async prepare(): Promise<void> {
    await this.#guarded(0, async () => {
      await mkdir(this.#checkpoints, { recursive: true, mode: 0o700 });
      await this.#sweep();
    });
  }

  /** null when it is none. */
  async readRecord(): Promise<RunRecord | null> {
    return parsed(await readText(join(this.folder, 'run.json')), (value) => runRecordSchema.parse(value));
  }

  /** Codes: TRAIN_DISK_FULL, TRAIN_FOLDER_UNAVAILABLE. */
  writeRecord(record: RunRecord): Promise<void> {
    return this.#write(join(this.folder, 'run.json'), JSON.stringify(record, null, 2));
  }

  get metricsPath(): string {
    return join(this.folder, 'metrics.jsonl');
  }

  /** For appending; what lies beyond `bytes` is of steps that are taken again. */
  async openMetrics(bytes: number): Promise<MetricsFile> {
    return this.#guarded(0, async () => {
      const file = await open(this.metricsPath, 'a', 0o600);
      await file.truncate(Math.min(bytes, (await file.stat()).size));
      return new MetricsFile(file, bytes, (work) => this.#guarded(0, work));
    });
  }

  /** The last lines, oldest first; lines that are none are left out. */
  async metrics(bytesMax: number): Promise<Metric[]> {
    const file = await open(this.metricsPath, 'r').catch(() => null);
    if (file === null) return [];
    await using metrics = file;
    const { size } = await metrics.stat();
    const from = Math.max(0, size - bytesMax);
    const bytes = Buffer.alloc(size - from);
    const { bytesRead } = await metrics.read(bytes, 0, bytes.length, from);
    const lines = bytes.subarray(0, bytesRead).toString('utf8').split('\n');
    return lines.slice(from === 0 ? 0 : 1).flatMap((line) => {
      const metric = parsed(line, (value) => metricSchema.parse(value));
      return metric === null ? [] : [metric];
    });
  }

  /** Newest first, those that are whole in themselves. */
  async checkpoints(): Promise<Checkpoint[]> {
    const names = await readdir(this.#checkpoints).catch(() => []);
    const found = await Promise.all(
      names.filter((name) => RECORD.test(name)).map((name) => readText(join(this.#checkpoints, name))),
    );
    return found
      .map((text) => parsed(text, checkpointOf))
      .filter((checkpoint) => checkpoint !== null)
      .toSorted((a, b) => b.step - a.step);
  }

  statePath({ sha256 }: Checkpoint['state']): string {
    return join(this.#checkpoints, `${sha256}.state`);
  }

  /** Whether the state's bytes are those of its hash. */
  async isWhole({ state }: Checkpoint): Promise<boolean> {
    const hash = createHash('sha256');
    try {
      for await (const chunk of createReadStream(this.statePath(state), { highWaterMark: 1024 * 1024 }))
        hash.update(chunk);
    } catch {
      return false;
    }
    return hash.digest('hex') === state.sha256;
  }

  /**
   * Has a state saved, and then its record; only then older ones go, so that one is there at any instant.
   * Codes: TRAIN_DISK_FULL, TRAIN_FOLDER_UNAVAILABLE.
   */
  async addCheckpoint(
    save: (path: string) => Promise<Checkpoint['state']>,
    content: Omit<CheckpointContent, 'format' | 'state'>,
    { keep, stateBytes }: { keep: number; stateBytes: number },
  ): Promise<Checkpoint> {
    await this.requireSpace(stateBytes);
    const draft = join(this.#checkpoints, 'saving');
    const state = await save(draft);
    const whole: CheckpointContent = { format: 1, ...content, state };
    const checkpoint = { id: sha256Of(canonicalJson(whole)), ...whole };
    await this.#guarded(stateBytes, () => rename(draft, this.statePath(state)));
    const name = `${String(content.step).padStart(8, '0')}.json`;
    await this.#write(join(this.#checkpoints, name), JSON.stringify(checkpoint));
    await this.#guarded(0, () => this.#prune(keep));
    return checkpoint;
  }

  /** Code: TRAIN_DISK_FULL. */
  async requireSpace(bytes: number): Promise<void> {
    const freeBytes = await this.#guarded(0, () => this.#freeBytes(this.folder));
    const neededBytes = bytes + RESERVE_BYTES;
    if (neededBytes > freeBytes) throw trainDiskFull(this.folder, { neededBytes, freeBytes });
  }

  async #prune(keep: number): Promise<void> {
    for (const { step } of (await this.checkpoints()).slice(keep))
      await rm(join(this.#checkpoints, `${String(step).padStart(8, '0')}.json`), { force: true });
    await this.#sweep();
  }

  /** States that no record names, and what was never finished. */
  async #sweep(): Promise<void> {
    const named = new Set((await this.checkpoints()).map(({ state }) => `${state.sha256}.state`));
    for (const name of await readdir(this.#checkpoints)) {
      const isKept = STATE.test(name) ? named.has(name) : RECORD.test(name);
      if (!isKept) await rm(join(this.#checkpoints, name), { force: true });
    }
  }

  async #write(path: string, text: string): Promise<void> {
    await this.requireSpace(text.length);
    await this.#guarded(text.length, async () => {
      const draft = `${path}.new`;
      try {
        await using file = await open(draft, 'w', 0o600);
        await file.writeFile(text);
        await file.sync();
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
      await rename(draft, path);
      await syncFolder(join(path, '..'));
    });
  }

  async #guarded<T>(neededBytes: number, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isFilonError(error)) throw error;
      if (!(error instanceof Error && 'code' in error && FULL.has(error.code)))
        throw folderUnavailable(this.folder, messageOf(error), error);
      const freeBytes = await this.#freeBytes(this.folder).catch(() => 0);
      throw trainDiskFull(this.folder, { neededBytes, freeBytes });
    }
  }
}

/** Lines that are added one after the other. */
class MetricsFile implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #guarded: (work: () => Promise<void>) => Promise<void>;
  bytes: number;

  constructor(file: FileHandle, bytes: number, guarded: (work: () => Promise<void>) => Promise<void>) {
    this.#file = file;
    this.bytes = bytes;
    this.#guarded = guarded;
  }

  /** Codes: TRAIN_DISK_FULL, TRAIN_FOLDER_UNAVAILABLE. */
  async add(metric: Metric): Promise<void> {
    const line = Buffer.from(`${JSON.stringify(metric)}\n`);
    await this.#guarded(() => this.#file.appendFile(line));
    this.bytes += line.length;
  }

  /** They reach the disk before a checkpoint says how many they are. */
  sync(): Promise<void> {
    return this.#guarded(() => this.#file.sync());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file.close();
  }
}

export type { MetricsFile };

function checkpointOf(value: unknown): Checkpoint | null {
  const { id, ...content } = checkpointSchema.parse(value);
  return id === sha256Of(canonicalJson(content)) ? { id, ...content } : null;
}

export function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function parsed<T>(text: string, of: (value: unknown) => T): T | null {
  try {
    return of(JSON.parse(text));
  } catch {
    return null;
  }
}

/** '' when it is not there or too large to be ours. */
async function readText(path: string): Promise<string> {
  const facts = await stat(path).catch(() => null);
  if (facts === null || facts.size > RECORD_BYTES_MAX) return '';
  return readFile(path, 'utf8').catch(() => '');
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
