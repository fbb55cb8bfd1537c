/** What a user's first `./filon` puts on the disk: packages of the lock file without those for the tests. */
import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from '../bench.ts';
import { runCommand } from '../commands.ts';
import { ROOT } from '../programs/filon-command.ts';
import type { Measure } from '../report.ts';
import { summarize } from '../statistics.ts';

const INSTALL_TIMEOUT_MS = 15 * 60_000;
/** The largest are named. */
const NAMED_MAX = 6;

interface Package {
  name: string;
  megabytes: number;
}

export async function* installCase(bench: Bench): AsyncGenerator<Measure> {
  const directory = bench.options.installDirectory ?? (await install(bench));
  const modules = join(directory, 'node_modules');
  const packages = await packagesIn(bench, modules);
  const total = await diskMegabytes(bench, modules);
  const largest = packages
    .sort((a, b) => b.megabytes - a.megabytes)
    .slice(0, NAMED_MAX)
    .map(({ name, megabytes }) => `${name} ${megabytes.toFixed(0)} MB`);
  const common = { case: 'install', ratio: null };
  yield {
    ...{ ...common, what: 'packages of an install', unit: 'packages', notes: [] },
    values: { filon: summarize([packages.length]) },
  };
  yield {
    ...{ ...common, what: 'disk space of an install', unit: 'MB' },
    ...{ values: { filon: summarize([total]) }, notes: [`largest: ${largest.join(', ')}`] },
  };
}

async function install({ scratch, signal, say }: Bench): Promise<string> {
  say('a fresh install ...');
  const directory = join(scratch, 'install');
  const root = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { workspaces: string[] };
  for (const place of ['', ...root.workspaces]) {
    await mkdir(join(directory, place), { recursive: true });
    await cp(join(ROOT, place, 'package.json'), join(directory, place, 'package.json'));
  }
  await cp(join(ROOT, 'package-lock.json'), join(directory, 'package-lock.json'));
  const args = ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
  await runCommand('npm', args, { cwd: directory, signal, timeoutMs: INSTALL_TIMEOUT_MS });
  return directory;
}

/** Folders with a manifest, nested ones included; our own workspaces are links and do not count. */
async function packagesIn(bench: Bench, modules: string): Promise<Package[]> {
  const entries = await readdir(modules, { withFileTypes: true }).catch(() => []);
  const packages: Package[] = [];
  for (const entry of entries) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
    const path = join(modules, entry.name);
    if (entry.name.startsWith('@')) {
      const scoped = await packagesIn(bench, path);
      packages.push(...scoped.map(({ name, megabytes }) => ({ name: `${entry.name}/${name}`, megabytes })));
      continue;
    }
    packages.push({ name: entry.name, megabytes: await diskMegabytes(bench, path) });
    packages.push(...(await packagesIn(bench, join(path, 'node_modules'))));
  }
  return packages;
}

async function diskMegabytes({ signal }: Bench, path: string): Promise<number> {
  const text = await runCommand('du', ['-sk', path], { cwd: ROOT, signal });
  return (Number.parseInt(text, 10) * 1024) / 1e6;
}
