/** Memory is foreseen: sizes are known before anything is taken. */
import { isFilonError } from '@filon/core/errors';
import { expect, test } from 'vitest';
import { Trainer } from './trainer.ts';
import { F32, processor, TINY_SHAPE } from './training.fixture.ts';
import { newWholeModel } from './training-model.ts';

const SETTINGS = { shape: TINY_SHAPE, batch: { sequences: 2, length: 16 }, kinds: F32, recompute: false };

/** `free`: what is free at the first look, the second, and so on; then without end. */
function openWith(...free: number[]): Trainer {
  const device = processor(1, () => free.shift() ?? Number.POSITIVE_INFINITY);
  return new Trainer(device, SETTINGS, (b) => newWholeModel(b, TINY_SHAPE));
}

function refusal(...free: number[]): Record<string, unknown> {
  try {
    openWith(...free).close();
  } catch (error) {
    if (isFilonError(error, 'TRAIN_OUT_OF_MEMORY')) return { ...error.details };
    throw error;
  }
  throw new TypeError('it was opened');
}

test('what a training needs is known to the byte, and refused where it is not free', () => {
  const trainer = openWith();
  const { stepBytes } = trainer.memory;
  trainer.close();
  const endless = Number.POSITIVE_INFINITY;
  expect(refusal(endless, endless, stepBytes - 1)).toMatchObject({
    what: 'the results of one step',
    neededBytes: stepBytes,
    freeBytes: stepBytes - 1,
  });
  expect(refusal(1000)).toMatchObject({ what: 'its parameters and their state', freeBytes: 1000 });
  openWith(endless, endless, stepBytes).close();
});
