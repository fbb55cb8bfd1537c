import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { come, openIssuer } from '../../../../../test/kit/issuer-scene.ts';
import { createMemoryStore } from '../../adapters/memory/store.ts';
import { openSqliteStore } from '../../adapters/sqlite/store.ts';
import { INVITE_MS_MAX, INVITES_MAX } from './membership-limits.ts';

const folder = mkdtempSync(join(tmpdir(), 'filon-issuer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('what lets one node in never lets in another, though the process was killed right after', async () => {
  const path = join(folder, 'filon.db');
  const script = fileURLToPath(new URL('../../../../../test/kit/issuer-process.ts', import.meta.url));
  const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const used: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    used.push(line);
    if (used.length === 9) child.kill('SIGKILL');
  }
  expect((await exit)[1]).toBe('SIGKILL');
  await using store = await openSqliteStore({ path });
  const issuer = openIssuer(store);
  for (const [index, invite] of used.entries()) {
    expect(() => come(issuer, invite, 'thief')).toThrow(expect.objectContaining({ code: 'INVITE_REFUSED' }));
    expect(come(issuer, invite, `joiner ${index}`).length).toBeGreaterThan(0);
  }
});

test('invites have their limit, and those that expired make room', () => {
  const issuer = openIssuer(createMemoryStore());
  issuer.invite({ validMs: -1000 }, []);
  for (let i = 0; i < INVITES_MAX; i += 1) issuer.invite({}, []);
  expect(() => issuer.invite({}, [])).toThrow(expect.objectContaining({ code: 'SWARM_INVITES_FULL' }));
  const validMs = INVITE_MS_MAX + 1;
  expect(() => issuer.invite({ validMs }, [])).toThrow(expect.objectContaining({ code: 'INVITE_TOO_LONG' }));
});
