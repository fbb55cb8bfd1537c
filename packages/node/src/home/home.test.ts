import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { readHolder, takeHomeLock } from './lock.ts';
import { ensureHome, type HomePaths, homePaths, isOpenToOthers } from './paths.ts';

const folder = mkdtempSync(join(tmpdir(), 'filon-home-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let homes = 0;
function freshHome(): HomePaths {
  const paths = homePaths(join(folder, `home-${homes++}`));
  ensureHome(paths);
  return paths;
}

const locker = fileURLToPath(new URL('../../../../test/kit/home-locker.ts', import.meta.url));

/** A process that tries to take the lock and says how it went; it keeps the lock until it is killed. */
async function tryLock(paths: HomePaths): Promise<{ said: string; kill: () => Promise<void> }> {
  const child = spawn(process.execPath, [locker, paths.home], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const [said] = await once(createInterface({ input: child.stdout }), 'line');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exit;
  };
  return { said: String(said), kill };
}

describe('the folder', () => {
  test('is made for its user alone, and used as it is when it was there', () => {
    const paths = freshHome();
    expect(statSync(paths.home).mode & 0o777).toBe(0o700);
    expect(isOpenToOthers(paths)).toBe(false);
    chmodSync(paths.home, 0o755);
    ensureHome(paths);
    expect(isOpenToOthers(paths)).toBe(true);
  });

  test('that cannot be made is refused with what to do', () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    expect(() => ensureHome(homePaths(join(file, 'home')))).toThrow(/--home/);
  });
});

describe('the lock', () => {
  test('on a full disk is refused with what to do, and is not kept', async () => {
    const paths = freshHome();
    const draft = `${paths.holder}.new`;
    symlinkSync('/dev/full', draft);
    await expect(takeHomeLock(paths, { purpose: 'node' })).rejects.toMatchObject({
      code: 'HOME_UNAVAILABLE',
      message: expect.stringMatching(/no space left on device.*Free some space/),
    });
    unlinkSync(draft);
    await using _lock = await takeHomeLock(paths, { purpose: 'node' });
    expect(readHolder(paths)?.purpose).toBe('node');
  });

  test('is held by one, who says where it is, and is free again afterwards', async () => {
    const paths = freshHome();
    {
      await using lock = await takeHomeLock(paths, { purpose: 'node' });
      expect(existsSync(`${paths.lock}-journal`)).toBe(false);
      lock.announce('http://127.0.0.1:1');
      const message = expect.stringContaining(`process ${process.pid} at http://127.0.0.1:1`);
      await expect(takeHomeLock(paths, { purpose: 'node' })).rejects.toMatchObject({
        message,
        details: { code: 'HOME_IN_USE', pid: process.pid, url: 'http://127.0.0.1:1' },
      });
    }
    expect(readHolder(paths)).toBeNull();
    await using again = await takeHomeLock(paths, { purpose: 'pull' });
    expect(readHolder(paths)?.purpose).toBe('pull');
    again.announce('x');
  });

  test('of ten who come together exactly one gets it', async () => {
    const paths = freshHome();
    const all = await Promise.all(Array.from({ length: 10 }, () => tryLock(paths)));
    expect(all.filter(({ said }) => said === 'locked')).toHaveLength(1);
    expect(all.filter(({ said }) => said === 'HOME_IN_USE')).toHaveLength(9);
    await Promise.all(all.map(({ kill }) => kill()));
  });

  test('survives its holder in no way: after kill -9 it is free at once', async () => {
    const paths = freshHome();
    for (let round = 0; round < 3; round++) {
      const holder = await tryLock(paths);
      expect(holder.said).toBe('locked');
      await expect(takeHomeLock(paths, { purpose: 'node' })).rejects.toMatchObject({ code: 'HOME_IN_USE' });
      await holder.kill();
    }
    expect(existsSync(paths.holder)).toBe(true);
    await using lock = await takeHomeLock(paths, { purpose: 'node' });
    expect(lock).toBeDefined();
  });

  test('on a place that keeps no locks is refused', async () => {
    const paths = { ...freshHome(), lock: join(folder, 'no', 'such', 'folder') };
    await expect(takeHomeLock(paths, { purpose: 'node' })).rejects.toMatchObject({ code: 'HOME_NO_LOCKS' });
  });
});

test('a home that nothing can make is refused at once', () => {
  expect(() => ensureHome(homePaths('/proc/nowhere/home'))).toThrow(
    expect.objectContaining({ code: 'HOME_UNAVAILABLE' }),
  );
});
