import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFilonError } from '../errors.ts';
import { dataSourceSchema } from './data/source.ts';
import { parseRecipe, parseRecipeText, RECIPE_BYTES_MAX } from './recipe.ts';
import { dataSourceOf } from './recipe-data.ts';

const both = (text: string): { en: string; es: string } => ({ en: text, es: text });
const source = { name: 'own', source: 'file:texts', licence: 'Apache-2.0', origin: 'the author' };
const fresh = {
  ...{ kind: 'architecture', family: 'llama', layers: 2, width: 64, heads: 4, kvHeads: 2 },
  ...{ feedForward: 128, context: 128 },
};
const whole = {
  version: 1,
  name: 'mine',
  title: both('Mine'),
  description: both('A test'),
  model: { kind: 'base', name: 'smollm2-135m', licence: 'Apache-2.0' },
  method: { kind: 'lora' },
  data: { sources: [source] },
  training: { steps: 100, sequences: 4, length: 64, learningRate: 1e-3 },
  disclaimer: both('None'),
};

/** `whole` with one field, named by its path, of another value; undefined takes it out. */
function withField(path: string, value: unknown): unknown {
  const copy = structuredClone(whole) as Record<string, unknown>;
  const parts = path.split('.');
  const last = parts.pop() ?? '';
  let at = copy;
  for (const part of parts) {
    at[part] ??= {};
    at = at[part] as Record<string, unknown>;
  }
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}

/** The message with which a value is refused. */
function refusal(value: unknown): string {
  try {
    parseRecipe(value, 'mine.json');
  } catch (error) {
    if (isFilonError(error, 'TRAIN_RECIPE_INVALID')) return error.message;
    throw error;
  }
  return 'taken';
}

describe('a recipe', () => {
  test('gets its defaults', () => {
    const recipe = parseRecipe(whole, 'mine.json');
    expect(recipe.method).toEqual({
      ...{ kind: 'lora', rank: 16, alpha: 32, dropout: 0 },
      projections: ['q', 'k', 'v', 'o', 'gate', 'up', 'down'],
    });
    expect(recipe.data).toMatchObject({ use: 'sources', heldOutShare: 0.05 });
    expect(recipe.data.sources[0]).toEqual({ ...source, tried: false });
    expect(recipe.privacy).toEqual({ removePersonalData: false, keep: [], probes: 0, forget: [] });
    expect(recipe.training).toMatchObject({ schedule: 'cosine', betas: [0.9, 0.95], precision: 'auto' });
    expect(recipe.evaluation).toMatchObject({ everySteps: 50, perplexityRiseMax: 0.03 });
  });

  test('hands its sources to the reader of data without what only people want to know', () => {
    const [first] = parseRecipe(whole, 'mine.json').data.sources;
    expect(first && dataSourceSchema.parse(dataSourceOf(first))).toEqual({
      ...{ source: 'file:texts', licence: 'Apache-2.0' },
    });
  });

  test('with its defaults is the same recipe', () => {
    const recipe = parseRecipe(whole, 'mine.json');
    expect(parseRecipeText(JSON.stringify(recipe), 'again')).toEqual(recipe);
  });

  test('of a fresh model', () => {
    const recipe = parseRecipe({ ...whole, model: fresh, method: { kind: 'full' } }, 'x');
    expect(recipe.model).toEqual({ ...fresh, ropeBase: 10_000, tied: true, vocabulary: 'bytes' });
  });

  test.each([
    ['training.learningRate', 'fast', /training\.learningRate is "fast": expected number.*above 0, to 1/],
    ['training.learningRate', 2, /training\.learningRate is 2: Too big/],
    ['training.learningRate', undefined, /training\.learningRate is missing: expected number/],
    [
      'training.learningrate',
      1,
      /training\.learningrate is 1: there is no such field; did you mean learningRate/,
    ],
    ['training.steps', undefined, /training\.steps is missing: give either steps or epochs/],
    ['training.epochs', 2, /training\.steps is 100: give either/],
    ['training.warmupSteps', 101, /warmupSteps is 101: the rise is longer than the run/],
    ['training.betas', [0.9, 1], /training\.betas\[1\] is 1: Too big/],
    ['model.kind', 'bas', /model\.kind is "bas": .*'base' \| 'architecture'/],
    ['model.nam', 'x', /model\.nam is "x": there is no such field; did you mean name/],
    ['method.rank', 0, /method\.rank is 0: Too small.*1 to 512/],
    ['method.projections', ['q', 'x'], /method\.projections\[1\] is "x": .*"gate"/],
    ['method.projections', ['q', 'q'], /method\.projections is \["q","q"\]: one is there twice/],
    ['data.sources', [], /data\.sources is \[\]: there is nothing to train on/],
    ['data.use', 'sample', /data\.use is "sample": there is no data\.sample/],
    ['data.sample', source, /data\.sources is "own": two sources have this name/],
    ['privacy.forget', ['other'], /privacy\.forget is "other": no source has this name; there are own/],
    ['zzz', 1, /zzz is 1: there is no such field; there are .*disclaimer/],
    ['version', 2, /version is 2: .*1/],
    ['title.es', '', /title\.es is "": Too small.*Spanish/],
  ])('%s of %j is refused in words that say what to do', (path, value, words) => {
    expect(refusal(withField(path, value))).toMatch(words);
  });

  test.each([
    [{ source: 'ftp://x' }, /data\.sources\[0\]\.source is "ftp:\/\/x": .* begins with none of file:/],
    [{ source: 'hf:owner/set/../../x' }, /write hf:owner/],
    [{ source: 'file:' }, /write a path/],
    [{ source: 'https://me:secret@h' }, /holds a password/],
    [{ licence: undefined }, /licence is missing/],
    [{ columns: { prompt: 'a' } }, /columns is \{"prompt":"a"\}: it has none of the forms .*"completion"/],
    [{ format: 'pdf', columns: { text: 'a' } }, /text and pdf have no columns/],
  ])('a source with %j is refused', (change, words) => {
    expect(refusal(withField('data.sources', [{ ...source, ...change }]))).toMatch(words);
  });

  test.each([
    [{ heads: 5 }, /model\.width is 64: rotary angles/],
    [{ kvHeads: 3 }, /model\.kvHeads is 3: 4 heads cannot share/],
    [{ context: 32 }, /training\.length is 64: the model sees 32 tokens/],
    [{ vocabulary: 'words' }, /model\.vocabulary is "words": it has none of the forms .*\{"bpe": 512/],
  ])('a fresh model with %j is refused', (change, words) => {
    const value = { ...whole, model: { ...fresh, ...change }, method: { kind: 'full' } };
    expect(refusal(value)).toMatch(words);
  });

  test('an adapter without a base is refused', () => {
    expect(refusal({ ...whole, model: fresh })).toMatch(/method\.kind is "lora": an adapter needs a base/);
  });

  test('many faults are told at once, and not all of a thousand', () => {
    const strangers = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`x${at}`, at]));
    expect(refusal({ ...whole, ...strangers }).split('\n')).toHaveLength(1 + 8);
    expect(refusal([]).split('\n')).toHaveLength(2);
  });
});

describe('texts', () => {
  test('that are no JSON or too long are refused', () => {
    expect(() => parseRecipeText('{"a":', 'x')).toThrow(
      expect.objectContaining({ code: 'TRAIN_RECIPE_NOT_JSON' }),
    );
    expect(() => parseRecipeText(' '.repeat(RECIPE_BYTES_MAX + 1), 'x')).toThrow(
      expect.objectContaining({ code: 'TRAIN_RECIPE_TOO_LARGE' }),
    );
  });

  test('any value is a recipe or an error of ours, and a value is never shown at length', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(whole), '__proto__'), fc.jsonValue(), (field, value) => {
        const text = `{${JSON.stringify(field)}:${JSON.stringify(value)},"name":${JSON.stringify('n'.repeat(5000))}}`;
        expect(() => parseRecipeText(text, 'x')).toThrow(
          expect.objectContaining({ code: 'TRAIN_RECIPE_INVALID' }),
        );
        expect(refusal(JSON.parse(text)).length).toBeLessThan(8000);
      }),
    );
  });
});
