/**
 * A program that the bench started: in a process group of its own, so that it ends with everything that it started, when
 * the bench wants it and however the bench ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { FilonError } from '@filon/core/errors';
import type { BenchErrorDetails } from '../errors.ts';

export interface Program extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** Settles with its exit code, or the signal that ended it. */
  readonly exited: Promise<string>;
  /** What it wrote to standard output so far, up to a limit. */
  output(): string;
  /** The last lines that it wrote, to either stream. */
  lines(): string[];
}

export interface ProgramSpec {
  name: string;
  file: string;
  args: readonly string[];
  cwd: string;
}

const OUTPUT_CHARACTERS_MAX = 4_000_000;
const LINES_MAX = 20;
const STOP_GRACE_MS = 25_000;

/** Groups that are still alive: ended at once if this process exits without having disposed of them. */
const alive = new Set<number>();
process.on('exit', () => {
  for (const pid of alive) signalGroup(pid, 'SIGKILL');
});

/** Codes: BENCH_PROGRAM_DIED when it cannot be started at all. */
export async function startProgram({ name, file, args, cwd }: ProgramSpec): Promise<Program> {
  const child = spawn(file, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    await once(child, 'spawn');
  } catch (error) {
    const how = error instanceof Error ? error.message : String(error);
    const details: BenchErrorDetails = { code: 'BENCH_PROGRAM_DIED', program: name, how, lines: [] };
    throw new FilonError(details, `${file} could not be started: ${how}`);
  }
  return new Started(name, child);
}

class Started implements Program {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<string>;
  #output = '';
  #running = true;
  #errors = '';

  constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.pid = child.pid ?? 0;
    alive.add(this.pid);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output = (this.#output + text).slice(-OUTPUT_CHARACTERS_MAX);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-OUTPUT_CHARACTERS_MAX);
    });
    this.exited = new Promise((resolve) => {
      child.once('close', (code, killedBy) => resolve(killedBy ?? String(code)));
    });
    child.once('exit', () => {
      this.#running = false;
    });
  }

  output(): string {
    return this.#output;
  }

  lines(): string[] {
    const last = (text: string): string[] => text.trimEnd().split('\n').slice(-LINES_MAX);
    return [...last(this.#output), ...last(this.#errors)].filter((line) => line !== '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The program ends what it started; who is left of its group after it is killed.
    if (this.#running) process.kill(this.pid, 'SIGTERM');
    const gone = new AbortController();
    const patience = sleep(STOP_GRACE_MS, undefined, { signal: gone.signal }).catch(() => undefined);
    await Promise.race([this.exited, patience]);
    gone.abort();
    signalGroup(this.pid, 'SIGKILL');
    await this.exited;
    alive.delete(this.pid);
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}
