/** The page as it is built: its weight, and what it needs of the outside. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { builtPage } from './kit/built-page.ts';
import { firstLoadOf } from './kit/first-load.ts';

const FIRST_LOAD_MAX_BYTES = 250_000;

let folder = '';
beforeAll(async () => {
  folder = await builtPage();
});

test('the chat is there after at most 250 kB', async () => {
  const files = await firstLoadOf(folder);
  // The frame, the chat and their styles: fewer would mean that the test looks at the wrong thing.
  expect(files.length).toBeGreaterThanOrEqual(5);
  expect(files.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0)).toBeLessThan(FIRST_LOAD_MAX_BYTES);
});

test('styles and the page name nothing outside', async () => {
  const names = await readdir(join(folder, 'assets'));
  for (const name of names.filter((each) => each.endsWith('.css'))) {
    expect(await readFile(join(folder, 'assets', name), 'utf8')).not.toMatch(/url\((?!\/assets\/)|@import/);
  }
  expect(await readFile(join(folder, 'index.html'), 'utf8')).not.toMatch(/https?:|<style|<script>/);
});

test('fonts are of one form, and every asset that can be is compressed', async () => {
  const names = await readdir(join(folder, 'assets'));
  expect(names.filter((name) => /\.(woff|ttf|map)$/.test(name))).toEqual([]);
  for (const name of names.filter((each) => /\.(js|css|svg)$/.test(each)))
    expect(names).toContain(`${name}.gz`);
});
