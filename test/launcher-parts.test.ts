/** The launcher's parts by themselves, and the lock file that they read. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countTests } from './count-tests.ts';

const root = dirname(import.meta.dirname);

/** The launcher is plain JavaScript for old Nodes, so its types are said here. */
interface Preflight {
  checkGlibc(version: string | undefined): void;
  checkCxxLibrary(directories: string[]): void;
  checkDisk(root: string, size: { downloadMb: number; diskMb: number }): void;
}
interface Packages {
  packagesWanted(root: string, platform: string, scope: 'run' | 'all'): string[];
}
interface Progress {
  progressText(doneMb: number, totalMb: number, elapsedMs: number): string;
}
interface Lock {
  takeLock(path: string, onWait: (holder: number, waitedMs: number) => void): Promise<() => void>;
  holderOf(path: string): string | null;
  clear(path: string, holder: string): void;
}
const lock: Lock = await import(join(root, 'launcher', 'lock.mjs'));
const preflight: Preflight = await import(join(root, 'launcher', 'preflight.mjs'));
const packages: Packages = await import(join(root, 'launcher', 'packages.mjs'));
const progress: Progress = await import(join(root, 'launcher', 'progress.mjs'));

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'filon-parts-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('preflight', () => {
  test('takes glibc from 2.34 on and refuses older ones and others', () => {
    for (const version of ['2.34', '2.40', '3.0']) preflight.checkGlibc(version);
    expect(() => preflight.checkGlibc('2.27')).toThrow(/glibc is 2\.27; the engine needs 2\.34/);
    expect(() => preflight.checkGlibc(undefined)).toThrow(/no glibc/);
  });

  test('refuses a C++ library that lacks the version, not one that it cannot find', async () => {
    const library = join(folder, 'libstdc++.so.6');
    preflight.checkCxxLibrary([folder]);
    await writeFile(library, 'GLIBCXX_3.4.28\0');
    expect(() => preflight.checkCxxLibrary([folder])).toThrow(/too old: it lacks GLIBCXX_3\.4\.29/);
    await writeFile(library, 'GLIBCXX_3.4.28\0GLIBCXX_3.4.29\0');
    preflight.checkCxxLibrary([folder]);
  });

  test('refuses a disk that is too full, with the figures', () => {
    preflight.checkDisk(folder, { downloadMb: 0, diskMb: -100 });
    expect(() => preflight.checkDisk(folder, { downloadMb: 1e9, diskMb: 1e9 })).toThrow(/need 2000000100 MB/);
  });
});

describe('the lock of an install', () => {
  const isNotWaitedFor = (holder: number): never => {
    throw new Error(`waits for ${holder}`);
  };

  test.each([
    ['that is gone', '999999999-x'],
    ['of another time', 'pid'],
  ])(
    'is taken from a holder %s by one, and not from that one by who was as quick to judge',
    async (_, name) => {
      const path = join(folder, `lock-${name}`);
      await mkdir(path);
      await writeFile(join(path, name), '');
      const judged = lock.holderOf(path);
      expect(judged).toBe(name);
      const giveBack = await lock.takeLock(path, isNotWaitedFor);
      const holder = lock.holderOf(path);
      expect(holder).toMatch(new RegExp(`^${process.pid}-`));
      lock.clear(path, name);
      expect(lock.holderOf(path)).toBe(holder);
      giveBack();
      expect(lock.holderOf(path)).toBeNull();
    },
  );

  test('given back late is not given back for the next', async () => {
    const path = join(folder, 'lock-late');
    const first = await lock.takeLock(path, isNotWaitedFor);
    first();
    const second = await lock.takeLock(path, isNotWaitedFor);
    first();
    expect(lock.holderOf(path)).not.toBeNull();
    second();
    expect(lock.holderOf(path)).toBeNull();
  });
});

describe('the lock file', async () => {
  const locked: {
    packages: Record<string, { optionalDependencies?: Record<string, string>; resolved?: string }>;
  } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));

  // npm ci refuses a lock file without them, even on other platforms; a registry that lacks one makes npm omit it.
  test('names every optional package', () => {
    const missing = Object.entries(locked.packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) =>
          !(`${path}/node_modules/${name}` in locked.packages || `node_modules/${name}` in locked.packages),
      ),
    );
    expect(missing).toEqual([]);
  });

  test('names no registry', () => {
    const addresses = Object.values(locked.packages).filter(({ resolved }) => resolved?.includes('://'));
    expect(addresses).toEqual([]);
  });

  test.each([
    ['linux-x64', '@node-llama-cpp/linux-x64-vulkan'],
    ['linux-arm64', '@node-llama-cpp/linux-arm64'],
  ])('has one Node and one engine for %s', (platform, engine) => {
    const wanted = packages.packagesWanted(root, platform, 'run');
    expect(wanted.filter((path) => /\/(node-linux-|@node-llama-cpp\/)/.test(path)).sort()).toEqual([
      `node_modules/${engine}`,
      `node_modules/node-${platform}`,
    ]);
    expect(wanted).not.toContain('node_modules/vitest');
    expect(packages.packagesWanted(root, platform, 'all')).toContain('node_modules/vitest');
  });
});

describe('the packages wanted', () => {
  test('leave out what only packages for other platforms need', async () => {
    const packagesOf = {
      '': {},
      'node_modules/plain': {},
      'node_modules/ours': { optional: true, os: 'linux', cpu: ['x64', 'arm64'], libc: ['glibc'] },
      'node_modules/not-theirs': { optional: true, os: ['!win32'] },
      'node_modules/musl': { optional: true, os: ['linux'], cpu: ['x64'], libc: ['musl'] },
      'node_modules/wasm': { optional: true, cpu: ['wasm32'] },
      'node_modules/wasm/node_modules/runtime': { optional: true },
      'node_modules/for-tests': { dev: true },
      'packages/own': {},
    };
    await writeFile(join(folder, 'package-lock.json'), JSON.stringify({ packages: packagesOf }));
    expect(packages.packagesWanted(folder, 'linux-x64', 'run')).toEqual([
      'node_modules/plain',
      'node_modules/ours',
      'node_modules/not-theirs',
    ]);
    expect(packages.packagesWanted(folder, 'linux-x64', 'all')).toContain('node_modules/for-tests');
  });
});

describe('progress', () => {
  test.each([
    [0, 4000, '0 of about 280 MB in place, 4 s so far'],
    [70, 10_000, '70 of about 280 MB in place, 7.0 MB/s, about 30 s left'],
    [280, 20_000, '280 of about 280 MB in place, nearly done'],
  ])('after %d MB', (doneMb, elapsedMs, text) => {
    expect(progress.progressText(doneMb, 280, elapsedMs)).toBe(text);
  });
});

describe('the count of tests', () => {
  const report = (...files: [status: string, tests: string[]][]): string =>
    JSON.stringify({
      testResults: files.map(([status, tests]) => ({
        status,
        assertionResults: tests.map((each) => ({ status: each })),
      })),
    });

  test.each([
    ['all good', report(['passed', ['passed', 'passed']]), 0, { passed: 2, failed: 0 }],
    ['one bad', report(['failed', ['passed', 'failed']]), 1, { passed: 1, failed: 1 }],
    [
      'skipped ones count as neither',
      report(['passed', ['passed', 'skipped', 'todo']]),
      0,
      { passed: 1, failed: 0 },
    ],
    [
      'a file that does not load',
      report(['failed', []], ['passed', ['passed']]),
      1,
      { passed: 1, failed: 1 },
    ],
    ['an error outside the tests', report(['passed', ['passed']]), 1, { passed: 1, failed: 1 }],
    ['no report', '', 1, { passed: 0, failed: 1 }],
  ])('%s', (_, text, status, count) => expect(countTests(text, status)).toEqual(count));
});
