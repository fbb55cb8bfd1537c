/** The build of the chat page by the launcher, on made-up clones with a made-up Vite. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clone, makeClone } from './launcher/made-up-clone.ts';

const VITE = `
import { mkdirSync, writeFileSync } from 'node:fs';
const outDir = process.argv.find((arg) => arg.startsWith('--outDir=')).slice('--outDir='.length);
mkdirSync(outDir, { recursive: true });
writeFileSync(outDir + '/index.html', 'built for ' + process.env.NODE_ENV);
`;
const BROKEN_VITE = 'console.error("no such module"); process.exit(1);';

let clone: Clone;
beforeEach(async () => {
  clone = await makeClone();
  await clone.filon(['version']);
  await put('packages/web/src/main.tsx', 'one');
  await put('node_modules/vite/bin/vite.js', VITE);
});
afterEach(() => clone[Symbol.asyncDispose]());

async function put(path: string, text: string): Promise<void> {
  await mkdir(join(clone.directory, path, '..'), { recursive: true });
  await writeFile(join(clone.directory, path), text);
}

const page = (): Promise<string> =>
  readFile(join(clone.directory, 'packages', 'web', 'dist', 'index.html'), 'utf8');

test('a page that is missing is built before the node starts, and says so', async () => {
  const { status, stdout, stderr } = await clone.filon(['up']);
  expect(stderr).toMatch(/building the chat page\.\n.*chat page built in \d+\.\d s\./);
  expect(JSON.parse(stdout)).toMatchObject({ ran: 'main', args: ['up'] });
  expect(status).toBe(0);
  expect(await page()).toBe('built for production');
  expect(await readdir(join(clone.directory, '.filon'))).toEqual(['install.log']);
});

test('it is built again only when its sources, those of core or the packages changed', async () => {
  await clone.filon(['up']);
  expect((await clone.filon(['up'])).stderr).toBe('');
  for (const path of ['packages/web/src/main.tsx', 'packages/core/src/a.ts', 'packages/web/index.html']) {
    await put(path, `changed ${path}`);
    expect((await clone.filon(['up'])).stderr).toContain('the chat page has changed; building it.');
  }
  await put('packages/web/src/main.test.ts', 'tests are no part of it');
  expect((await clone.filon(['up'])).stderr).toBe('');
});

test('commands that start no node do not build', async () => {
  expect((await clone.filon(['status'])).stderr).toBe('');
  await expect(page()).rejects.toThrow('ENOENT');
});

test('a build that fails stops nobody, and leaves the page of before', async () => {
  await clone.filon(['up']);
  await put('packages/web/src/main.tsx', 'two');
  await put('node_modules/vite/bin/vite.js', BROKEN_VITE);
  const { status, stdout, stderr } = await clone.filon(['up']);
  expect(stderr).toMatch(
    /could not be built, and the node works without it: vite ended with 1.*no such module/s,
  );
  expect({ status, ran: JSON.parse(stdout).ran }).toEqual({ status: 0, ran: 'main' });
  expect(await page()).toBe('built for production');
});

test('a published package has its page and builds nothing', async () => {
  await clone.filon(['up']);
  await rm(join(clone.directory, 'packages', 'web', 'src'), { recursive: true });
  expect((await clone.filon(['up'])).stderr).toBe('');
  expect(await page()).toBe('built for production');
});

test('packing the page builds it first', async () => {
  const root = dirname(import.meta.dirname);
  const { sourceSum }: { sourceSum: (root: string) => string } = await import(
    join(root, 'launcher', 'web.mjs')
  );
  const pack = ['pack', '--dry-run', '--json', '--workspace', 'packages/web'];
  const { stdout } = await promisify(execFile)('npm', pack, { cwd: root });
  const [{ files }]: [{ files: { path: string }[] }] = JSON.parse(stdout);
  expect(files.map(({ path }) => path)).toContain('dist/index.html');
  const stamp = await readFile(join(root, 'packages', 'web', 'dist', '.filon-built'), 'utf8');
  expect(stamp.trim()).toBe(sourceSum(root));
});
