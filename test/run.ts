/**
 * `./filon test [FILE...]`: types, lint, unused code, then the tests; with files, only those tests. The last line is
 * `N passed, N failed`, where each check before the tests counts as one. With `--json` it is `{"passed":N,"failed":N}`,
 * and all else goes to standard error.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type Count, countTests } from './count-tests.ts';

const root = dirname(import.meta.dirname);
/** Each is a script of a development package, run by this Node. */
const checks: readonly { name: string; command: readonly string[] }[] = [
  { name: 'types', command: ['typescript/bin/tsc', '-p', '.'] },
  { name: 'types of the page', command: ['typescript/bin/tsc', '-p', 'packages/web'] },
  { name: 'types of the launcher', command: ['typescript/bin/tsc', '-p', 'launcher'] },
  { name: 'lint and format', command: ['@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'] },
  { name: 'unused code', command: ['knip/bin/knip.js'] },
];

const json = process.argv.includes('--json');
const files = process.argv.slice(2).filter((word) => word !== '--json');
const said = json ? process.stderr : process.stdout;
const counts: Count[] = [];
if (files.length === 0) for (const check of checks) counts.push(await runCheck(check));
counts.push(await runTests(files));

const passed = counts.reduce((sum, count) => sum + count.passed, 0);
const failed = counts.reduce((sum, count) => sum + count.failed, 0);
process.stdout.write(
  json ? `${JSON.stringify({ passed, failed })}\n` : `${passed} passed, ${failed} failed\n`,
);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

async function runCheck({ name, command }: (typeof checks)[number]): Promise<Count> {
  const startedMs = performance.now();
  const status = await run(command);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  said.write(`${name}: ${status === 0 ? 'passed' : 'FAILED'} (${seconds} s)\n`);
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function runTests(chosen: readonly string[]): Promise<Count> {
  const folder = await mkdtemp(join(tmpdir(), 'filon-test-'));
  try {
    const report = join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const status = await run(['vitest/vitest.mjs', 'run', ...reporters, ...chosen]);
    return countTests(await readFile(report, 'utf8').catch(() => ''), status);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Resolves with the exit status; a signal counts as 1. Programs that tests start find this Node first. */
function run([script = '', ...args]: readonly string[]): Promise<number> {
  const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
  const child = spawn(process.execPath, [join(root, 'node_modules', script), ...args], {
    cwd: root,
    stdio: ['inherit', said.fd, process.stderr.fd],
    env: { ...process.env, PATH: path },
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve(code ?? 1));
  });
}
