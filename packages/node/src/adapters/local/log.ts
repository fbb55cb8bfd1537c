/**
 * The log as JSON lines in a file of bounded size: `filon.log`, then `filon.log.1` (older), and so on. A line is
 * written before the call returns, so that the last words of a crash are there. A log that cannot be written loses
 * lines and says how many; it never fells the node.
 */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { safeLogFields } from '@filon/core/log/log-fields';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface FileLogConfig {
  path: string;
  /** Lines below it are not kept. */
  level: LogLevel;
  /** A file that would grow over it is put aside first. */
  fileBytesMax: number;
  /** Files put aside at most; the oldest goes. */
  filesMax: number;
  /** Also gets every line that is kept, e.g. to show it. */
  onLine?: (line: string) => void;
}

export async function openFileLog(
  config: FileLogConfig,
  deps: { clock: Clock },
): Promise<Log & AsyncDisposable> {
  mkdirSync(dirname(config.path), { recursive: true, mode: 0o700 });
  const textOf = (level: LogLevel, event: string, fields: Record<string, unknown>): string =>
    JSON.stringify({ time: timeText(deps.clock.nowMs()), level, event, ...safeLogFields(fields) });
  const file = new RotatingFile(config, (lines) => textOf('warn', 'log.lost', { lines }));
  const lowest = LOG_LEVELS.indexOf(config.level);
  const add = (level: LogLevel) => {
    if (LOG_LEVELS.indexOf(level) < lowest) return (): void => {};
    return (event: string, fields: Record<string, unknown> = {}): void => {
      const line = textOf(level, event, fields);
      file.write(line);
      config.onLine?.(line);
    };
  };
  return {
    debug: add('debug'),
    info: add('info'),
    warn: add('warn'),
    error: add('error'),
    [Symbol.asyncDispose]: async () => file.close(),
  };
}

/** A wrong clock may claim a time that has no text. */
function timeText(nowMs: number): string {
  const date = new Date(nowMs);
  return Number.isNaN(date.getTime()) ? 'unknown' : date.toISOString();
}

class RotatingFile {
  readonly #config: FileLogConfig;
  readonly #lossText: (lines: number) => string;
  #file: number | null = null;
  #bytes = 0;
  #lost = 0;
  #closed = false;

  constructor(config: FileLogConfig, lossText: (lines: number) => string) {
    this.#config = config;
    this.#lossText = lossText;
  }

  write(line: string): void {
    if (this.#closed) return;
    try {
      const note = this.#lost === 0 ? '' : `${this.#lossText(this.#lost)}\n`;
      const data = Buffer.from(`${note}${line}\n`);
      const file = this.#ready(data.byteLength);
      this.#bytes += writeSync(file, data);
      this.#lost = 0;
    } catch {
      this.#lost += 1;
    }
  }

  close(): void {
    this.#closed = true;
    this.#shut();
  }

  #ready(bytes: number): number {
    if (this.#file !== null && this.#bytes > 0 && this.#bytes + bytes > this.#config.fileBytesMax) {
      this.#shut();
      this.#putAside();
    }
    if (this.#file !== null) return this.#file;
    const file = openSync(this.#config.path, 'a', 0o600);
    this.#file = file;
    this.#bytes = fstatSync(file).size;
    return file;
  }

  #putAside(): void {
    const { path, filesMax } = this.#config;
    for (let age = filesMax; age >= 1; age--) {
      moveIfThere(age === 1 ? path : `${path}.${age - 1}`, `${path}.${age}`);
    }
  }

  #shut(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch {
    // Not there yet: fewer files were put aside so far than may be.
  }
}
