/** What peers get of this node's upstreams: offers without address or key, and answers by text. */

import { FilonError } from '@filon/core/errors';
import type { Chunk, ServedBy } from '@filon/core/serving/completion';
import type { Candidate } from '@filon/core/serving/routing';
import { TIERS, tierAllows } from '@filon/core/serving/tier';
import type { GuestSeats, GuestText, TakeOptions } from '../../ports/replicas.ts';
import type { Admission } from '../admit.ts';
import { ANSWER_TOKENS_GUESS } from '../limits.ts';
import type { Scopes } from '../scope.ts';
import { SESSIONS_MAX } from './limits.ts';
import type { UpstreamPlace } from './place.ts';
import { standsFor, type UpstreamPlaces } from './places.ts';
import { passOn } from './text-failover.ts';
import { tokensGuess } from './tokens-guess.ts';

export interface GuestTextsDeps {
  places: UpstreamPlaces;
  admission: Admission;
  scopes: Scopes;
  onResume: () => void;
}

/** Names that announcements have: short ones whose characters all show. */
const SHORT_NAME = /^[^\p{C}]{1,128}$/u;

export function withGuestTexts(seats: GuestSeats, deps: GuestTextsDeps): GuestSeats {
  return {
    take: (...asked) => seats.take(...asked),
    offers: () => [...seats.offers(), ...offersOf(deps)],
    complete: (wanted, options) => complete(wanted, deps, options),
  };
}

function offersOf({ places, admission }: GuestTextsDeps): Candidate[] {
  const names = places.names.filter((name) => SHORT_NAME.test(name));
  return names.flatMap((name) => {
    const up = places.of(name).filter(({ health }) => health.isUp);
    const tier = TIERS.find((each) => up.some(({ row }) => row.tier === each));
    // Those of a wider tier are not spoken of beside it: an offer has one tier.
    const offered = up.filter(({ row }) => row.tier === tier);
    return tier === undefined ? [] : [offerOf(name, offered, admission)].filter((one) => one !== null);
  });
}

function offerOf(name: string, places: readonly UpstreamPlace[], admission: Admission): Candidate | null {
  const model = standsFor(name);
  const candidates = places.map((place) => place.candidate(model));
  const [best] = candidates.toSorted((a, b) => speedOf(b) - speedOf(a));
  if (best?.upstream === undefined) return null;
  const serves = TIERS.findLast((each) => places.some((place) => place.serves === each)) ?? 'own';
  const continuesChats = candidates.some(({ upstream }) => upstream?.continuesChats === true);
  return {
    ...best,
    contextTokens: Math.max(...candidates.map(({ contextTokens }) => contextTokens)),
    sessionsMax: Math.min(
      SESSIONS_MAX,
      candidates.reduce((sum, one) => sum + one.sessionsMax, 0),
    ),
    load: { ...admission.load(model), cachedTokens: 0 },
    serves,
    upstream: { ...best.upstream, serves, continuesChats },
  };
}

function speedOf({ rates }: Candidate): number {
  return rates[0]?.decode ?? 0;
}

async function* complete(
  wanted: GuestText,
  deps: GuestTextsDeps,
  options: TakeOptions,
): AsyncGenerator<Chunk> {
  const { places, admission, scopes, onResume } = deps;
  const { model, reach, guest, request, begun } = wanted;
  const found = places.find(model);
  const mine = found === null ? [] : places.of(found.name);
  const isOffered = mine.some(({ row, serves }) => tierAllows(reach, row.tier) && tierAllows(serves, guest));
  if (found === null || !isOffered) throw notOffered(model);
  const { name, sha256, sessionsMax } = found;
  const scope = scopes.enter(options.signal);
  try {
    admission.resize(sha256, sessionsMax);
    const { signal } = scope;
    const ticket = await admission.admit(sha256, { ...options, signal, guest: true });
    scope.use({ [Symbol.dispose]: ticket.release });
    const named = { ...request, model: name };
    const promptTokens = tokensGuess(named);
    const answerTokens = Math.min(request.maxTokens ?? ANSWER_TOKENS_GUESS, ANSWER_TOKENS_GUESS);
    const usage = { promptTokens, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };
    const servedBy: ServedBy[] = [];
    const picked = { model: name, tier: reach, guest, waits: false, promptTokens, answerTokens };
    yield* passOn({
      ...{ request: named, begun, usage, servedBy, signal, onResume },
      pick: ({ continuing }) => places.pick({ ...picked, continuing }, { signal }),
    });
  } finally {
    scope.close();
  }
}

function notOffered(model: string): FilonError {
  const message = 'this node has no upstream of that name for the peer';
  return new FilonError({ code: 'SERVE_MODEL_NOT_READY', model }, message);
}
