/** Waits for a condition, with a deadline, and not for a program that has died. */
import { setTimeout as sleep } from 'node:timers/promises';
import { FilonError } from '@filon/core/errors';
import type { BenchErrorDetails } from '../errors.ts';
import type { Program } from './program.ts';

export interface WaitOptions {
  signal: AbortSignal;
  timeoutMs: number;
  what: string;
  program: Program;
}

const STEP_MS = 5;

/** Codes: BENCH_TIMEOUT, BENCH_PROGRAM_DIED. */
export async function waitUntil<T>(
  ask: () => Promise<T | null>,
  { signal, timeoutMs, what, program }: WaitOptions,
): Promise<T> {
  let ended: string | null = null;
  void program.exited.then((how) => {
    ended = how;
  });
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const answer = await ask();
    if (answer !== null) return answer;
    if (ended !== null) throw died(program, ended);
    if (performance.now() > endMs) {
      const details: BenchErrorDetails = { code: 'BENCH_TIMEOUT', what, timeoutMs };
      throw new FilonError(details, `${what} took longer than ${timeoutMs} ms.`);
    }
    await sleep(STEP_MS, undefined, { signal });
  }
}

function died(program: Program, how: string): FilonError<BenchErrorDetails> {
  const lines = program.lines();
  return new FilonError(
    { code: 'BENCH_PROGRAM_DIED', program: program.name, how, lines },
    `${program.name} ended (${how}) before it was ready: ${lines.slice(-3).join(' | ')}`,
  );
}

/** Whether an address answers with 200. */
export async function answers(url: string, signal: AbortSignal): Promise<true | null> {
  try {
    const response = await fetch(url, { signal });
    await response.arrayBuffer();
    return response.status === 200 ? true : null;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
