import { type Schema, Validator } from '@cfworker/json-schema';
import { expect, test } from 'vitest';
import { recipeJsonSchema } from './recipe-schema.ts';

const both = { en: 'x', es: 'x' };
const smallest = {
  ...{ version: 1, name: 'small', title: both, description: both, disclaimer: both },
  model: { kind: 'base', name: 'smollm2-135m', licence: 'Apache-2.0' },
  method: { kind: 'lora' },
  data: { sources: [{ name: 'own', source: 'file:own.txt', licence: 'none', origin: 'me' }] },
  training: { steps: 1, sequences: 1, length: 8, learningRate: 0.1 },
};

const validator = new Validator(recipeJsonSchema() as Schema, '2020-12');

test('takes a recipe without what has a default', () => {
  expect(validator.validate(smallest)).toMatchObject({ valid: true });
});

test.each([
  { name: 'No capitals' },
  { unknown: 1 },
  { model: { kind: 'base' } },
  { method: { kind: 'lora', rank: 0 } },
  { training: { ...smallest.training, learningRate: 2 } },
  { data: { sources: [{ ...smallest.data.sources[0], columns: { prompt: 'a' } }] } },
  { title: { en: 'x' } },
])('refuses one with %j', (change) => {
  expect(validator.validate({ ...smallest, ...change }).valid).toBe(false);
});
