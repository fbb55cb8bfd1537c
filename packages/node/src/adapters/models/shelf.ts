/**
 * What has been pulled: files under their own hash, and one small manifest a name. A model is there when both are, so a
 * crash between the two leaves nothing that anybody sees; `sweep` clears that away.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loraModelId } from '@filon/engine/gguf/lora-id';
import { z } from 'zod';
import type { StoredLora, StoredModel } from '../../ports/models.ts';
import { readIfThere, writeAtomically } from './files.ts';

const MANIFESTS_MAX = 10_000;
const BLOB_NAME = /^[0-9a-f]{64}$/;

/** As it is kept: `sha256` is that of the model's own file. */
export interface Manifest extends Omit<StoredModel, 'path' | 'lora'> {
  lora?: Omit<StoredLora, 'sha256' | 'basePath'> | undefined;
}

const manifestSchema: z.ZodType<Manifest> = z.object({
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
  lora: z
    .object({
      base: z.string().regex(BLOB_NAME),
      baseName: z.string(),
      baseBytes: z.int().positive(),
      rank: z.int().positive(),
      trainedOn: z.string().nullable(),
    })
    .optional(),
});

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
    return (await this.manifests()).map((manifest) => this.stored(manifest));
  }

  async manifests(): Promise<Manifest[]> {
    const manifests = await Promise.all((await this.#manifestNames()).map((name) => this.#read(name)));
    const here = manifests.filter((manifest) => manifest !== null);
    return here.sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  stored({ lora, ...manifest }: Manifest): StoredModel {
    const { sha256 } = manifest;
    const path = this.blobPath(sha256);
    if (lora === undefined) return { ...manifest, path };
    const id = loraModelId(lora.base, sha256);
    return { ...manifest, path, sha256: id, lora: { ...lora, sha256, basePath: this.blobPath(lora.base) } };
  }

  async putManifest(manifest: Manifest): Promise<void> {
    await writeAtomically(this.#manifestPath(manifest.name), JSON.stringify(manifest, null, 2));
  }

  async remove(model: StoredModel): Promise<void> {
    await this.dropBlob(model.lora?.sha256 ?? model.sha256, model.name);
    await rm(this.#manifestPath(model.name), { force: true });
  }

  /** A file goes with the last name that it has; `leaving` is not counted. */
  async dropBlob(sha256: string, leaving: string): Promise<void> {
    const isNeeded = (await this.manifests()).some(
      (other) => other.name !== leaving && [other.sha256, other.lora?.base].includes(sha256),
    );
    if (!isNeeded) await rm(this.blobPath(sha256), { force: true });
  }

  /** Removes files without a name: a pull of changed content was killed before it could drop the old one. */
  async sweep(): Promise<void> {
    // Before the manifests are read: whatever comes meanwhile has its manifest first.
    const blobs = (await readdir(this.#blobs)).filter((name) => BLOB_NAME.test(name));
    const manifests = await Promise.all((await this.#manifestNames()).map((name) => this.#parse(name)));
    // One that cannot be read, of a later version perhaps, may name any of them.
    if (manifests.length >= MANIFESTS_MAX || manifests.includes(null)) return;
    const named = new Set(manifests.flatMap((manifest) => [manifest?.sha256, manifest?.lora?.base]));
    for (const blob of blobs) {
      if (!named.has(blob)) await rm(this.blobPath(blob), { force: true });
    }
  }

  async #manifestNames(): Promise<string[]> {
    const names = (await readdir(this.#manifests)).filter((name) => name.endsWith('.json')).sort();
    return names.slice(0, MANIFESTS_MAX);
  }

  async #read(fileName: string): Promise<Manifest | null> {
    const manifest = await this.#parse(fileName);
    if (manifest === null || !(await this.hasBlob(manifest.sha256, manifest.bytes))) return null;
    const { lora } = manifest;
    return lora === undefined || (await this.hasBlob(lora.base, lora.baseBytes)) ? manifest : null;
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
