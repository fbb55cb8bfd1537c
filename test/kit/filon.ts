/** The command line as a process of its own, in a home of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { tinyModel } from './gguf.ts';

const PROGRAM = fileURLToPath(new URL('../../packages/node/src/main.ts', import.meta.url));

export interface Ran {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  input?: string;
  environment?: Readonly<Record<string, string>>;
}

export interface RunningFilon {
  readonly child: ChildProcess;
  /** Resolves when the process has ended. */
  readonly ended: Promise<Ran>;
  /** Standard error so far. */
  stderr(): string;
  /** The first line of standard output that is JSON with this event; rejects when the process ends first. */
  event(name: string): Promise<Record<string, unknown>>;
}

export interface TestHome extends AsyncDisposable {
  readonly folder: string;
  readonly home: string;
  /** A source that can be pulled, of a model so small that it loads at once. */
  readonly tinySource: string;
  start(args: readonly string[], options?: RunOptions): RunningFilon;
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
}

/** Everything started here is killed when the home is disposed of. */
export function openTestHome(): TestHome {
  const folder = mkdtempSync(join(tmpdir(), 'filon-cli-'));
  const home = join(folder, 'home');
  const model = join(folder, 'tiny.gguf');
  writeFileSync(model, tinyModel({ contextTokens: 512 }));
  const started = new Set<ChildProcess>();
  const start = (args: readonly string[], options: RunOptions = {}): RunningFilon => {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      env: {
        PATH: dirname(process.execPath),
        HOME: folder,
        FILON_HOME: home,
        FILON_PORT: '0',
        FILON_SWARM_PORT: '0',
        FILON_CONTEXT_TOKENS: '512',
        NODE_COMPILE_CACHE: join(tmpdir(), 'filon-test-code'),
        ...options.environment,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    started.add(child);
    child.stdin.end(options.input ?? '');
    return watch(child);
  };
  return {
    folder,
    home,
    tinySource: `file:${model}`,
    start,
    run: (args, options) => start(args, options).ended,
    [Symbol.asyncDispose]: async () => {
      for (const child of started) child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function watch(child: ChildProcess): RunningFilon {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code, signal]): Ran => ({ code, signal, stdout, stderr }));
  const events: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{')) events.push(JSON.parse(line));
      for (const look of waiting) look();
    });
  }
  const event = (name: string): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = events.find((one) => one['event'] === name);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      void ended.then((ran) => reject(new RangeError(`ended without "${name}": ${JSON.stringify(ran)}`)));
    });
  return { child, ended, event, stderr: () => stderr };
}

/** The JSON lines of standard output; throws when one is none. */
export function jsonLines(ran: Ran): Record<string, unknown>[] {
  return ran.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
