import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { architectureKind } from '@filon/engine/gguf/architectures';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadCatalogue } from './load-catalogue.ts';

const GB = 1e9;
const entries = await loadCatalogue();

describe('the catalogue that comes with the program', () => {
  test('has the starter first, pinned by its hash, with two sources for it', () => {
    const [starter] = entries;
    expect(starter).toMatchObject({ name: 'smollm2-135m', bytes: 98_362_432, tried: true });
    expect(starter?.sha256).toMatch(/^b179c952/);
    expect(starter?.sources.map((source) => source.split(':')[0])).toEqual(['hf', 'pip']);
  });

  test('names nothing twice, neither a model nor a source', () => {
    const names = entries.map((entry) => entry.name);
    const sources = entries.flatMap((entry) => entry.sources);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(sources).size).toBe(sources.length);
  });

  test.each(entries.map((entry) => [entry.name, entry] as const))('%s can be served', (_, entry) => {
    expect(architectureKind(entry.architecture)).not.toBe('unsupported');
    expect(entry.sources.every((source) => source.endsWith('.gguf'))).toBe(true);
    // More than the file, and less than any of these models could need beside it.
    expect(entry.memoryBytes).toBeGreaterThan(entry.bytes);
    expect(entry.memoryBytes).toBeLessThan(entry.bytes + 4.5 * GB);
    expect(entry.memoryBytes).toBeLessThan(24 * GB);
  });

  test('has something for cards of every size, and for embeddings', () => {
    for (const cardGb of [2, 4, 8, 12, 16, 24]) {
      const fitting = entries.filter((entry) => entry.memoryBytes < cardGb * GB);
      expect(Math.max(...fitting.map((entry) => entry.memoryBytes))).toBeGreaterThan(cardGb * 0.55 * GB);
    }
    expect(entries.some((entry) => architectureKind(entry.architecture) === 'embedding')).toBe(true);
  });
});

describe("an operator's own catalogue", () => {
  let path = '';
  beforeEach(async () => {
    path = join(await mkdtemp(join(tmpdir(), 'filon-catalogue-')), 'c.json');
  });
  afterEach(() => rm(join(path, '..'), { recursive: true }));

  test('is read in the same form', async () => {
    await writeFile(path, JSON.stringify(entries.slice(0, 2)));
    expect(await loadCatalogue(path)).toEqual(entries.slice(0, 2));
  });

  test.each([
    ['no JSON', 'nonsense'],
    ['another form', '[{"name":"x"}]'],
    ['a source of no kind', JSON.stringify([{ ...entries[0], sources: ['ftp://x/y'] }])],
    ['a name twice', JSON.stringify([entries[0], entries[0]])],
  ])('%s is refused', async (_, text) => {
    await writeFile(path, text);
    await expect(loadCatalogue(path)).rejects.toMatchObject({
      details: { code: 'MODEL_CATALOGUE_INVALID', path },
    });
  });

  test('one that is not there is refused', async () => {
    await expect(loadCatalogue(path)).rejects.toThrow('ENOENT');
  });
});
