/** What a recipe trains on, where it is from, and what is taken out of it first. */
import { z } from 'zod';
import { messageOf } from '../errors.ts';
import {
  DATA_FORMATS,
  DATA_SOURCE_LENGTH_MAX,
  type DataSource,
  ENCODINGS,
  parseDataSource,
} from './data/source.ts';
import { itemColumnsSchema } from './item.ts';
import { licenceId } from './recipe-model.ts';

/** A source with what people want to know of it. */
export interface RecipeSource extends DataSource {
  name: string;
  origin: string;
  tried: boolean;
}

export interface RecipeData {
  use: 'sample' | 'sources' | 'both';
  sources: RecipeSource[];
  sample?: RecipeSource;
  heldOut?: RecipeSource;
  heldOutShare: number;
  validationShare: number;
}

export interface RecipePrivacy {
  removePersonalData: boolean;
  keep: string[];
  probes: number;
  forget: string[];
}

export const SOURCES_MAX = 128;
const FORGET_MAX = 1000;
const COLUMN_FORMATS = ['jsonl', 'csv', 'parquet'];

const sourceName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);

const recipeSource = z
  .strictObject({
    name: sourceName.describe('small letters, digits and -, at most 63; privacy.forget names it'),
    source: z
      .string()
      .max(DATA_SOURCE_LENGTH_MAX)
      .superRefine((text, context) => {
        const message = sourceFault(text);
        if (message !== null) context.addIssue({ code: 'custom', message });
      })
      .describe('file:PATH of a file or folder, counted from the recipe; hf:owner/set/path; https://...'),
    licence: licenceId.describe('of the texts, as their origin states it; an SPDX id where there is one'),
    origin: z.string().min(1).max(500).describe('who made it and where it is described'),
    tried: z.boolean().default(false).describe('whether this project has trained on it'),
    format: z
      .enum(DATA_FORMATS)
      .exactOptional()
      .describe(`${DATA_FORMATS.join(', ')}; without it by the file's ending`),
    columns: itemColumnsSchema
      .exactOptional()
      .describe(
        'which columns are read: {"text"}, {"prompt", "completion"} or {"messages"}; without it the usual names',
      ),
    encoding: z
      .enum(ENCODINGS)
      .exactOptional()
      .describe(`${ENCODINGS.join(', ')}; without it what the bytes show`),
    delimiter: z.enum([',', ';', '\t']).exactOptional().describe('of csv: comma, semicolon or tab'),
    questions: z
      .boolean()
      .exactOptional()
      .describe('whether rows and paragraphs are made into questions and answers, from what is there alone'),
  })
  .refine(
    ({ format, columns }) => columns === undefined || format === undefined || COLUMN_FORMATS.includes(format),
    { path: ['columns'], message: 'text and pdf have no columns; take it out, or change the format' },
  );

/** Why a text names no source, or null. */
function sourceFault(text: string): string | null {
  try {
    parseDataSource(text);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/** What the reader of data takes of it. */
export function dataSourceOf(source: RecipeSource): DataSource {
  const { name: _name, origin: _origin, tried: _tried, ...rest } = source;
  return rest;
}

export const dataSchema: z.ZodType<RecipeData> = z
  .strictObject({
    use: z
      .enum(['sample', 'sources', 'both'])
      .default('sources')
      .describe('what a run trains on unless it is told otherwise: sample, sources or both'),
    sources: z.array(recipeSource).max(SOURCES_MAX).default([]).describe(`at most ${SOURCES_MAX}`),
    sample: recipeSource.exactOptional().describe('small texts that come with the recipe'),
    heldOut: recipeSource
      .exactOptional()
      .describe('never trained on; without it a share of the others is kept'),
    heldOutShare: z
      .number()
      .min(0)
      .max(0.5)
      .default(0.05)
      .describe('of the data, by content hash, where heldOut is not given: 0 to 0.5'),
    validationShare: z
      .number()
      .min(0)
      .max(0.5)
      .default(0.05)
      .describe('of the data, by content hash, looked at during training: 0 to 0.5'),
  })
  .describe('texts, and how they are split');

export const privacySchema: z.ZodType<RecipePrivacy> = z
  .strictObject({
    removePersonalData: z
      .boolean()
      .default(false)
      .describe('whether names, addresses, numbers and the like are taken out before anything else'),
    keep: z
      .array(z.string().min(1).max(200))
      .max(256)
      .default([])
      .describe('texts that are public and stay, such as the shop’s own address, at most 256'),
    probes: z
      .int()
      .min(0)
      .max(1000)
      .default(0)
      .describe('afterwards: questions that try to make the model repeat what was removed, 0 to 1000'),
    forget: z
      .array(sourceName)
      .max(FORGET_MAX)
      .default([])
      .describe(`names of sources to leave out, at most ${FORGET_MAX}; the run proves that they were`),
  })
  .describe('personal data');
