import { expect, test } from 'vitest';
import { modelsEn } from '../i18n/models-en.ts';
import { modelsEs } from '../i18n/models-es.ts';
import { fitText, licenceText } from './model-words.ts';

test('what does not fit says why, and two sizes that are close read as two', () => {
  const lacks = { fits: false, lacks: 'disk', neededBytes: 9_002_000_000, haveBytes: 8_990_000_000 } as const;
  expect(fitText(modelsEn, lacks, 'en')).toBe('Does not fit: it takes 9 GB, and the disk has 8.99 GB left');
  expect(fitText(modelsEs, { ...lacks, lacks: 'memory', haveBytes: 3.2e9 }, 'es')).toContain('3,2 GB');
  expect(fitText(modelsEn, { fits: true }, 'en')).toBe('Fits on this machine');
});

test.each([
  ['Apache-2.0', modelsEn.licences.free],
  ['mit', modelsEn.licences.free],
  ['Gemma Terms of Use', modelsEn.licences.terms],
  ['MIT-0-but-not-really', modelsEn.licences.terms],
  [null, null],
])('the licence %s', (licence, text) => {
  expect(licenceText(modelsEn, licence)).toBe(text);
});
