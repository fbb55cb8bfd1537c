/** Ctrl-C in `filon chat`: in a pseudo-terminal where `script` can make one, and always with a terminal that is played. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { createManualClock } from '@filon/node/adapters/memory/clock';
import { chat } from '@filon/node/cli/commands/chat';
import type { Cli, Surroundings } from '@filon/node/cli/context';
import { plainText } from '@filon/node/cli/format';
import { readOptions } from '@filon/node/cli/options';
import { createOutput } from '@filon/node/cli/output';
import { loadConfig } from '@filon/node/config/load';
import { homePaths } from '@filon/node/home/paths';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTalkServer, type TalkServer } from './kit/talk-server.ts';

const PROGRAM = fileURLToPath(new URL('../packages/node/src/main.ts', import.meta.url));
const CTRL_C = '\u0003';
const POLL = { timeout: 20_000, interval: 20 };

let home = '';
let server: TalkServer;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'filon-chat-'));
  server = await openTalkServer(home);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(home, { recursive: true });
});

interface Terminal {
  type(keys: string): void;
  /** All that it showed so far. */
  shown(): string;
}

/** Resolves when nothing is left but to see how the chat ends. */
async function stopAnswers({ type, shown }: Terminal): Promise<void> {
  const shows = (text: string): Promise<void> => expect.poll(shown, POLL).toContain(text);
  await shows('> ');
  type('wait\r');
  await shows('Just a');
  type(CTRL_C);
  await shows('(stopped)');
  await expect.poll(() => server.left, POLL).toBe(1);
  type('and now?\r');
  await shows('You said: and now?');
  expect(server.asked).toEqual([['user: wait'], ['user: wait', 'assistant: Just a', 'user: and now?']]);
  expect(shown()).not.toContain('Ctrl-C again');
  type(CTRL_C);
  await shows('(Ctrl-C again or /exit leaves)');
  type(CTRL_C);
}

test('stops the answer, and only without one the chat, in a pseudo-terminal', async () => {
  const command = `'${process.execPath}' --disable-warning=ExperimentalWarning '${PROGRAM}' chat`;
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
    env: { PATH: process.env['PATH'], HOME: home, FILON_HOME: home, TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.on('error', resolve).on('close', resolve));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += plainText(piece);
  });
  if (child.pid === undefined) {
    console.info('There is no `script` here to make a pseudo-terminal with.');
    expect(await ended).toMatchObject({ code: 'ENOENT' });
    return;
  }
  try {
    await stopAnswers({ type: (keys) => child.stdin.write(keys), shown: () => text });
    expect(await ended).toBe(0);
  } finally {
    child.kill();
  }
});

test('stops the answer, and only without one the chat, in a terminal that is played', async () => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin });
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 24 });
  let text = '';
  stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += plainText(piece);
  });
  const clock = createManualClock();
  const streams = { clock, stdin, stdout, stderr: stdout } as unknown as Surroundings;
  const out = createOutput({ json: false, home: undefined, ...streams });
  const { signal } = new AbortController();
  const cli: Partial<Cli> = {
    ...{ out, signal, args: [], options: readOptions({}), paths: homePaths(home) },
    ...{ control: server.control, surroundings: streams },
    config: () => loadConfig({ file: {}, filePath: '', environment: {}, flags: {} }),
  };
  const over = chat.run(cli as Cli);
  await stopAnswers({ type: (keys) => stdin.write(keys), shown: () => text });
  await over;
});
