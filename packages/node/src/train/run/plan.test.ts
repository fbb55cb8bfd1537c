import { readFileSync } from 'node:fs';
import { parseRecipeText, type Recipe } from '@filon/core/training/recipe';
import { expect, test } from 'vitest';
import { gatherOrderOf } from '../data/recipe-order.ts';
import { changedRecipe, requireTrainable, scheduleOf, stepsOf, stepValues, trainedModel } from './plan.ts';

const recipe = (name: string): Recipe => {
  const path = new URL(`../../../../../recipes/${name}.json`, import.meta.url);
  return parseRecipeText(readFileSync(path, 'utf8'), name);
};
const SAME = { data: null, steps: null, seed: null };

test('without a change a recipe is what it was', () => {
  for (const name of ['medical', 'tiny-scratch'])
    expect(changedRecipe(recipe(name), SAME)).toEqual(recipe(name));
});

test('fewer steps cut the rise, and take the place of epochs', () => {
  const medical = recipe('medical');
  expect(changedRecipe(medical, { ...SAME, steps: 4, seed: 9 }).training).toMatchObject({
    ...{ steps: 4, warmupSteps: 4, seed: 9 },
  });
  const { steps: _steps, ...training } = medical.training;
  const epochs: Recipe = { ...medical, training: { ...training, epochs: 2.5, accumulate: 4 } };
  expect(stepsOf(changedRecipe(epochs, SAME), 10)).toBe(7);
  expect(changedRecipe(epochs, { ...SAME, steps: 3 }).training).not.toHaveProperty('epochs');
});

test('data of the operator takes the place of all of the recipe’s, and a share of it is held out', () => {
  const data = { name: 'data', source: 'file:/mine', licence: 'unknown', origin: 'me', tried: false };
  const order = gatherOrderOf(changedRecipe(recipe('medical'), { ...SAME, data }), '/recipes');
  expect(order).toMatchObject({ sources: [data], heldOut: null, rule: { heldOutPerMille: 50 } });
});

test('a recipe says which model is opened, and with which values each step is taken', () => {
  const tiny = recipe('tiny-scratch');
  expect(trainedModel(tiny, '')).toMatchObject({ kind: 'fresh', seed: 1, model: { vocabulary: 259 } });
  expect(trainedModel(recipe('medical'), '/base')).toMatchObject({ kind: 'lora', path: '/base', rank: 16 });
  const schedule = scheduleOf(tiny, 1200);
  const [first, last] = [stepValues(tiny, schedule, 0), stepValues(tiny, schedule, 1199)];
  expect(first).toMatchObject({ learningRate: 0.003 / 60, beta1: 0.9, beta2: 0.95, weightDecay: 0.1 });
  expect(last.learningRate).toBeLessThan(first.learningRate);
});

test.each([
  ['training.optimiser', (r: Recipe): Recipe => ({ ...r, training: { ...r.training, optimiser: 'muon' } })],
  [
    'method.dropout',
    (r: Recipe): Recipe => ({ ...r, method: { ...r.method, dropout: 0.1 } as Recipe['method'] }),
  ],
])('%s that cannot be had is refused by name', (field, change) => {
  const medical = recipe('medical');
  expect(() => requireTrainable(medical)).not.toThrow();
  expect(() => requireTrainable(change(medical))).toThrow(field);
});
