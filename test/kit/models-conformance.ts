/** What every adapter of the Models port must do. */
import { createHash } from 'node:crypto';
import type { CatalogueEntry } from '@filon/core/model/catalogue';
import type { Models, PullProgress } from '@filon/node/ports/models';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { tinyModel } from './gguf.ts';
import { OTHER_SHAPE, tinyLora } from './lora.ts';

export interface ModelsHarness {
  models: Models;
  /** How often this file has been asked for. */
  asked(file: string): number;
  /** Answers no file until the returned function is called. */
  hold(): () => void;
  /** Changes what the file's source has; null takes it away. */
  publish(file: string, content: Uint8Array | null): void;
  sourceOf(file: string): string;
  close(): Promise<void>;
}

export interface ModelsSetup {
  files: Record<string, Uint8Array>;
  catalogue(sourceOf: (file: string) => string): CatalogueEntry[];
}

/** A catalogue entry for tests; sizes are those of a tiny model. */
export function catalogueEntry(name: string, sources: string[], sha256?: string): CatalogueEntry {
  return {
    name,
    title: name,
    licence: 'Apache-2.0',
    architecture: 'llama',
    contextTokens: 2048,
    sources,
    sha256: sha256 ?? 'pinned at the first pull',
    bytes: 400_000,
    memoryBytes: 100_000_000,
    tried: true,
  };
}

const PEBBLE = tinyModel({ name: 'Pebble', layers: 1 });
const CHANGED = tinyModel({ name: 'Pebble', layers: 1, seed: 99 });
const PEBBLE_SHA256 = createHash('sha256').update(PEBBLE).digest('hex');

const SETUP: ModelsSetup = {
  files: {
    'pebble.gguf': PEBBLE,
    'page.gguf': Buffer.from('<html>sign in</html>'),
    'odd.gguf': tinyModel({ architecture: 'spark-plug' }),
    'sub/pebble.gguf': CHANGED,
    'tiny.gguf': tinyModel(),
    'poet.gguf': await tinyLora({ seed: 1 }),
    'sub/poet.gguf': await tinyLora({ seed: 2, licence: 'cc-by-4.0' }),
    'wide.gguf': await tinyLora({ shape: OTHER_SHAPE }),
  },
  catalogue: (sourceOf) => [
    catalogueEntry('pebble', [sourceOf('pebble.gguf')], PEBBLE_SHA256),
    catalogueEntry('pinned', [sourceOf('pebble.gguf')]),
    catalogueEntry('fallback', [sourceOf('none.gguf'), sourceOf('page.gguf'), sourceOf('pebble.gguf')]),
    catalogueEntry('dead', [sourceOf('none.gguf'), sourceOf('page.gguf')]),
    catalogueEntry('other-bytes', [sourceOf('pebble.gguf')], '0'.repeat(64)),
    catalogueEntry('odd', [sourceOf('odd.gguf'), sourceOf('pebble.gguf')]),
  ],
};

function failsWith(code: string): unknown {
  return expect.objectContaining({ details: expect.objectContaining({ code }) });
}

export function describeModels(name: string, open: (setup: ModelsSetup) => Promise<ModelsHarness>): void {
  describe(`models: ${name}`, () => {
    const signal = new AbortController().signal;
    let harness: ModelsHarness;
    let models: Models;
    beforeEach(async () => {
      harness = await open(SETUP);
      models = harness.models;
    });
    afterEach(() => harness.close());

    test('nothing is there at first, and the catalogue is as given', async () => {
      expect(await models.list()).toEqual([]);
      expect(await models.find('pebble')).toBeNull();
      expect(models.catalogue().map((entry) => entry.name)).toContain('fallback');
    });

    test('a pull by name stores what the header says', async () => {
      const model = await models.pull('pebble', { signal });
      expect(model).toMatchObject({
        name: 'pebble',
        sha256: PEBBLE_SHA256,
        bytes: PEBBLE.length,
        architecture: 'llama',
        quantization: 'F32',
        trainedContextTokens: 2048,
        licence: 'apache-2.0',
        source: harness.sourceOf('pebble.gguf'),
      });
      expect(model.parameters).toBeGreaterThan(10_000);
      expect(await models.list()).toEqual([model]);
    });

    test('it is found by name, source and the beginning of its hash', async () => {
      const model = await models.pull('pebble', { signal });
      for (const name of ['pebble', model.source, PEBBLE_SHA256, PEBBLE_SHA256.slice(0, 8)]) {
        expect(await models.find(name)).toEqual(model);
      }
      for (const name of ['pebbl', PEBBLE_SHA256.slice(0, 3), 'f'.repeat(64)]) {
        expect(await models.find(name)).toBeNull();
      }
    });

    test('what is here is not asked for again', async () => {
      await models.pull('pebble', { signal });
      const asked = harness.asked('pebble.gguf');
      await models.pull('pebble', { signal });
      await models.pull(harness.sourceOf('pebble.gguf'), { signal });
      expect(harness.asked('pebble.gguf')).toBe(asked);
    });

    test('a pull by source makes a name from the file, and another when that is taken', async () => {
      const first = await models.pull(harness.sourceOf('sub/pebble.gguf'), { signal });
      // The catalogue has a pebble.
      expect(first.name).toBe('pebble-2');
      expect(await models.find('pebble-2')).toEqual(first);
    });

    test('two pulls at once share one download', async () => {
      const release = harness.hold();
      const both = Promise.all([models.pull('pebble', { signal }), models.pull('pebble', { signal })]);
      release();
      const [one, two] = await both;
      expect(one).toEqual(two);
      expect(harness.asked('pebble.gguf')).toBe(1);
    });

    test('one who leaves does not end it for the other', async () => {
      const release = harness.hold();
      const leaving = new AbortController();
      const left = models.pull('pebble', { signal: leaving.signal });
      const stayed = models.pull('pebble', { signal });
      await vi.waitUntil(() => harness.asked('pebble.gguf') > 0);
      leaving.abort(new DOMException('changed my mind', 'AbortError'));
      await expect(left).rejects.toThrow('changed my mind');
      release();
      expect((await stayed).sha256).toBe(PEBBLE_SHA256);
    });

    test('a pull that everybody left can be made again', async () => {
      const release = harness.hold();
      const leaving = new AbortController();
      const left = models.pull('pebble', { signal: leaving.signal });
      await vi.waitUntil(() => harness.asked('pebble.gguf') > 0);
      leaving.abort(new DOMException('changed my mind', 'AbortError'));
      await expect(left).rejects.toThrow('changed my mind');
      const again = models.pull('pebble', { signal });
      release();
      expect((await again).sha256).toBe(PEBBLE_SHA256);
    });

    test('progress ends with all of the bytes', async () => {
      const seen: PullProgress[] = [];
      await models.pull('pebble', { signal, onProgress: (progress) => seen.push(progress) });
      expect(seen.at(-1)).toMatchObject({ doneBytes: PEBBLE.length, totalBytes: PEBBLE.length });
      expect(seen.every(({ doneBytes, totalBytes }) => doneBytes <= (totalBytes ?? 1e9))).toBe(true);
    });

    test('a dead source and a wrong one give way to the next', async () => {
      const model = await models.pull('fallback', { signal });
      expect(model.source).toBe(harness.sourceOf('pebble.gguf'));
    });

    test('when all are dead, each has its reason', async () => {
      await expect(models.pull('dead', { signal })).rejects.toMatchObject({
        details: {
          code: 'MODEL_SOURCES_EXHAUSTED',
          failures: [
            { source: harness.sourceOf('none.gguf'), code: 'MODEL_SOURCE_DEAD' },
            { source: harness.sourceOf('page.gguf'), code: 'GGUF_NOT_GGUF' },
          ],
        },
      });
      expect(await models.list()).toEqual([]);
    });

    test.each([
      ['other-bytes', 'MODEL_HASH_MISMATCH'],
      ['odd', 'MODEL_ARCHITECTURE_UNSUPPORTED'],
      ['pebbel', 'MODEL_NAME_UNKNOWN'],
      ['hf:nonsense', 'MODEL_SOURCE_INVALID'],
    ])('%s is refused with %s', async (wanted, code) => {
      await expect(models.pull(wanted, { signal })).rejects.toEqual(failsWith(code));
      expect(await models.list()).toEqual([]);
    });

    test('a name that is not known brings what may have been meant', async () => {
      await expect(models.pull('pebbel', { signal })).rejects.toThrow('did you mean pebble');
    });

    describe('a LoRA', () => {
      const pullLora = (file: string, name: string | null = null, base = 'tiny') =>
        models.pull(harness.sourceOf(file), { signal, lora: { base, name } });
      beforeEach(() => models.pull(harness.sourceOf('tiny.gguf'), { signal }));

      test('is a model of its own beside its base', async () => {
        const base = await models.find('tiny');
        const lora = await pullLora('poet.gguf');
        expect(lora).toMatchObject({
          ...{ name: 'tiny:poet', architecture: 'llama', quantization: 'F32', licence: 'apache-2.0' },
          ...{ trainedContextTokens: base?.trainedContextTokens, source: harness.sourceOf('poet.gguf') },
          lora: { base: base?.sha256, baseName: 'tiny', basePath: base?.path, rank: 4, trainedOn: null },
        });
        expect(lora.sha256).not.toBe(lora.lora?.sha256);
        expect(lora.parameters).toBeGreaterThan(base?.parameters ?? Number.POSITIVE_INFINITY);
        for (const name of ['tiny:poet', lora.source, lora.sha256])
          expect(await models.find(name)).toEqual(lora);
        expect(await models.list()).toEqual([base, lora]);
      });

      test('is called as asked, and both licences are told', async () => {
        const one = await pullLora('poet.gguf', 'bard');
        const other = await pullLora('sub/poet.gguf');
        expect([one.name, other.name]).toEqual(['tiny:bard', 'tiny:poet']);
        expect(other.licence).toBe('cc-by-4.0, base: apache-2.0');
        expect(other.sha256).not.toBe(one.sha256);
        const third = await models.pull(harness.sourceOf('sub/poet.gguf'), {
          ...{ signal, lora: { base: 'tiny', name: 'poet' } },
        });
        expect(third).toEqual(other);
        await expect(pullLora('poet.gguf', 'poet')).rejects.toEqual(failsWith('MODEL_LORA_REFUSED'));
      });

      test.each<[string, Parameters<typeof pullLora>, string]>([
        ['made for another model', ['wide.gguf'], 'LORA_BASE_MISMATCH'],
        ['that is a whole model', ['pebble.gguf'], 'GGUF_NOT_A_LORA'],
        ['that is a web page', ['page.gguf'], 'GGUF_NOT_GGUF'],
        ['on a base that is not here', ['poet.gguf', null, 'pebble'], 'MODEL_NOT_HERE'],
        ['with a name that nobody could ask for', ['poet.gguf', 'a:b'], 'MODEL_LORA_REFUSED'],
      ])('%s is refused', async (_, wanted, code) => {
        await expect(pullLora(...wanted)).rejects.toEqual(failsWith(code));
        expect((await models.list()).map(({ name }) => name)).toEqual(['tiny']);
      });

      test('pulled as a model is refused with a word about its base', async () => {
        const pull = models.pull(harness.sourceOf('poet.gguf'), { signal });
        await expect(pull).rejects.toEqual(failsWith('GGUF_NOT_A_MODEL'));
        await expect(pull).rejects.toThrow('--base');
      });

      test('on another LoRA is refused', async () => {
        await pullLora('poet.gguf');
        await expect(pullLora('sub/poet.gguf', 'both', 'tiny:poet')).rejects.toEqual(
          failsWith('MODEL_LORA_REFUSED'),
        );
      });

      test('keeps its base from being removed', async () => {
        await pullLora('poet.gguf');
        await expect(models.remove('tiny')).rejects.toEqual(failsWith('MODEL_HAS_LORAS'));
        await expect(models.remove('tiny')).rejects.toThrow('tiny:poet');
        await models.remove('tiny:poet');
        await models.remove('tiny');
        expect(await models.list()).toEqual([]);
      });
    });

    test('content that changed since the first pull is refused, unless it is asked for', async () => {
      await models.pull('pinned', { signal });
      await models.remove('pinned');
      harness.publish('pebble.gguf', CHANGED);
      await expect(models.pull('pinned', { signal })).rejects.toThrow(/first pull had .*--repin/);
      const model = await models.pull('pinned', { signal, repin: true });
      expect(model.sha256).not.toBe(PEBBLE_SHA256);
      expect(await models.list()).toEqual([model]);
      await models.remove('pinned');
      expect((await models.pull('pinned', { signal })).sha256).toBe(model.sha256);
    });

    test('what is removed is gone; what is not there cannot be', async () => {
      await models.pull('pebble', { signal });
      await models.remove(PEBBLE_SHA256.slice(0, 8));
      expect(await models.find('pebble')).toBeNull();
      await expect(models.remove('pebble')).rejects.toEqual(failsWith('MODEL_NOT_HERE'));
    });

    test('one content under two names stays until both are removed', async () => {
      const one = await models.pull('pebble', { signal });
      const two = await models.pull('pinned', { signal });
      expect(two).toMatchObject({ name: 'pinned', sha256: one.sha256, path: one.path });
      await models.remove('pebble');
      expect(await models.find('pinned')).toEqual(two);
    });

    test('an aborted signal pulls nothing', async () => {
      const gone = AbortSignal.abort(new DOMException('gone', 'AbortError'));
      await expect(models.pull('pebble', { signal: gone })).rejects.toThrow('gone');
      expect(harness.asked('pebble.gguf')).toBe(0);
    });
  });
}
