import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

import { realClock } from '../../../../../test/kit/models-means.ts';
import { takeLock } from './process-lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'filon-lock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'lock');

const { signal } = new AbortController();

test('is one file while it is held, so that a kill leaves no other', async () => {
  using _lock = await takeLock(path, { clock: realClock, signal });
  expect(readdirSync(folder)).toEqual(['lock']);
});

test('is waited for until it is given back, or the wait is given up', async () => {
  const held = await takeLock(path, { clock: realClock, signal });
  const given = new AbortController();
  const inVain = takeLock(path, { clock: realClock, signal: given.signal });
  given.abort(new Error('enough'));
  await expect(inVain).rejects.toThrow();
  const next = takeLock(path, { clock: realClock, signal });
  held[Symbol.dispose]();
  (await next)[Symbol.dispose]();
});
