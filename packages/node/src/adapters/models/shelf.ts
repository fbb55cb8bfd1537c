/**
 * What has been pulled: files under their own hash, and one small manifest a name. A model is there when both are, so a
 * crash between the two leaves nothing that anybody sees.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StoredModel } from '../../ports/models.ts';
import { readIfThere, writeAtomically } from './files.ts';

const MANIFESTS_MAX = 10_000;

const manifestSchema = z.object({
  name: z.string().min(1).max(200),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
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
    const names = (await readdir(this.#manifests)).filter((name) => name.endsWith('.json')).sort();
    const models = await Promise.all(names.slice(0, MANIFESTS_MAX).map((name) => this.#read(name)));
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

  async #read(fileName: string): Promise<StoredModel | null> {
    try {
      const manifest = manifestSchema.parse(JSON.parse(await readIfThere(join(this.#manifests, fileName))));
      const isThere = await this.hasBlob(manifest.sha256, manifest.bytes);
      return isThere ? { ...manifest, path: this.blobPath(manifest.sha256) } : null;
    } catch {
      return null;
    }
  }

  #manifestPath(name: string): string {
    return join(this.#manifests, `${encodeURIComponent(name)}.json`);
  }
}
