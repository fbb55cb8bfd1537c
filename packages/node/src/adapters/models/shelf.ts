/**
 * What has been pulled: files under their own hash, and one small manifest a name. A model is there when both are, so a
 * crash between the two leaves nothing that anybody sees; `sweep` clears that away.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StoredModel } from '../../ports/models.ts';
import { readIfThere, writeAtomically } from './files.ts';

const MANIFESTS_MAX = 10_000;
const BLOB_NAME = /^[0-9a-f]{64}$/;

const manifestSchema = z.object({
  name: z.string().min(1).max(200),
  sha256: z.string().regex(BLOB_NAME),
  bytes: z.int().positive(),
  architecture: z.string(),
  quantization: z.string(),
  parameters: z.number().nonnegative(),
  trainedContextTokens: z.int().positive(),
  licence: z.string().nullable(),
  source: z.string(),
  pulledAtMs: z.number(),
});

export type Manifest = Omit<StoredModel, 'path'>;

export class Shelf {
  readonly #blobs: string;
  readonly #manifests: string;

  constructor(folder: string) {
    this.#blobs = join(folder, 'blobs');
    this.#manifests = join(folder, 'manifests');
  }

  async prepare(): Promise<void> {
    await mkdir(this.#blobs, { recursive: true, mode: 0o700 });
    await mkdir(this.#manifests, { recursive: true, mode: 0o700 });
  }

  blobPath(sha256: string): string {
    return join(this.#blobs, sha256);
  }

  /** Whether the whole file of this hash is here. */
  async hasBlob(sha256: string, bytes: number): Promise<boolean> {
    const facts = await stat(this.blobPath(sha256)).catch(() => null);
    return facts?.isFile() === true && facts.size === bytes;
  }

  /** By name. Manifests that cannot be read, or whose file is missing, are as if not there. */
  async list(): Promise<StoredModel[]> {
    const models = await Promise.all((await this.#manifestNames()).map((name) => this.#read(name)));
    return models.filter((model) => model !== null);
  }

  async putManifest(manifest: Manifest): Promise<void> {
    await writeAtomically(this.#manifestPath(manifest.name), JSON.stringify(manifest, null, 2));
  }

  async remove(model: StoredModel): Promise<void> {
    await this.dropBlob(model.sha256, model.name);
    await rm(this.#manifestPath(model.name), { force: true });
  }

  /** A file goes with the last name that it has; `leaving` is not counted. */
  async dropBlob(sha256: string, leaving: string): Promise<void> {
    const isNeeded = (await this.list()).some((other) => other.sha256 === sha256 && other.name !== leaving);
    if (!isNeeded) await rm(this.blobPath(sha256), { force: true });
  }

  /** Removes files without a name: a pull of changed content was killed before it could drop the old one. */
  async sweep(): Promise<void> {
    // Before the manifests are read: whatever comes meanwhile has its manifest first.
    const blobs = (await readdir(this.#blobs)).filter((name) => BLOB_NAME.test(name));
    const manifests = await Promise.all((await this.#manifestNames()).map((name) => this.#parse(name)));
    // One that cannot be read, of a later version perhaps, may name any of them.
    if (manifests.length >= MANIFESTS_MAX || manifests.includes(null)) return;
    const named = new Set(manifests.map((manifest) => manifest?.sha256));
    for (const blob of blobs) {
      if (!named.has(blob)) await rm(this.blobPath(blob), { force: true });
    }
  }

  async #manifestNames(): Promise<string[]> {
    const names = (await readdir(this.#manifests)).filter((name) => name.endsWith('.json')).sort();
    return names.slice(0, MANIFESTS_MAX);
  }

  async #read(fileName: string): Promise<StoredModel | null> {
    const manifest = await this.#parse(fileName);
    if (manifest === null || !(await this.hasBlob(manifest.sha256, manifest.bytes))) return null;
    return { ...manifest, path: this.blobPath(manifest.sha256) };
  }

  async #parse(fileName: string): Promise<Manifest | null> {
    try {
      return manifestSchema.parse(JSON.parse(await readIfThere(join(this.#manifests, fileName))));
    } catch {
      return null;
    }
  }

  #manifestPath(name: string): string {
    return join(this.#manifests, `${encodeURIComponent(name)}.json`);
  }
}
