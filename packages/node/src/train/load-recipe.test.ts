import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RECIPE_BYTES_MAX } from '@filon/core/training/recipe';
import { afterAll, describe, expect, test } from 'vitest';
import { loadRecipe, pathFrom, recipeNames } from './load-recipe.ts';

const folder = mkdtempSync(join(tmpdir(), 'filon-recipes-'));
afterAll(() => rmSync(folder, { recursive: true }));

const both = { en: 'x', es: 'x' };
const small = {
  ...{ version: 1, name: 'small', title: both, description: both, disclaimer: both },
  model: { kind: 'base', name: 'smollm2-135m', licence: 'Apache-2.0' },
  method: { kind: 'lora' },
  data: { sources: [{ name: 'own', source: 'file:own.txt', licence: 'none', origin: 'me' }] },
  training: { steps: 1, sequences: 1, length: 8, learningRate: 0.1 },
};

/** The path of a file in the folder with these bytes. */
function file(name: string, bytes: string | Uint8Array): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

const code = (wanted: string, words: RegExp): unknown =>
  expect.objectContaining({ code: wanted, message: expect.stringMatching(words) });

describe('loading a recipe', () => {
  const path = file('small.json', JSON.stringify(small));
  file('recipe.schema.json', '{}');

  test('by name and by path', async () => {
    expect(await recipeNames(folder)).toEqual(['small']);
    const named = await loadRecipe('small', folder);
    expect(named).toMatchObject({ path, recipe: { name: 'small', training: { accumulate: 1 } } });
    expect(await loadRecipe(path)).toEqual(named);
  });

  test('its files are counted from it', async () => {
    const loaded = await loadRecipe(path);
    expect(pathFrom(loaded, 'file:own.txt')).toBe(join(folder, 'own.txt'));
    expect(pathFrom(loaded, 'sub/choices.jsonl')).toBe(join(folder, 'sub/choices.jsonl'));
    expect(pathFrom(loaded, 'file:/data/x')).toBe('/data/x');
  });

  test('an unknown name gets near ones, or all', async () => {
    await expect(loadRecipe('smal', folder)).rejects.toThrow(
      code('TRAIN_RECIPE_UNKNOWN', /no recipe is called "smal"; did you mean small\?/),
    );
    await expect(loadRecipe('zzzzzz', folder)).rejects.toThrow(
      code('TRAIN_RECIPE_UNKNOWN', /there are small .*\.\/zzzzzz\.json/),
    );
  });

  test('what cannot be read is told with its path', async () => {
    const none = join(folder, 'none.json');
    await expect(loadRecipe(none)).rejects.toThrow(code('TRAIN_RECIPE_UNREADABLE', /none\.json .*not there/));
    await expect(loadRecipe(`${folder}/`)).rejects.toThrow(code('TRAIN_RECIPE_UNREADABLE', /no file/));
    await expect(recipeNames(none)).rejects.toThrow(code('TRAIN_RECIPE_UNREADABLE', /none\.json/));
  });

  test('too many bytes, no text and no JSON are refused', async () => {
    const large = file('large.json', new Uint8Array(RECIPE_BYTES_MAX + 1).fill(32));
    await expect(loadRecipe(large)).rejects.toThrow(code('TRAIN_RECIPE_TOO_LARGE', /262145 bytes/));
    const rubbish = file('rubbish.json', Uint8Array.of(0xff, 0xfe, 0x00));
    await expect(loadRecipe(rubbish)).rejects.toThrow(code('TRAIN_RECIPE_NOT_JSON', /UTF-8/));
    const broken = file('broken.json', '{"version": 1,');
    await expect(loadRecipe(broken)).rejects.toThrow(code('TRAIN_RECIPE_NOT_JSON', /broken\.json/));
  });

  test('a wrong field is told with the path', async () => {
    const wrong = file('wrong.json', JSON.stringify({ ...small, name: 'No' }));
    await expect(loadRecipe(wrong)).rejects.toThrow(
      code('TRAIN_RECIPE_INVALID', /wrong\.json cannot be used:\n {2}name is "No"/),
    );
  });
});
