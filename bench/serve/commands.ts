/** Commands that run to their end: builds, installs, questions. Each has a deadline and is ended with all it started. */
import { FilonError } from '@filon/core/errors';
import type { BenchErrorDetails } from './errors.ts';
import { startProgram } from './programs/program.ts';

export interface CommandOptions {
  signal: AbortSignal;
  cwd: string;
  timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;

/** What it wrote to standard output. Codes: BENCH_COMMAND_FAILED, BENCH_TIMEOUT. */
export async function runCommand(
  file: string,
  args: readonly string[],
  { signal, cwd, timeoutMs = TIMEOUT_MS }: CommandOptions,
): Promise<string> {
  signal.throwIfAborted();
  const command = [file, ...args].join(' ');
  const deadline = AbortSignal.timeout(timeoutMs);
  await using program = await startProgram({ name: file, file, args, cwd });
  const aborted = Promise.withResolvers<never>();
  const either = AbortSignal.any([signal, deadline]);
  either.addEventListener('abort', () => aborted.reject(either.reason), { once: true });
  const how = await Promise.race([program.exited, aborted.promise]).catch((error: unknown) => {
    if (signal.aborted || !deadline.aborted) throw error;
    const details: BenchErrorDetails = { code: 'BENCH_TIMEOUT', what: command, timeoutMs };
    throw new FilonError(details, `${command} took longer than ${timeoutMs} ms.`);
  });
  if (how === '0') return program.output();
  const details: BenchErrorDetails = { code: 'BENCH_COMMAND_FAILED', command, how, lines: program.lines() };
  throw new FilonError(details, `${command} failed (${how}): ${program.lines().slice(-3).join(' | ')}`);
}

/** The same, trimmed; '' where it fails. */
export async function tryCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<string> {
  try {
    return (await runCommand(file, args, options)).trim();
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof FilonError) return '';
    throw error;
  }
}
