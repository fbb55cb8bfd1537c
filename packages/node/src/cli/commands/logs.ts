/** `filon logs`: the log of this home, also of a node that is gone. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { z } from 'zod';
import type { Cli, CommandModule } from '../context.ts';
import { examples } from '../examples.ts';
import { plainText } from '../format.ts';

const LINES_MAX = 100_000;
const READ_BYTES_MAX = 16 * 1024 * 1024;
const LOOK_EVERY_MS = 250;

export const logs: CommandModule = {
  define: (command) => {
    command
      .option('-n, --lines <count>', 'how many of the last lines', '50')
      .option('-f, --follow', 'go on as lines come')
      .addHelpText(
        'after',
        examples(['filon logs -n 200', ''], ['filon logs -f --json', 'the lines as they are']),
      );
  },
  run: async (cli) => {
    const count = cli.options.number('lines', { min: 0, max: LINES_MAX }) ?? 0;
    const tail = new Tail(cli.paths.log);
    const last = tail.read();
    if (last === null) cli.out.say(`There is no log yet: ${cli.paths.log}`);
    for (const line of count === 0 ? [] : (last ?? []).slice(-count)) show(cli, line);
    if (!cli.options.flag('follow')) return;
    const { clock } = cli.surroundings;
    while (!cli.signal.aborted) {
      for (const line of tail.read() ?? []) show(cli, line);
      // The end that was asked for is not a failure.
      await clock.sleep(LOOK_EVERY_MS, { signal: cli.signal }).catch(() => {});
    }
  },
};

const lineSchema = z.looseObject({ time: z.string(), level: z.string(), event: z.string() });

function show(cli: Cli, line: string): void {
  try {
    const { time, level, event, ...fields } = lineSchema.parse(JSON.parse(line));
    const rest = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    const text = [time, level.padEnd(5), event, ...rest].join('  ');
    cli.out.result({ time, level, event, ...fields }, plainText(text));
  } catch {
    cli.out.result({ event: 'log.unreadable', line }, plainText(line));
  }
}

/** Reads what was added since the last time; starts over when the file was put aside. */
class Tail {
  readonly #path: string;
  #inode = 0n;
  #offset = 0;
  #rest = '';
  #decoder = new StringDecoder('utf8');

  constructor(path: string) {
    this.#path = path;
  }

  /** Whole lines; null when there is no file. */
  read(): string[] | null {
    let file: number;
    try {
      file = openSync(this.#path, 'r');
    } catch {
      return null;
    }
    try {
      return this.#readFrom(file);
    } finally {
      closeSync(file);
    }
  }

  #readFrom(file: number): string[] {
    const { ino, size } = fstatSync(file, { bigint: true });
    const end = Number(size);
    if (ino !== this.#inode || end < this.#offset) {
      this.#inode = ino;
      this.#offset = Math.max(0, end - READ_BYTES_MAX);
      this.#rest = '';
      this.#decoder = new StringDecoder('utf8');
    }
    const bytes = Buffer.alloc(Math.min(READ_BYTES_MAX, end - this.#offset));
    const read = readSync(file, bytes, 0, bytes.length, this.#offset);
    this.#offset += read;
    const lines = (this.#rest + this.#decoder.write(bytes.subarray(0, read))).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines;
  }
}
