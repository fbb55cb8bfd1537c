/** Finds a recipe: by name among those that come with the program, or by its path. */
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@filon/core/errors';
import { nearestNames } from '@filon/core/model/nearest-names';
import { parseRecipeText, RECIPE_BYTES_MAX, type Recipe, recipeName } from '@filon/core/training/recipe';
import {
  recipeNotJson,
  recipeTooLarge,
  recipeUnknown,
  recipeUnreadable,
} from '@filon/core/training/recipe-errors';

const BUNDLED = fileURLToPath(new URL('../../../../recipes/', import.meta.url));
const SUFFIX = '.json';

export interface LoadedRecipe {
  recipe: Recipe;
  /** Absolute. */
  path: string;
}

/**
 * `medical` is one that comes with the program, `./medical.json` or `medical.json` a file. Codes: TRAIN_RECIPE_UNKNOWN,
 * TRAIN_RECIPE_UNREADABLE, TRAIN_RECIPE_TOO_LARGE, TRAIN_RECIPE_NOT_JSON, TRAIN_RECIPE_INVALID.
 */
export async function loadRecipe(nameOrPath: string, folder: string = BUNDLED): Promise<LoadedRecipe> {
  const path = await pathOf(nameOrPath, folder);
  return { recipe: parseRecipeText(await readRecipe(path), path), path };
}

/** Names of the recipes that come with the program, sorted. Code: TRAIN_RECIPE_UNREADABLE. */
export async function recipeNames(folder: string = BUNDLED): Promise<string[]> {
  const files = await readdir(folder).catch((error: unknown) => {
    throw recipeUnreadable(folder, messageOf(error), error);
  });
  return files
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => basename(file, SUFFIX))
    .filter((name) => recipeName.safeParse(name).success)
    .sort();
}

/** The absolute path of what a recipe names: a `file:` source, or a path in its evaluation. */
export function pathFrom(loaded: LoadedRecipe, text: string): string {
  return resolve(dirname(loaded.path), text.startsWith('file:') ? text.slice('file:'.length) : text);
}

async function pathOf(nameOrPath: string, folder: string): Promise<string> {
  if (/[/\\]/.test(nameOrPath) || nameOrPath.endsWith(SUFFIX)) return resolve(nameOrPath);
  const known = await recipeNames(folder);
  if (known.includes(nameOrPath)) return join(folder, `${nameOrPath}${SUFFIX}`);
  throw recipeUnknown(nameOrPath, { nearest: nearestNames(nameOrPath, known), known });
}

async function readRecipe(path: string): Promise<string> {
  const bytes = await readBytes(path);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw recipeNotJson(path, 'it is no text in UTF-8');
  }
}

async function readBytes(path: string): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const stat = await file.stat();
    // A pipe or a device would be read for ever.
    if (!stat.isFile()) throw recipeUnreadable(path, 'it is no file');
    if (stat.size > RECIPE_BYTES_MAX) {
      throw recipeTooLarge(path, { bytes: stat.size, bytesMax: RECIPE_BYTES_MAX });
    }
    // Bounded also where the file grows meanwhile.
    const buffer = new Uint8Array(stat.size);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (error instanceof Error && 'code' in error && /^E[A-Z]+$/.test(String(error.code))) {
      throw recipeUnreadable(path, error.code === 'ENOENT' ? 'it is not there' : messageOf(error), error);
    }
    throw error;
  } finally {
    await file?.close();
  }
}
