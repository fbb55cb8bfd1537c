import { FilonError } from '@filon/core/errors';
import { expect, test } from 'vitest';
import { statusOf } from './status-table.ts';

test.each([
  ['RIG_CARD_HELD', 503],
  ['GGUF_CORRUPT', 422],
  ['SCHEMA_TOO_DEEP', 400],
  ['TRAIN_RUN_UNKNOWN', 404],
  ['TRAIN_RECIPE_INVALID', 422],
  ['NOTHING_WE_KNOW', 500],
])('%s, a code of a folder below, is a %i', (code, status) => {
  expect(statusOf(new FilonError({ code }, 'what happened'))).toBe(status);
});
