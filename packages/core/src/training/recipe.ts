/**
 * A recipe: one JSON file that says what to train, on what, how, and how to look at the result. The schema here is the
 * one source: recipes/recipe.schema.json is made from it, docs/protocol/recipe.md explains it.
 */
import { z } from 'zod';
import { messageOf } from '../errors.ts';
import { dataSchema, privacySchema, type RecipeData, type RecipePrivacy } from './recipe-data.ts';
import { type RecipeFault, recipeInvalid, recipeNotJson, recipeTooLarge } from './recipe-errors.ts';
import { faultsOf } from './recipe-faults.ts';
import { methodSchema, modelSchema, type RecipeMethod, type RecipeModel } from './recipe-model.ts';
import {
  evaluationSchema,
  type RecipeEvaluation,
  type RecipeTraining,
  trainingSchema,
} from './recipe-training.ts';

/** A text for people, in the languages of the pages. */
export interface LocalText {
  en: string;
  es: string;
}

export interface Recipe {
  $schema?: string;
  version: 1;
  name: string;
  title: LocalText;
  description: LocalText;
  model: RecipeModel;
  method: RecipeMethod;
  data: RecipeData;
  privacy: RecipePrivacy;
  training: RecipeTraining;
  evaluation: RecipeEvaluation;
  disclaimer: LocalText;
}

export const RECIPE_BYTES_MAX = 262_144;

const localText = (charactersMax: number): z.ZodType<LocalText> => {
  const text = z.string().min(1).max(charactersMax);
  return z.strictObject({ en: text.describe('English'), es: text.describe('Spanish') });
};

export const recipeName: z.ZodString = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);

/** Every field by itself; {@link parseRecipe} also checks what must go together. */
export const recipeSchema: z.ZodType<Recipe> = z
  .strictObject({
    $schema: z.string().max(256).exactOptional().describe('where editors find the schema'),
    version: z.literal(1).describe('of this form: 1'),
    name: recipeName.describe('small letters, digits and -, at most 63'),
    title: localText(120).describe('in English (en) and Spanish (es), at most 120 characters each'),
    description: localText(2000).describe('in English (en) and Spanish (es), at most 2000 characters each'),
    model: modelSchema,
    method: methodSchema,
    data: dataSchema,
    privacy: privacySchema.prefault({}),
    training: trainingSchema,
    evaluation: evaluationSchema.prefault({}),
    disclaimer: localText(2000).describe('what the result is not for: en and es, at most 2000 characters'),
  })
  .describe('A recipe of Filon: what to train, on what, and how');

/**
 * The recipe in a JSON text, defaults filled in. `where` names it in errors. Codes: TRAIN_RECIPE_TOO_LARGE,
 * TRAIN_RECIPE_NOT_JSON, TRAIN_RECIPE_INVALID.
 */
export function parseRecipeText(text: string, where: string): Recipe {
  // Characters are at most as many as bytes, so this refuses no text that is small enough.
  if (text.length > RECIPE_BYTES_MAX) {
    throw recipeTooLarge(where, { bytes: text.length, bytesMax: RECIPE_BYTES_MAX });
  }
  return parseRecipe(parseJson(text, where), where);
}

/** Code: TRAIN_RECIPE_INVALID, with the first few faults. */
export function parseRecipe(value: unknown, where: string): Recipe {
  const parsed = recipeSchema.safeParse(value);
  if (!parsed.success) throw recipeInvalid(where, faultsOf(parsed.error.issues, value, recipeSchema));
  const faults = togetherFaults(parsed.data);
  if (faults.length > 0) throw recipeInvalid(where, faults);
  return parsed.data;
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw recipeNotJson(where, messageOf(error));
  }
}

/** What is right in itself and does not go together. */
function togetherFaults(recipe: Recipe): RecipeFault[] {
  return [...modelFaults(recipe), ...dataFaults(recipe)].map(([field, value, reason]) => ({
    ...{ field, reason },
    value: JSON.stringify(value),
    allowed: null,
  }));
}

type Fault = readonly [field: string, value: unknown, reason: string];

function modelFaults({ model, method, training }: Recipe): Fault[] {
  const faults: Fault[] = [];
  if (method.kind === 'lora') {
    if (new Set(method.projections).size < method.projections.length)
      faults.push(['method.projections', method.projections, 'one is there twice; name each once']);
    if (model.kind !== 'base')
      faults.push(['method.kind', 'lora', 'an adapter needs a base; train a fresh model with "full"']);
  }
  if (model.kind === 'base') return faults;
  const { width, heads, kvHeads, context } = model;
  if (width % (2 * heads) !== 0)
    faults.push(['model.width', width, `rotary angles need an even share of it for each of ${heads} heads`]);
  if (heads % kvHeads !== 0)
    faults.push(['model.kvHeads', kvHeads, `${heads} heads cannot share that many evenly`]);
  if (training.length > context)
    faults.push(['training.length', training.length, `the model sees ${context} tokens; lower it`]);
  return faults;
}

function dataFaults({ data, privacy }: Recipe): Fault[] {
  const faults: Fault[] = [];
  if (data.use !== 'sources' && data.sample === undefined)
    faults.push(['data.use', data.use, 'there is no data.sample; add one, or use the sources']);
  if (data.use === 'sources' && data.sources.length === 0)
    faults.push(['data.sources', [], 'there is nothing to train on; name a source']);
  if (data.heldOutShare + data.validationShare >= 1)
    faults.push(['data.heldOutShare', data.heldOutShare, 'nothing would be left to train on; lower it']);
  const names = [...data.sources, data.sample, data.heldOut].flatMap((source) => source?.name ?? []);
  for (const name of names.filter((each, at) => names.indexOf(each) < at))
    faults.push(['data.sources', name, 'two sources have this name; change one']);
  for (const name of privacy.forget.filter((each) => !names.includes(each)))
    faults.push(['privacy.forget', name, `no source has this name; there are ${names.join(', ')}`]);
  return faults;
}
