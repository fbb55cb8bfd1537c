/** `filon backend add`: puts a pinned set of packages into the home. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FilonError, messageOf } from '@filon/core/errors';
import { formatBytes } from '@filon/core/units';
import { ensureHome } from '../../home/paths.ts';
import { type Backend, backendFolder, backendNamed, isInstalled } from '../backends.ts';
import type { Cli, CommandModule } from '../context.ts';
import type { CliErrorDetails } from '../errors.ts';

const LOOK_EVERY_MS = 1000;
const SAID_CHARS_MAX = 2000;
const NPM = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'] as const;

export const backendAdd: CommandModule = {
  define: (command) => {
    command.argument('<backend>', 'as `filon backend ls` names it');
  },
  run: async (cli) => {
    const backend = backendNamed(cli.args[0] ?? '');
    checkPlatform(backend);
    ensureHome(cli.paths);
    const folder = backendFolder(cli.paths, backend);
    const was = isInstalled(cli.paths, backend);
    if (!was) await install(cli, backend, folder);
    const text = was
      ? `${backend.name} is already here.`
      : `${backend.name} is in. The next \`filon up\` uses it.`;
    cli.out.result({ name: backend.name, folder, added: !was }, text);
  },
};

/** Into a draft beside the place, so that no half set is ever found there. */
async function install(cli: Cli, backend: Backend, folder: string): Promise<void> {
  const draft = `${folder}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  const pinned = join(cli.surroundings.root, 'packages', 'engine', 'backends', backend.name);
  for (const file of ['package.json', 'package-lock.json']) cpSync(join(pinned, file), join(draft, file));
  cli.out.say(
    `Fetching the ${backend.name} backend with npm: about ${formatBytes(backend.bytes)} on the disk ...`,
  );
  try {
    await withProgress(cli, { backend, draft }, () => npmInstall(cli, backend, draft));
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

async function withProgress(
  cli: Cli,
  what: { backend: Backend; draft: string },
  work: () => Promise<void>,
): Promise<void> {
  const { clock } = cli.surroundings;
  const over = new AbortController();
  const line = cli.out.progress();
  const watching = (async () => {
    while (!over.signal.aborted) {
      const done = Math.min(await folderBytes(what.draft), what.backend.bytes);
      line.update({ label: what.backend.name, done, total: what.backend.bytes, unit: 'bytes' });
      await clock.sleep(LOOK_EVERY_MS, { signal: over.signal }).catch(() => {});
    }
  })();
  try {
    await work();
  } finally {
    over.abort();
    await watching;
    line.end();
  }
}

function npmInstall(cli: Cli, backend: Backend, draft: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', [...NPM], {
      cwd: draft,
      signal: cli.signal,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-SAID_CHARS_MAX);
    });
    child.on('error', (error) =>
      reject(cli.signal.aborted ? cli.signal.reason : failed(backend, messageOf(error))),
    );
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(failed(backend, said.trim() || `exit code ${code}`)),
    );
  });
}

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const file of await readdir(folder, { recursive: true }).catch(() => [])) {
    // npm moves files while this looks.
    bytes += await stat(join(folder, file)).then(
      (facts) => (facts.isFile() ? facts.size : 0),
      () => 0,
    );
  }
  return bytes;
}

function checkPlatform(backend: Backend): void {
  const platform = `${process.platform}-${process.arch}`;
  if (backend.platforms.includes(platform)) return;
  throw failed(backend, `it is for ${backend.platforms.join(', ')}, and this machine is ${platform}`);
}

function failed(backend: Backend, why: string): FilonError<CliErrorDetails> {
  return new FilonError<CliErrorDetails>(
    { code: 'CLI_BACKEND_FAILED', backend: backend.name },
    `The ${backend.name} backend could not be put in: ${why}. Nothing was changed; run the command again when that is mended.`,
  );
}
