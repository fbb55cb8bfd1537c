/** Where a request is computed. A whole model on one worker is a chain of length one. */
import { FilonError } from '@filon/core/errors';
import type { Candidate, RoutePolicy, RouteRequest, Routing } from '@filon/core/serving/routing';
import { routeCost } from '@filon/core/serving/routing-cost';
import { rankCandidates } from '@filon/core/serving/routing-rank';
import type { ServeErrorDetails } from './errors.ts';

export interface Places {
  /** This node; null: it does not have the model. */
  local: Candidate | null;
  remote: readonly Candidate[];
  policy: RoutePolicy;
  /** The prompt's tokens are guessed, before a seat tokenizes it: too long a guess is no reason to refuse all places. */
  isGuess: boolean;
}

/** The places that may compute it, best first. Where this node is the only one there is nothing to weigh. */
export function route(request: RouteRequest, { local, remote, policy, isGuess }: Places): Routing {
  if (remote.length > 0) {
    const places = local === null ? remote : [local, ...remote];
    const routing = rankCandidates(places, request, policy);
    return isGuess && isTooLong(routing)
      ? rankCandidates(places, { ...request, promptTokens: 1 }, policy)
      : routing;
  }
  if (local === null) return { ranked: [], refused: [] };
  const cost = routeCost(local, request, policy);
  return { ranked: [{ candidate: local, tier: 'own', cost, stayed: false }], refused: [] };
}

export function routeNone(model: string, { refused }: Routing): FilonError<ServeErrorDetails> {
  const counts: Record<string, number> = {};
  for (const { refusal } of refused) counts[refusal] = (counts[refusal] ?? 0) + 1;
  const why = Object.entries(counts).map(([refusal, count]) => `${count} x ${refusal}`);
  const reasons = why.length === 0 ? 'no node has it ready now' : `of those that have it: ${why.join(', ')}`;
  return new FilonError<ServeErrorDetails>(
    { code: 'SERVE_ROUTE_NONE', model, refused: counts },
    `nobody can compute ${model} for you now; ${reasons}. filon route explains it`,
  );
}

/** It is the reason why no place is left. */
function isTooLong({ ranked, refused }: Routing): boolean {
  return ranked.length === 0 && refused.some(({ refusal }) => refusal === 'context');
}
