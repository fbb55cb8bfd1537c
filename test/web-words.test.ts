/** The page words failures by their codes: each must be one that something of the project really fails with. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

const root = dirname(import.meta.dirname);
const CODE = /\bcode: '([A-Z]+(?:_[A-Z]+)+|INTERNAL)'/g;

function knownCodes(): Set<string> {
  const files = readdirSync(join(root, 'packages'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    /^[^/]+\/src\/.*(?<!test)\.tsx?$/.test(path),
  );
  const texts = files.map((path) => readFileSync(join(root, 'packages', path), 'utf8'));
  return new Set(texts.flatMap((text) => [...text.matchAll(CODE)].map(([, code = '']) => code)));
}

/** By its path, because the page is checked with the types of a browser. */
async function part<T>(path: string): Promise<T> {
  return (await import(pathToFileURL(join(root, 'packages/web/src', path)).href)) as T;
}

test('every failure that the page has words for exists', async () => {
  const { SAME, errorWords } = await part<{
    SAME: Readonly<Record<string, string>>;
    errorWords: (words: object, error: { code: string; message: string }) => string;
  }>('chat/error-words.ts');
  const { chatEn } = await part<{ chatEn: { errors: Readonly<Record<string, string>> } }>('i18n/chat-en.ts');
  const { panelEn } = await part<{ panelEn: { failures: object } }>('i18n/panel-en.ts');
  const known = knownCodes();
  expect(known.size).toBeGreaterThan(100);
  const ours = Object.keys(SAME).filter((code) => code === code.toUpperCase());
  const named = [...Object.keys(chatEn.errors), ...ours, ...Object.keys(panelEn.failures)];
  expect(named.filter((code) => !known.has(code))).toEqual([]);
  const unworded = Object.values(SAME).filter((code) => !Object.hasOwn(chatEn.errors, code));
  expect(unworded).toEqual([]);
  expect(errorWords(chatEn, { code: 'ENGINE_CONTEXT_REFUSED', message: '' })).toMatch(/memory/);
  expect(errorWords(chatEn, { code: 'constructor', message: 'as the node says it' })).toMatch(/^as the node/);
});
