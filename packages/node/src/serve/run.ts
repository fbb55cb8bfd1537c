/**
 * Runs one session to its end, through the deaths of workers: it is opened again with the tokens received so far, the
 * same seed and the same positions, so nothing is lost and nothing comes twice.
 */
import type { SessionEvent, SessionRequest } from '@filon/core/serving/session';
import type { Clock } from '../ports/clock.ts';
import type { Engine } from '../ports/engine.ts';
import type { Attempts } from './attempts.ts';
import { RELOAD_MS, STALL_MS, STALL_PER_PROMPT_TOKEN_MS } from './limits.ts';
import { StallWatch } from './stall-watch.ts';

export type RunEvent = SessionEvent | { kind: 'pause' };

export interface RunDeps {
  engine: Pick<Engine, 'open'>;
  clock: Clock;
  attempts: Attempts;
  /** Resolves when the model is in memory, be it again. */
  ready: (signal: AbortSignal) => Promise<unknown>;
  onResume: () => void;
}

/** `prefilled` comes once. Codes: SERVE_QUARANTINED, ENGINE_*, the signal's reason. */
export async function* runSession(
  start: SessionRequest,
  deps: RunDeps,
  signal: AbortSignal,
): AsyncGenerator<RunEvent> {
  const generated: number[] = [];
  let prefilled = false;
  for (let attempt = 0; ; attempt++) {
    let inside = false;
    try {
      await deps.ready(signal);
      inside = true;
      for await (const event of attemptSession(resumed(start, generated, attempt), deps, signal)) {
        if (event.kind === 'token') generated.push(event.token);
        else if (event.kind === 'prefilled' && prefilled) continue;
        prefilled = true;
        yield event;
      }
      deps.attempts.done();
      return;
    } catch (error) {
      const verdict = await deps.attempts.again(error, { inside, signal });
      if (verdict === 'after a pause') continue;
      deps.onResume();
      yield { kind: 'pause' };
    }
  }
}

async function* attemptSession(
  request: SessionRequest,
  { engine, clock }: RunDeps,
  signal: AbortSignal,
): AsyncGenerator<SessionEvent> {
  using watch = new StallWatch(clock, signal);
  watch.expect(RELOAD_MS + STALL_MS + request.tokens.length * STALL_PER_PROMPT_TOKEN_MS);
  try {
    for await (const event of engine.open(request, { signal: watch.signal })) {
      watch.rest();
      if (event.kind !== 'waiting') yield event;
      watch.expect(STALL_MS);
    }
  } catch (error) {
    // An adapter may wrap the reason for which it was aborted.
    throw watch.signal.aborted ? watch.signal.reason : error;
  }
}

function resumed(start: SessionRequest, generated: readonly number[], attempt: number): SessionRequest {
  if (attempt === 0) return start;
  const tokens = new Int32Array(start.tokens.length + generated.length);
  tokens.set(start.tokens);
  tokens.set(generated, start.tokens.length);
  // A new id: a stalled worker may still hold the old one.
  return { ...start, session: `${start.session}.${attempt}`, tokens };
}
