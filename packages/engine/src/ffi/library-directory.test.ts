import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findLibraryDirectory } from './library-directory.ts';
import { ENGINE_PIN, openLibrarySet } from './library-set.ts';

test('the base set is found, and is of the pinned version', () => {
  const set = openLibrarySet(findLibraryDirectory([]));
  expect(set.llama.func('const char *llama_version()')()).toBe(ENGINE_PIN.llama);
});

test('an added set goes first, if it has libraries', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'filon-set-'));
  try {
    expect(findLibraryDirectory([folder])).not.toBe(folder);
    await writeFile(join(folder, 'libggml-base.so'), '');
    expect(findLibraryDirectory([folder])).toBe(folder);
    expect(() => openLibrarySet(folder)).toThrow(expect.objectContaining({ code: 'ENGINE_LIBRARY_MISSING' }));
  } finally {
    await rm(folder, { recursive: true });
  }
});
