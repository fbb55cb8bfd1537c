import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeDataStore } from '../../../../../test/kit/data-store-conformance.ts';
import { createMemoryDataStore } from '../memory/data-store.ts';
import { openDataStore } from './data-store.ts';
import { storeFailure } from './errors.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'filon-data-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describeDataStore('a folder', () => openDataStore({ folder }));
describeDataStore('memory', async () => createMemoryDataStore());

test('a full disk is said before anything is written, and nothing half written stays', async () => {
  let freeBytes = 200 * 1024 * 1024;
  await using store = await openDataStore({ folder, freeBytes: async () => freeBytes });
  {
    await using draft = await store.draft();
    await draft.append('a.txt', new Uint8Array(10));
    freeBytes = 64 * 1024 * 1024;
    await expect(draft.append('a.txt', new Uint8Array(10))).rejects.toMatchObject({
      details: { code: 'DATA_DISK_FULL', folder, neededBytes: 64 * 1024 * 1024 + 10, freeBytes },
    });
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('a disk that fills while it is written to is called full', () => {
  const error = Object.assign(new TypeError('no space left on device'), { code: 'ENOSPC' });
  expect(storeFailure('/x', error, { neededBytes: 5, freeBytes: 1 }).details).toEqual({
    code: 'DATA_DISK_FULL',
    folder: '/x',
    neededBytes: 5,
    freeBytes: 1,
  });
  expect(storeFailure('/x', new TypeError('odd'), { neededBytes: 5, freeBytes: 1 }).code).toBe(
    'DATA_STORE_UNAVAILABLE',
  );
});

test('drafts of processes that are no more are swept', async () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  mkdirSync(join(folder, `draft-${pid}-0`));
  writeFileSync(join(folder, `draft-${pid}-1`), 'a file half written');
  mkdirSync(join(folder, `draft-${process.ppid}-0`));
  await using _store = await openDataStore({ folder });
  expect(readdirSync(folder)).toEqual([`draft-${process.ppid}-0`]);
});

test('a file that is not whole is never seen among those of its data', async () => {
  const id = 'a'.repeat(64);
  await using store = await openDataStore({ folder });
  await using draft = await store.draft();
  await draft.append('a.txt', new Uint8Array(1));
  await draft.commit(id);
  const seen = new Set<string>();
  const watching = watch(join(folder, id), (_event, name) => seen.add(String(name)));
  try {
    await store.write(id, 'b.shard', new Uint8Array(1024));
    await expect.poll(() => [...seen]).toContain('b.shard');
    expect([...seen]).toEqual(['b.shard']);
  } finally {
    watching.close();
  }
});
