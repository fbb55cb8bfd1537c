import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tinyModel } from '../../../../../test/kit/gguf.ts';
import { writeTinyLora } from '../../../../../test/kit/lora.ts';
import { createTestStore, realClock } from '../../../../../test/kit/models-means.ts';
import type { StoredModel } from '../../ports/models.ts';
import { openModels } from './open-models.ts';
import { type Manifest, Shelf } from './shelf.ts';

const signal = new AbortController().signal;

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'filon-shelf-'));
});
afterEach(() => rm(home, { recursive: true }));

async function pulled(name: string, seed: number): Promise<StoredModel> {
  await using models = await opened();
  const path = join(home, `${name}.gguf`);
  await writeFile(path, tinyModel({ seed }));
  return await models.pull(`file:${path}`, { signal });
}

function opened(): ReturnType<typeof openModels> {
  return openModels(
    { home, catalogue: [], pipEnvironment: {} },
    { store: createTestStore(), clock: realClock },
  );
}

async function blobsAfterStart(): Promise<string[]> {
  await using _models = await opened();
  return (await readdir(join(home, 'models', 'blobs'))).sort();
}

/** What is there when a pull of changed content is killed after its manifest and before its file. */
async function cutOff({ path: _path, ...manifest }: StoredModel): Promise<void> {
  const changed: Manifest = { ...manifest, sha256: 'f'.repeat(64) };
  await new Shelf(join(home, 'models')).putManifest(changed);
}

describe('the next start after a pull that was cut off', () => {
  test('removes the file that lost its name, and no other', async () => {
    const changed = await pulled('changed', 1);
    const other = await pulled('other', 2);
    expect(await blobsAfterStart()).toEqual([changed.sha256, other.sha256].sort());
    await cutOff(changed);
    expect(await blobsAfterStart()).toEqual([other.sha256]);
  });

  test('keeps it as long as a manifest cannot be read', async () => {
    const changed = await pulled('changed', 1);
    await cutOff(changed);
    await writeFile(join(home, 'models', 'manifests', 'later.json'), '{"version": 2}');
    expect(await blobsAfterStart()).toEqual([changed.sha256]);
  });

  test('keeps the base of a LoRA, also when its own name has other content by now', async () => {
    const base = await pulled('tiny', 1);
    const source = join(home, 'poet.gguf');
    await writeTinyLora(source);
    await using models = await opened();
    const { lora } = await models.pull(`file:${source}`, { signal, lora: { base: 'tiny', name: null } });
    const again = await pulled('tiny', 2);
    const blobs = [base.sha256, again.sha256, lora?.sha256].sort();
    expect(await blobsAfterStart()).toEqual(blobs);
    expect((await models.find('tiny:poet'))?.lora?.base).toBe(base.sha256);
    await models.remove('tiny:poet');
    expect(await blobsAfterStart()).toEqual([again.sha256]);
  });
});
