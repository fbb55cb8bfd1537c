/** What data a model was trained on: sources with their licences, what was left out and why. Holds none of the data. */
import { z } from 'zod';
import { DATA_FORMATS, type DataFormat, ENCODINGS, type Encoding } from './source.ts';
import type { Split, SplitRule } from './split.ts';

export const MANIFEST_FORMAT = 1;
export const MANIFEST_FILES_MAX = 100_000;

const count = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const fileSchema: z.ZodType<ManifestFile> = z.strictObject({
  name: z.string().max(4096),
  sha256,
  bytes: count,
  format: z.enum(DATA_FORMATS),
  encoding: z.enum(ENCODINGS).nullable(),
  items: count,
  kept: count,
});

const sourceSchema: z.ZodType<ManifestSource> = z.strictObject({
  name: z.string(),
  source: z.string(),
  licence: z.string(),
  origin: z.string().nullable(),
  use: z.enum(['data', 'held-out']),
  files: z.array(fileSchema).max(MANIFEST_FILES_MAX),
  dropped: z.record(z.string(), count),
});

const splitSchema = z.strictObject({ items: count, bytes: count, sha256 });

export const manifestSchema: z.ZodType<DataManifest> = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  sources: z.array(sourceSchema).min(1),
  rule: z.strictObject({ validationPerMille: count, heldOutPerMille: count }),
  duplicates: z.strictObject({
    exact: z.literal('nfkc-lower'),
    nearPerMille: count.max(1000).nullable(),
  }),
  personal: z.record(z.string(), count).nullable(),
  splits: z.strictObject({ train: splitSchema, validation: splitSchema, 'held-out': splitSchema }),
  forgotten: z.array(z.strictObject({ manifest: sha256, name: z.string(), files: z.array(sha256) })),
});

export interface ManifestFile {
  /** Below its source: never a path of this machine. */
  name: string;
  sha256: string;
  bytes: number;
  format: DataFormat;
  /** null for formats that have none. */
  encoding: Encoding | null;
  /** Read, before any were left out. */
  items: number;
  kept: number;
}

export interface ManifestSource {
  name: string;
  source: string;
  licence: string;
  /** Who made it, where somebody said. */
  origin: string | null;
  /** `data` is split by the rule; `held-out` is never trained on. */
  use: 'data' | 'held-out';
  files: ManifestFile[];
  /** How many were left out, by reason. */
  dropped: Record<string, number>;
}

export interface DataManifest {
  format: 1;
  sources: ManifestSource[];
  /** Parts by a text's hash. */
  rule: SplitRule;
  duplicates: {
    /** Equal but for compatibility forms, case and white space. */
    exact: 'nfkc-lower';
    /** Similarity in thousandths from which on texts are near, by MinHash of three words; null is off. */
    nearPerMille: number | null;
  };
  /** Places of personal data that were replaced, by kind; null when nobody looked. */
  personal: Record<string, number> | null;
  /** Of the items as they are kept, one a line. */
  splits: Record<Split, { items: number; bytes: number; sha256: string }>;
  /** Sources that an earlier manifest had, and that this one was made without. */
  forgotten: { manifest: string; name: string; files: string[] }[];
}
