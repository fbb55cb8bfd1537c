import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { describeStore } from '../../../../../test/kit/store-conformance.ts';
import { MIGRATIONS } from './migrations.ts';
import { openSqliteStore, STORE_VALUE_BYTES_MAX } from './store.ts';

const folder = mkdtempSync(join(tmpdir(), 'filon-store-'));
let files = 0;
const freshPath = (): string => join(folder, `store-${files++}.db`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeStore('sqlite', () => openSqliteStore({ path: freshPath() }));

test('what was put is there for the next one who opens', async () => {
  const path = freshPath();
  {
    await using store = await openSqliteStore({ path });
    store.put('pins', 'a', { sha256: 'x', bytes: 1 });
  }
  await using store = await openSqliteStore({ path });
  expect(store.get('pins', 'a')).toEqual({ sha256: 'x', bytes: 1 });
});

test('kill -9 between puts loses nothing that was acknowledged, and no half transaction stays', async () => {
  const writer = fileURLToPath(new URL('../../../../../test/kit/store-crash-writer.ts', import.meta.url));
  for (const killAfter of [1, 7, 40]) {
    const path = freshPath();
    const child = spawn(process.execPath, [writer, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(child, 'exit');
    let acknowledged = -1;
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Number(line);
      if (acknowledged === killAfter) child.kill('SIGKILL');
    }
    expect((await exit)[1]).toBe('SIGKILL');
    expect(acknowledged).toBeGreaterThanOrEqual(killAfter);
    await using store = await openSqliteStore({ path });
    for (let i = 0; i <= acknowledged; i++) {
      expect(store.get('certificates', `left/${i}`)).toBe(i);
    }
    expect(store.list('certificates').length % 2).toBe(0);
  }
});

test('a damaged file is named, and so is what to do', async () => {
  const path = freshPath();
  writeFileSync(path, 'this is not a database at all, whatever its name says'.repeat(100));
  await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  await expect(openSqliteStore({ path })).rejects.toThrow(/doctor --repair/);
});

test('damage in the middle of a file is noticed when it is opened', async () => {
  const path = freshPath();
  {
    await using store = await openSqliteStore({ path });
    for (let i = 0; i < 2000; i++) store.put('certificates', `key-${i}`, 'x'.repeat(100));
  }
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 8192, 65_536);
  writeFileSync(path, bytes);
  await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
});

test('a file of a newer Filon is refused and left alone', async () => {
  const path = freshPath();
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
  db.close();
  await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: 'STORE_TOO_NEW' });
});

test('a value over the limit and a path that cannot be are refused', async () => {
  await using store = await openSqliteStore({ path: freshPath() });
  const large = 'x'.repeat(STORE_VALUE_BYTES_MAX);
  expect(() => store.put('certificates', 'a', large)).toThrow(/at most/);
  await expect(openSqliteStore({ path: join(folder, 'no', 'such', 'folder.db') })).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
  });
});

test('nobody else may read the file or its log, not even where an older one let them', async () => {
  const path = freshPath();
  writeFileSync(path, '');
  chmodSync(path, 0o644);
  await using store = await openSqliteStore({ path });
  store.put('certificates', 'a', 'secret');
  for (const end of ['', '-wal', '-shm']) expect(statSync(path + end).mode & 0o777).toBe(0o600);
});

test('what was deleted is not left in the file', async () => {
  const path = freshPath();
  const secret = 'nobody may find this again';
  {
    await using store = await openSqliteStore({ path });
    store.put('answerTexts', 'a', secret);
    expect(readFileSync(`${path}-wal`).includes(secret)).toBe(true);
    store.delete('answerTexts', 'a');
  }
  expect(readFileSync(path).includes(secret)).toBe(false);
});
