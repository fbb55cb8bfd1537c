/** What a recipe trains: a model of the store or a fresh one, wholly or by an adapter. */
import { z } from 'zod';
import { PROJECTIONS, type Projection } from './quote.ts';

/** A model that was pulled. Its licence goes on to what is made of it. */
export interface BaseModel {
  kind: 'base';
  name: string;
  licence: string;
  obliges: string[];
}

/** A fresh model. */
export interface Architecture {
  kind: 'architecture';
  family: 'llama';
  layers: number;
  width: number;
  heads: number;
  kvHeads: number;
  feedForward: number;
  context: number;
  ropeBase: number;
  tied: boolean;
  vocabulary: 'bytes' | { bpe: number };
}

export type RecipeModel = BaseModel | Architecture;

export type RecipeMethod =
  | { kind: 'full' }
  | { kind: 'lora'; rank: number; alpha: number; dropout: number; projections: Projection[] };

export const licenceId: z.ZodString = z.string().min(1).max(120);

const base = z.strictObject({
  kind: z.literal('base'),
  name: z
    .string()
    .min(1)
    .max(256)
    .describe('a model of the store or the catalogue, as `filon ls --all` lists it'),
  licence: licenceId.describe('SPDX id of the base, as in Apache-2.0; the result carries it on'),
  obliges: z
    .array(z.string().min(1).max(500))
    .max(16)
    .default([])
    .describe('what that licence asks of whoever passes the result on, a sentence each, at most 16'),
});

const architecture = z.strictObject({
  kind: z.literal('architecture'),
  family: z.literal('llama').describe('llama'),
  layers: z.int().min(1).max(256).describe('blocks, 1 to 256'),
  width: z.int().min(16).max(32_768).describe('of the hidden state, 16 to 32768; a multiple of heads'),
  heads: z.int().min(1).max(256).describe('attention heads, 1 to 256'),
  kvHeads: z.int().min(1).max(256).describe('heads of keys and values, 1 to 256; heads is a multiple of it'),
  feedForward: z.int().min(16).max(131_072).describe('width between gate and down, 16 to 131072'),
  context: z.int().min(16).max(131_072).describe('tokens that the model can see, 16 to 131072'),
  ropeBase: z.number().min(100).max(1e9).default(10_000).describe('base of the rotary angles, 100 to 1e9'),
  tied: z.boolean().default(true).describe('whether the output matrix is the embedding'),
  vocabulary: z
    .union([z.literal('bytes'), z.strictObject({ bpe: z.int().min(512).max(131_072) })])
    .default('bytes')
    .describe('"bytes", or {"bpe": 512 to 131072} for a tokenizer trained on the data'),
});

export const modelSchema: z.ZodType<RecipeModel> = z
  .discriminatedUnion('kind', [base, architecture])
  .describe('kind "base" for a model that is there, "architecture" for a fresh one');

const RANK_MAX = 512;
const full = z.strictObject({ kind: z.literal('full') });
const lora = z.strictObject({
  kind: z.literal('lora'),
  rank: z.int().min(1).max(RANK_MAX).default(16).describe(`1 to ${RANK_MAX}`),
  alpha: z
    .number()
    .positive()
    .max(4096)
    .default(32)
    .describe('the adapter is scaled by alpha / rank; above 0, to 4096'),
  dropout: z.number().min(0).max(0.9).default(0).describe('of the adapter’s inputs while training, 0 to 0.9'),
  projections: z
    .array(z.enum(PROJECTIONS))
    .min(1)
    .max(PROJECTIONS.length)
    .default([...PROJECTIONS])
    .describe(`which matrices of each layer: some of ${PROJECTIONS.join(', ')}, each once`),
});

export const methodSchema: z.ZodType<RecipeMethod> = z
  .discriminatedUnion('kind', [full, lora])
  .describe('kind "full" trains every weight, "lora" an adapter on a base');
