/** Who may compute a request, and in which order they are asked. */
import type { KeyId } from '../swarm/key-id.ts';
import type { Plan } from './plan.ts';
import type {
  Candidate,
  RankedCandidate,
  Refusal,
  RefusedCandidate,
  RoutePolicy,
  RouteRequest,
  Routing,
} from './routing.ts';
import { RELIABILITY_MIN, routeCost } from './routing-cost.ts';
import { type OperatorLists, type PrivacyTier, tierAllows, tierOf, tierThrough } from './tier.ts';

/** A session leaves the place of its prefix for another that is cheaper by both. */
const MOVE_GAIN_MS = 100;
const MOVE_GAIN_SHARE = 0.3;

export function rankCandidates(
  candidates: readonly Candidate[],
  request: RouteRequest,
  policy: RoutePolicy,
): Routing {
  const usable: RankedCandidate[] = [];
  const refused: RefusedCandidate[] = [];
  for (const candidate of candidates) {
    const refusal = refusalOf(candidate, request, policy);
    if (refusal) refused.push({ candidate, refusal });
    else {
      const cost = routeCost(candidate, request, policy);
      usable.push({ candidate, tier: tierOfCandidate(candidate, policy), cost, stayed: false });
    }
  }
  usable.sort((a, b) => order(a, b, request));
  return { ranked: withStay(usable, request), refused };
}

export function planOf({ node, model }: Pick<Candidate, 'node' | 'model'>): Plan {
  return { model, chain: [{ node, device: null, layers: null }] };
}

/** Why a candidate may not compute a request at all; null: it may. */
export function refusalOf(
  candidate: Candidate,
  request: RouteRequest,
  policy: Pick<RoutePolicy, 'lists'>,
): Refusal | null {
  const tier = tierOfCandidate(candidate, policy);
  if (candidate.model !== request.model) return 'other-model';
  if (!tierAllows(request.tier, tier)) return 'tier';
  if (request.excluded.has(candidate.node)) return 'excluded';
  if (candidate.serves === 'own' && tierOfNode(candidate, policy.lists) !== 'own') return 'unwilling';
  if (!candidate.ready && !mayBeLoaded(candidate)) return 'not-ready';
  if (request.exact && !fitsClass(candidate, request)) return 'other-class';
  if (request.resuming && !candidate.replayable) return 'not-replayable';
  if (request.promptTokens >= candidate.contextTokens) return 'context';
  return candidate.reliability < RELIABILITY_MIN ? 'unreliable' : null;
}

/** This node loads what is asked of it; an upstream that is down, nobody does. */
function mayBeLoaded({ node, upstream }: Candidate): boolean {
  return node === null && upstream === undefined;
}

function tierOfCandidate(
  { node, operator, upstream }: Candidate,
  { lists }: Pick<RoutePolicy, 'lists'>,
): RankedCandidate['tier'] {
  return tierThrough(tierOfNode({ node, operator }, lists), upstream?.tier ?? 'own');
}

function tierOfNode(
  { node, operator }: Pick<Candidate, 'node' | 'operator'>,
  lists: OperatorLists,
): PrivacyTier {
  return node === null ? 'own' : tierOf(operator, lists);
}

function fitsClass({ numericClass }: Candidate, request: RouteRequest): boolean {
  return numericClass !== null && (request.numericClass ?? numericClass) === numericClass;
}

/** The session's own class, then cost; at the same cost this node, then by name, so that every machine says the same. */
function order(a: RankedCandidate, b: RankedCandidate, { numericClass }: RouteRequest): number {
  const foreign = ({ candidate }: RankedCandidate): number =>
    numericClass === null || candidate.numericClass === numericClass ? 0 : 1;
  return (
    foreign(a) - foreign(b) ||
    a.cost.totalMs - b.cost.totalMs ||
    compareText(a.candidate.node ?? '', b.candidate.node ?? '') ||
    compareText(a.candidate.numericClass ?? '', b.candidate.numericClass ?? '')
  );
}

function compareText(a: KeyId, b: KeyId): number {
  return a < b ? -1 : Number(a > b);
}

function withStay(sorted: readonly RankedCandidate[], request: RouteRequest): readonly RankedCandidate[] {
  const { stayAt, numericClass } = request;
  const [best] = sorted;
  const here = stayAt === undefined ? undefined : sorted.find(({ candidate }) => candidate.node === stayAt);
  if (!best || !here || here === best) return sorted;
  const wouldChangeClass =
    numericClass !== null &&
    best.candidate.numericClass === numericClass &&
    here.candidate.numericClass !== numericClass;
  const gainMs = here.cost.totalMs - best.cost.totalMs;
  const isMuch = gainMs > MOVE_GAIN_MS && gainMs > here.cost.totalMs * MOVE_GAIN_SHARE;
  if (wouldChangeClass || isMuch) return sorted;
  return [{ ...here, stayed: true }, ...sorted.filter((other) => other !== here)];
}
