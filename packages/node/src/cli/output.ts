/**
 * What a command says. For people: results on standard output, progress and remarks on standard error. With `--json`:
 * JSON lines on standard output, `{"progress":...}` while it works, then the result or `{"error":...}`.
 */
import { type FilonError, isFilonError, messageOf } from '@filon/core/errors';
import type { Clock } from '../ports/clock.ts';
import { withHome } from './hints.ts';
import { createProgressLine, type ProgressLine } from './progress-line.ts';

export interface Output {
  readonly json: boolean;
  /** The result; `text` is its form for people. */
  result(value: unknown, text: string): void;
  /** A remark for people. */
  say(text: string): void;
  /** Something that happened on the way: a remark for people, a line with `--json`. */
  event(event: string, fields: Readonly<Record<string, unknown>>, text: string): void;
  /** Part of a result, as it comes and unchanged, for people. */
  write(text: string): void;
  /** A bar on a terminal, a line every few seconds elsewhere, JSON lines with `--json`. */
  progress(): ProgressLine;
  failure(error: unknown): void;
}

export interface OutputOptions {
  json: boolean;
  /** As it was typed; the commands that a text advises get it too. */
  home: string | undefined;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  clock: Clock;
}

export function createOutput(options: OutputOptions): Output {
  const { json, home, stdout, stderr, clock } = options;
  const line = (value: unknown): void => void stdout.write(`${JSON.stringify(value)}\n`);
  const say = (text: string): void => {
    if (!json) stderr.write(`${withHome(text, home)}\n`);
  };
  return {
    json,
    result: (value, text) => {
      if (json) line(value);
      else if (text !== '') stdout.write(`${withHome(text, home)}\n`);
    },
    say,
    event: (event, fields, text) => (json ? line({ event, ...fields }) : say(text)),
    write: (text) => {
      if (!json) stdout.write(text);
    },
    progress: () =>
      createProgressLine({ clock, stderr, onStep: json ? (step) => line({ progress: step }) : null }),
    failure: (error) => {
      if (json) line({ error: errorObject(error) });
      else say(failureText(error));
    },
  };
}

function errorObject(error: unknown): unknown {
  return isFilonError(error)
    ? error.toObject()
    : { message: messageOf(error), details: { code: 'INTERNAL' } };
}

/** A bug shows its stack; anything expected is a sentence and a code. */
function failureText(error: unknown): string {
  if (isFilonError(error)) return `filon: ${capital(error)} [${error.code}]`;
  const stack = error instanceof Error ? error.stack : undefined;
  return `filon: this should not have happened. Please report it.\n${stack ?? messageOf(error)}`;
}

/** Messages of other parts may begin as they stand in a longer one; a word is raised, a path is not. */
function capital(error: FilonError): string {
  if (!/^[a-z]+ /.test(error.message)) return error.message;
  return error.message.charAt(0).toUpperCase() + error.message.slice(1);
}
