/** What can be wrong with a recipe, from its name to its fields. */
import { FilonError } from '../errors.ts';

/** One thing that is wrong. `field`: `training.learningRate`, or empty for the whole. */
export interface RecipeFault {
  field: string;
  /** As JSON, cut short; null where nothing is there. */
  value: string | null;
  reason: string;
  /** What the field means and may be. */
  allowed: string | null;
}

export type RecipeErrorDetails =
  /** Fields that are missing, unknown, of a wrong kind, out of their range, or that do not go together. */
  | { code: 'TRAIN_RECIPE_INVALID'; where: string; faults: RecipeFault[] }
  /** No JSON, or no text. */
  | { code: 'TRAIN_RECIPE_NOT_JSON'; where: string; reason: string }
  | { code: 'TRAIN_RECIPE_TOO_LARGE'; where: string; bytes: number; bytesMax: number }
  /** No recipe of this name comes with the program. */
  | { code: 'TRAIN_RECIPE_UNKNOWN'; name: string; nearest: string[]; known: string[] }
  /** The file is not there, is no file, or cannot be read. */
  | { code: 'TRAIN_RECIPE_UNREADABLE'; where: string; reason: string };

type Of<C extends RecipeErrorDetails['code']> = FilonError<Extract<RecipeErrorDetails, { code: C }>>;

export function recipeInvalid(where: string, faults: RecipeFault[]): Of<'TRAIN_RECIPE_INVALID'> {
  const lines = faults.map((fault) => `  ${sentenceOf(fault)}`);
  return new FilonError(
    { code: 'TRAIN_RECIPE_INVALID', where, faults },
    `the recipe ${where} cannot be used:\n${lines.join('\n')}`,
  );
}

function sentenceOf({ field, value, reason, allowed }: RecipeFault): string {
  const what = field === '' ? 'the whole' : field;
  const has = value === null ? 'is missing' : `is ${value}`;
  return `${what} ${has}: ${reason}${allowed === null ? '' : ` (${allowed})`}`;
}

export function recipeNotJson(where: string, reason: string): Of<'TRAIN_RECIPE_NOT_JSON'> {
  return new FilonError(
    { code: 'TRAIN_RECIPE_NOT_JSON', where, reason },
    `the recipe ${where} is no JSON: ${reason}; mend it there, docs/protocol/recipe.md shows the form`,
  );
}

export function recipeTooLarge(
  where: string,
  sizes: { bytes: number; bytesMax: number },
): Of<'TRAIN_RECIPE_TOO_LARGE'> {
  return new FilonError(
    { code: 'TRAIN_RECIPE_TOO_LARGE', where, ...sizes },
    `the recipe ${where} has ${sizes.bytes} bytes, and at most ${sizes.bytesMax} are read; texts belong into files that its data names`,
  );
}

export function recipeUnknown(
  name: string,
  names: { nearest: string[]; known: string[] },
): Of<'TRAIN_RECIPE_UNKNOWN'> {
  const { nearest, known } = names;
  const hint = nearest.length > 0 ? `did you mean ${nearest.join(' or ')}?` : `there are ${known.join(', ')}`;
  return new FilonError(
    { code: 'TRAIN_RECIPE_UNKNOWN', name, ...names },
    `no recipe is called "${name}"; ${hint} A recipe of your own is named by its path, as in ./${name}.json`,
  );
}

export function recipeUnreadable(
  where: string,
  reason: string,
  cause?: unknown,
): Of<'TRAIN_RECIPE_UNREADABLE'> {
  return new FilonError(
    { code: 'TRAIN_RECIPE_UNREADABLE', where, reason },
    `the recipe ${where} cannot be read: ${reason}; check its path and rights`,
    cause === undefined ? {} : { cause },
  );
}
