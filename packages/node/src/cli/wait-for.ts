/** Waiting for another process, with a limit and on a clock that does not jump. */
import { FilonError } from '@filon/core/errors';
import type { Clock } from '../ports/clock.ts';
import type { CliErrorDetails } from './errors.ts';

const ASK_EVERY_MS = 50;

/** The first answer that is not null. Code: CLI_TIMEOUT, with `what` in its message. */
export async function waitFor<T>(
  ask: () => Promise<T | null>,
  options: { clock: Clock; signal: AbortSignal; timeoutMs: number; what: string },
): Promise<T> {
  const { clock, signal, timeoutMs } = options;
  const startMs = clock.monotonicMs();
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (clock.monotonicMs() - startMs > timeoutMs) throw tooLate(options.what, timeoutMs);
    await clock.sleep(ASK_EVERY_MS, { signal });
  }
}

function tooLate(what: string, timeoutMs: number): FilonError<CliErrorDetails> {
  const waitedSeconds = Math.round(timeoutMs / 1000);
  return new FilonError<CliErrorDetails>(
    { code: 'CLI_TIMEOUT', waitedSeconds },
    `${what} within ${waitedSeconds} s. \`filon logs\` may say why.`,
  );
}
