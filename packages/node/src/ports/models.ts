/** Model files: a content-addressed store with sources behind it. Adapters: disk and hub (real), memory (tests). */
import type { CatalogueEntry } from '@filon/core/model/catalogue';
import type { Waiting } from './engine.ts';

export interface StoredModel {
  /** Catalogue name, or a name made from the source. */
  name: string;
  sha256: string;
  path: string;
  bytes: number;
  architecture: string;
  /** As the header names it, e.g. `Q4_1`. */
  quantization: string;
  parameters: number;
  trainedContextTokens: number;
  licence: string | null;
  source: string;
  /** Milliseconds since 1970. */
  pulledAtMs: number;
}

export interface PullProgress {
  phase: 'connecting' | 'downloading' | 'verifying' | 'storing';
  source: string;
  doneBytes: number;
  /** null while the source has not said. */
  totalBytes: number | null;
}

export interface PullOptions extends Waiting {
  onProgress?: ((progress: PullProgress) => void) | undefined;
  /** Takes content that changed since the first pull, and pins it instead. Never over a hash of the catalogue. */
  repin?: boolean | undefined;
}

export interface Models {
  /** What may be pulled by name. */
  catalogue(): readonly CatalogueEntry[];
  list(): Promise<StoredModel[]>;
  /** By name, unique prefix of the sha256, or source; null when it is not here. */
  find(name: string): Promise<StoredModel | null>;
  /** By name, or `hf:`, `pip:`, `https:`, `file:` source. Two pulls of one model share the download. */
  pull(name: string, options: PullOptions): Promise<StoredModel>;
  remove(name: string): Promise<void>;
}
