/** Models that can be pulled by name, and where from. Entries name addresses; peers never do. */
import { z } from 'zod';

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

export interface CatalogueEntry {
  /** What people type: `smollm2-135m`, `qwen3-8b:q4_k_m`. */
  name: string;
  title: string;
  /** SPDX id, or the licence's own name. */
  licence: string;
  architecture: string;
  contextTokens: number;
  /** Tried in order: `hf:owner/repo/file`, `pip:package==version!member`, `https:`, `file:`. */
  sources: string[];
  /** Hex, or `pinned at the first pull`. */
  sha256: string;
  bytes: number;
  /** Memory that serving needs with a context of 8,192 tokens. */
  memoryBytes: number;
  /** false: nobody of this project has tried this download yet. */
  tried: boolean;
}

export const catalogueEntrySchema: z.ZodType<CatalogueEntry> = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}(:[a-z0-9._-]{1,32})?$/),
  title: z.string().min(1).max(120),
  licence: z.string().min(1).max(80),
  architecture: z.string().min(1).max(64),
  contextTokens: z.int().positive(),
  sources: z.array(z.string().min(4).max(1024)).min(1).max(8),
  sha256: z.union([sha256Schema, z.literal('pinned at the first pull')]),
  bytes: z.int().positive(),
  memoryBytes: z.int().positive(),
  tried: z.boolean(),
});

const ENTRIES_MAX = 1000;

/** A whole catalogue; no name twice. */
export const catalogueSchema: z.ZodType<CatalogueEntry[]> = z
  .array(catalogueEntrySchema)
  .max(ENTRIES_MAX)
  .refine(
    (entries) => new Set(entries.map((entry) => entry.name)).size === entries.length,
    'a name is there twice',
  );
