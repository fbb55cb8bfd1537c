/** Seats of this node for peers. They are part of what a stop waits for, and end with it. */
import { FilonError, isFilonError } from '@filon/core/errors';
import type { Candidate } from '@filon/core/serving/routing';
import type { SessionRequest, SessionSign } from '@filon/core/serving/session';
import type { Engine, Waiting } from '../ports/engine.ts';
import type { Models } from '../ports/models.ts';
import type { GuestSeats, Seat, SeatWanted, TakeOptions } from '../ports/replicas.ts';
import type { LocalSeats } from './local-seats.ts';
import type { Residency } from './residency.ts';
import type { Scope, Scopes } from './scope.ts';
import type { Suspects } from './suspects.ts';

export interface GuestSeatsDeps {
  engine: Pick<Engine, 'status'>;
  models: Pick<Models, 'find'>;
  local: LocalSeats;
  residency: Residency;
  suspects: Suspects;
  scopes: Scopes;
}

export function openGuestSeats(deps: GuestSeatsDeps): GuestSeats {
  return {
    take: async (wanted, options) => {
      const scope = deps.scopes.enter(options.signal);
      try {
        return guestSeat(await takeSeat(wanted, deps, { ...options, signal: scope.signal }), scope, deps);
      } catch (error) {
        scope.close();
        throw error;
      }
    },
    offers: () => offers(deps),
  };
}

/** Codes: SERVE_MODEL_NOT_READY, as LocalSeats.take. */
async function takeSeat(
  wanted: SeatWanted,
  { models, residency, local }: GuestSeatsDeps,
  options: TakeOptions,
): Promise<Seat> {
  const { model } = wanted;
  const stored = await models.find(model);
  // After a death of its worker it comes back, as far as no other model must go for it.
  const isReady = residency.loaded(model) !== null || (residency.isProven(model) && residency.hasRoom(model));
  if (stored?.sha256 === model && isReady)
    return await local.take(stored, wanted, { ...options, guest: true });
  const message = `the model ${model} is not in memory here, and requests of peers do not bring it`;
  throw new FilonError({ code: 'SERVE_MODEL_NOT_READY', model }, message);
}

function guestSeat(seat: Seat, scope: Scope, deps: GuestSeatsDeps): Seat {
  scope.use(seat);
  const within = ({ signal }: Waiting): Waiting => ({ signal: AbortSignal.any([signal, scope.signal]) });
  return {
    node: seat.node,
    slots: seat.slots,
    ready: (options) => seat.ready(within(options)),
    tokenize: (prompt, options) => seat.tokenize(prompt, within(options)),
    seed: (options) => seat.seed(within(options)),
    open: (request, options) => openSuspiciously(request, { seat, deps }, within(options)),
    embed: (texts, options) => seat.embed(texts, within(options)),
    [Symbol.dispose]: () => scope.close(),
  };
}

/** The same poison must not fell this worker again and again, whichever peer brings it. Codes: SERVE_QUARANTINED. */
async function* openSuspiciously(
  request: SessionRequest,
  { seat, deps }: { seat: Seat; deps: GuestSeatsDeps },
  options: Waiting,
): AsyncGenerator<SessionSign> {
  const { model, tokens, promptTokens, grammar, stop } = request;
  const presence = deps.suspects.enter({
    model,
    prompt: { kind: 'tokens', tokens: [...tokens.subarray(0, promptTokens)] },
    format: { kind: 'schema', schema: grammar },
    stop: [...stop],
  });
  try {
    yield* seat.open(request, options);
    presence.survived();
  } catch (error) {
    if (isFilonError(error, 'ENGINE_WORKER_DIED')) {
      presence.died(presence.before + 1);
      // The peer goes on elsewhere, but others count on this node as before.
      void revive(model, deps).catch(() => undefined);
    }
    throw error;
  }
}

async function revive(model: string, { residency, local, scopes }: GuestSeatsDeps): Promise<void> {
  const stored = residency.storedOf(model);
  if (stored === null || scopes.stopping) return;
  const scope = scopes.enter(new AbortController().signal);
  try {
    await local.ready(scope.use(residency.hold(stored)), { signal: scope.signal });
  } finally {
    scope.close();
  }
}

function offers({ engine, residency, local }: GuestSeatsDeps): readonly Candidate[] {
  return engine.status().loaded.flatMap(({ model }) => {
    const stored = residency.storedOf(model);
    return stored === null ? [] : [local.candidate(stored)];
  });
}
