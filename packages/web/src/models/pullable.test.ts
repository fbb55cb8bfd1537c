import { expect, test } from 'vitest';
import { isPullable } from './pullable.ts';

test.each([
  ['smollm2-135m', true],
  ['hf:owner/repo/file.gguf', true],
  ['https://example.org/model.gguf', true],
  ['file:/models/a.gguf', true],
  ['', false],
  ['smollm2', false],
  ['/models/a.gguf', false],
  ['file:a.gguf', false],
  ['hf:owner', false],
  ['javascript:alert(1)', false],
  [`https://example.org/${'a'.repeat(1100)}`, false],
])('"%s": %s', (text, expected) => {
  expect(isPullable(text, ['smollm2-135m'])).toBe(expected);
});
