/**
 * Runs one session to its end, through the deaths of workers and the loss of nodes: it is opened again, there or at the
 * next seat, with the tokens received so far, the same seed and the same positions, so nothing is lost or comes twice.
 */
import type { SessionEvent, SessionRequest } from '@filon/core/serving/session';
import type { Clock } from '../ports/clock.ts';
import type { Seat } from '../ports/replicas.ts';
import type { Attempts } from './attempts.ts';
import { RELOAD_MS, STALL_MS, STALL_PER_PROMPT_TOKEN_MS } from './limits.ts';
import { StallWatch } from './stall-watch.ts';

export type RunEvent = SessionEvent | { kind: 'pause' };

/** A seat, and how a session is opened there. */
export interface RunSeat {
  open: (request: SessionRequest, signal: AbortSignal) => AsyncIterable<SessionEvent>;
  /** The session is over there; `failure` where that is why. */
  leave: (failure?: unknown) => void;
}

export interface RunDeps {
  attempts: Attempts;
  /** Resolves when a slot is free at the request's seat and the model in memory, be it again or elsewhere. */
  enter: (signal: AbortSignal) => Promise<RunSeat>;
  onResume: () => void;
}

/** `prefilled` comes once. Codes: SERVE_QUARANTINED, ENGINE_*, REPLICA_*, the signal's reason. */
export async function* runSession(
  start: SessionRequest,
  deps: RunDeps,
  signal: AbortSignal,
): AsyncGenerator<RunEvent> {
  const generated: number[] = [];
  let prefilled = false;
  for (let attempt = 0; ; attempt++) {
    let seat: RunSeat | null = null;
    let failure: unknown;
    try {
      seat = await deps.enter(signal);
      for await (const event of seat.open(resumed(start, generated, attempt), signal)) {
        if (event.kind === 'token') generated.push(event.token);
        else if (event.kind === 'prefilled' && prefilled) continue;
        prefilled = true;
        yield event;
      }
      deps.attempts.done();
      return;
    } catch (error) {
      failure = error;
    } finally {
      seat?.leave(failure);
    }
    const begun = prefilled || start.tokens.length > start.promptTokens;
    const verdict = await deps.attempts.again(failure, { inside: seat !== null, begun, signal });
    if (verdict === 'after a pause') continue;
    deps.onResume();
    yield { kind: 'pause' };
  }
}

/** One try of a session at a seat. Codes: SERVE_STALLED, those of the seat. */
export async function* attemptSession(
  request: SessionRequest,
  { seat, clock }: { seat: Pick<Seat, 'open'>; clock: Clock },
  signal: AbortSignal,
): AsyncGenerator<SessionEvent> {
  using watch = new StallWatch(clock, signal);
  watch.expect(RELOAD_MS + STALL_MS + request.tokens.length * STALL_PER_PROMPT_TOKEN_MS);
  try {
    for await (const event of seat.open(request, { signal: watch.signal })) {
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
