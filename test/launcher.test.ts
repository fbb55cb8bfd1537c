/** The launcher as a process, on made-up clones with a made-up npm: nothing here touches a network. */
import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Clone, makeClone, platform, writeProgram } from './launcher/made-up-clone.ts';

const WAIT = { timeout: 20_000, interval: 20 };

let clone: Clone;
beforeEach(async () => {
  clone = await makeClone();
});
afterEach(() => clone[Symbol.asyncDispose]());

/** What is left in the launcher's own directory, the log of npm aside. */
async function leftovers(): Promise<string[]> {
  const names = await readdir(join(clone.directory, '.filon'));
  return names.filter((name) => name !== 'install.log');
}

describe('a good install', () => {
  test('comes first, then the command with its arguments, where the caller is', async () => {
    const { status, stdout, stderr } = await clone.filon(['run', 'a model', '--json'], { cwd: clone.bin });
    expect(JSON.parse(stdout)).toEqual({ ran: 'main', args: ['run', 'a model', '--json'], cwd: clone.bin });
    expect(status).toBe(0);
    expect(stderr).toMatch(/putting in the packages: about \d+ MB to download, \d+ MB on disk/);
    expect(await clone.npmCalls()).toEqual([expect.stringContaining('ci --ignore-scripts')]);
    expect(await leftovers()).toEqual([]);
  });

  test('starts a Node that can give memory back', async () => {
    await writeFile(
      join(clone.directory, 'packages', 'node', 'src', 'main.ts'),
      'console.log(typeof globalThis.gc);',
    );
    expect((await clone.filon(['up'])).stdout).toBe('function\n');
  });

  test('is not repeated, until the lock file changes', async () => {
    await clone.filon(['up']);
    expect((await clone.filon(['up'])).stderr).toBe('');
    expect(await clone.npmCalls()).toHaveLength(1);
    const lock = join(clone.directory, 'package-lock.json');
    await writeFile(lock, `${await readFile(lock, 'utf8')}\n`);
    expect((await clone.filon(['up'])).status).toBe(0);
    expect(await clone.npmCalls()).toHaveLength(2);
  });

  test('leaves the development packages to the tests, and serves both afterwards', async () => {
    await clone.filon(['up']);
    const { stdout } = await clone.filon(['test', 'one.test.ts']);
    expect(JSON.parse(stdout)).toEqual({ ran: 'tests', args: ['one.test.ts'] });
    await clone.filon(['up']);
    expect(await clone.npmCalls()).toEqual([
      expect.stringContaining('--omit=dev'),
      expect.stringContaining('--include=dev'),
    ]);
  });

  test('needs no development packages to tell of the tests', async () => {
    const { stdout } = await clone.filon(['test', '--help']);
    expect(JSON.parse(stdout)).toMatchObject({ ran: 'main', args: ['test', '--help'] });
    expect(await clone.npmCalls()).toEqual([expect.stringContaining('--omit=dev')]);
  });

  test('keeps the development packages where they are', async () => {
    await clone.filon(['test']);
    await writeFile(
      join(clone.directory, 'package-lock.json'),
      '{ "packages": { "node_modules/tool": { "dev": true } } }',
    );
    await clone.filon(['up']);
    expect((await clone.npmCalls())[1]).toContain('--include=dev');
  });

  test('keeps those that npm put in when it was called by hand', async () => {
    await clone.filon(['up']);
    await writeFile(
      join(clone.directory, 'node_modules', '.package-lock.json'),
      '{ "packages": { "node_modules/tool": { "dev": true } } }',
    );
    await writeFile(join(clone.directory, 'package-lock.json'), '{ "packages": {} }');
    await clone.filon(['up']);
    expect((await clone.npmCalls())[1]).toContain('--include=dev');
  });

  test.each(['dev', 'devOptional'])('stays one to run, though a package of it is %s by now', async (flag) => {
    await clone.filon(['up']);
    await writeFile(
      join(clone.directory, 'package-lock.json'),
      `{ "packages": { "node_modules/plain": { "${flag}": true }, "node_modules/tool": { "dev": true } } }`,
    );
    await clone.filon(['up']);
    expect((await clone.npmCalls())[1]).toContain('--omit=dev');
  });

  test('stays one for the tests, whatever a new lock file calls the tools', async () => {
    await clone.filon(['test']);
    await writeFile(join(clone.directory, 'package-lock.json'), '{ "packages": {} }');
    await clone.filon(['up']);
    expect((await clone.npmCalls())[1]).toContain('--include=dev');
    expect(await readFile(join(clone.directory, 'node_modules', '.filon-installed'), 'utf8')).toMatch(
      / all /,
    );
  });

  test('is found through symlinks', async () => {
    const first = join(clone.bin, 'first');
    await symlink(join(clone.directory, 'filon'), first);
    await symlink('first', join(clone.bin, 'second'));
    const { stdout } = await clone.filon(['up'], { command: join(clone.bin, 'second') });
    expect(JSON.parse(stdout)).toMatchObject({ ran: 'main' });
  });

  test('is done once by two that start together', async () => {
    const both = await Promise.all([clone.filon(['one']), clone.filon(['two'])]);
    expect(both.map(({ status }) => status)).toEqual([0, 0]);
    expect(await clone.npmCalls()).toHaveLength(1);
    expect(await leftovers()).toEqual([]);
  });
});

describe('an install that is ended', () => {
  async function startAndWait(): Promise<{
    npm: number;
    installer: number;
    ended: Promise<unknown>;
    group: number;
  }> {
    const { child, ended } = clone.start(['up'], { npm: 'waits' });
    const note = join(clone.directory, '..', 'npm-waits');
    const npm = await vi.waitFor(async () => {
      const pid = Number.parseInt(await readFile(note, 'utf8'), 10);
      expect(pid).toBeGreaterThan(0);
      return pid;
    }, WAIT);
    const [holder = ''] = await readdir(join(clone.directory, '.filon', 'install.lock'));
    const installer = Number.parseInt(holder, 10);
    return { npm, installer, ended, group: child.pid ?? 0 };
  }

  test('by kill -9 is done again by the next call', async () => {
    const { npm, installer, ended } = await startAndWait();
    process.kill(installer, 'SIGKILL');
    process.kill(npm, 'SIGKILL');
    await ended;
    expect(await leftovers()).toHaveLength(2);
    expect(JSON.parse((await clone.filon(['up'])).stdout)).toMatchObject({ ran: 'main' });
    expect(await leftovers()).toEqual([]);
  });

  test('by Ctrl-C leaves nothing but the log', async () => {
    const { ended, group } = await startAndWait();
    process.kill(-group, 'SIGINT');
    expect(await ended).toMatchObject({ stderr: expect.stringContaining('stopped.') });
    expect(await leftovers()).toEqual([]);
  });

  test('leaves the packages of before in use', async () => {
    await clone.filon(['up']);
    await writeFile(join(clone.directory, 'package-lock.json'), '{ "packages": {} }');
    const before = await readdir(join(clone.directory, 'node_modules'));
    expect((await clone.filon(['up'], { npm: 'unreachable' })).status).toBe(1);
    expect(await readdir(join(clone.directory, 'node_modules'))).toEqual(before);
  });
});

describe('a failure says what happened and what to do', () => {
  test.each([
    ['unreachable', /registry cannot be reached \(ECONNREFUSED\).*Check the network/s],
    ['disk full', /the disk is full \(ENOSPC\).*Free some space/s],
    ['leaves out', /npm left out plain.*Run this again/s],
  ] as const)('npm: %s', async (npm, words) => {
    const { status, stdout, stderr } = await clone.filon(['up'], { npm });
    expect(stderr).toMatch(words);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(await leftovers()).toEqual([]);
  });

  test.each([
    ['node', null, /node is missing\..*Get Node\.js 20/s],
    ['node', '#!/bin/sh\necho 18\n', /node is version 18, too old.*Get Node\.js 20/s],
    [
      'node',
      '#!/bin/sh\necho "GLIBC_2.28 not found" >&2\nexit 1\n',
      /does not start:.*GLIBC_2\.28 not found/s,
    ],
    ['npm', null, /npm is missing.*Get Node\.js 20/s],
    ['uname', '#!/bin/sh\necho Plan9\n', /this machine is Plan9 Plan9; Filon runs on Linux/],
  ])('%s: %s', async (program, text, words) => {
    if (text === null) await rm(join(clone.bin, program));
    else await writeProgram(join(clone.bin, program), text);
    const { status, stderr } = await clone.filon(['up']);
    expect(stderr).toMatch(words);
    expect(status).toBe(1);
    expect(await clone.npmCalls()).toEqual([]);
  });

  test('a directory that cannot be written to', async () => {
    await writeFile(join(clone.directory, '.filon'), 'in the way');
    const { status, stderr } = await clone.filon(['up']);
    expect(stderr).toMatch(/cannot be written to \(\w+\).*Clone Filon to a directory of your own/s);
    expect(status).toBe(1);
  });

  test('a Node that was put in and does not start', async () => {
    const npm = await readFile(join(clone.bin, 'npm'), 'utf8');
    const broken = `${npm}rm node_modules/node-${platform}/bin/node\nln -s /dev/null node_modules/node-${platform}/bin/node\n`;
    await writeProgram(join(clone.bin, 'npm'), broken);
    expect((await clone.filon(['up'])).stderr).toMatch(/the Node that was put in does not start/);
  });
});
