/** A session at a seat: tells what became of it, and asks a second seat when the first token is late. */
import type { RankedCandidate } from '@filon/core/serving/routing';
import type { SessionEvent, SessionRequest } from '@filon/core/serving/session';
import type { Clock } from '../ports/clock.ts';
import type { SeatOutcome } from '../ports/replicas.ts';
import type { Attempts } from './attempts.ts';
import type { FirstTokenTimes } from './first-token-times.ts';
import { hedged } from './hedge.ts';
import { attemptSession, type RunSeat } from './run.ts';
import { outcomeOf } from './seat-outcome.ts';
import type { Seating, Taken } from './seating.ts';

export interface SittingDeps {
  seating: Seating;
  clock: Clock;
  times: FirstTokenTimes;
  report: (outcome: SeatOutcome) => void;
  /** Hears of deaths that are not the session's own failure. */
  attempts: Pick<Attempts, 'died'>;
  /** Whether a second seat may be asked. */
  hedges: boolean;
}

export async function sit(deps: SittingDeps, signal: AbortSignal): Promise<RunSeat> {
  const { seating } = deps;
  let at = await seating.occupy(signal);
  const won = (taken: Taken): void => {
    at = taken;
    seating.moveTo(taken);
  };
  return {
    open: (request, within) => openAt(at, { request, deps, won }, within),
    leave: (failure) => {
      seating.leave();
      if (failure !== undefined) seating.failed(at, failure);
    },
  };
}

function openAt(
  first: Taken,
  { request, deps, won }: { request: SessionRequest; deps: SittingDeps; won: (taken: Taken) => void },
  signal: AbortSignal,
): AsyncIterable<SessionEvent> {
  const { seating, clock, times, hedges, attempts } = deps;
  const open = (taken: Taken, within: AbortSignal): AsyncIterable<SessionEvent> =>
    observed({ request, taken }, deps, within);
  const isNew = request.tokens.length === request.promptTokens;
  if (!hedges || !isNew || !seating.hasOthers) return open(first, signal);
  const second = async (within: AbortSignal): Promise<Taken | null> =>
    times.mayHedge() ? await seating.second(within) : null;
  const giveBack = (taken: Taken): void => seating.giveBack(taken);
  const failed = (failure: unknown): void => attempts.died(failure);
  const lateMs = times.lateMs(expectedFirstTokenMs(first.place));
  return hedged({ clock, first, lateMs, second, open, won, giveBack, failed }, signal);
}

/** Of an open session: until its prompt is read and one token drawn. */
function expectedFirstTokenMs({ cost }: RankedCandidate): number {
  return cost.roundTripMs + cost.prefillMs + cost.savedMs;
}

async function* observed(
  { request, taken }: { request: SessionRequest; taken: Taken },
  { clock, times, report }: SittingDeps,
  signal: AbortSignal,
): AsyncGenerator<SessionEvent> {
  const { seat, place } = taken;
  const startedMs = clock.monotonicMs();
  const expectedMs = expectedFirstTokenMs(place);
  const seen = { firstTokenMs: null as number | null, tokens: 0 };
  let kind: SeatOutcome['kind'] = 'left';
  try {
    for await (const event of attemptSession(request, { seat, clock }, signal)) {
      if (event.kind === 'token') {
        seen.tokens += 1;
        if (seen.firstTokenMs === null) {
          seen.firstTokenMs = clock.monotonicMs() - startedMs;
          times.add({ tookMs: seen.firstTokenMs, expectedMs });
        }
      } else if (event.kind === 'end') kind = 'answered';
      yield event;
    }
  } catch (error) {
    if (!signal.aborted) kind = outcomeOf(error);
    throw error;
  } finally {
    const tookMs = clock.monotonicMs() - startedMs;
    const { node } = seat;
    if (node !== null) {
      report({ node, model: request.model, kind, ...seen, expectedFirstTokenMs: expectedMs, tookMs });
    }
  }
}
