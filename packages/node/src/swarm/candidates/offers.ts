/** From what nodes announce to places where a request could be computed. */
import type { Candidate } from '@filon/core/serving/routing';
import {
  narrowerTier,
  type OperatorLists,
  type PrivacyTier,
  TIERS,
  tierOf,
  tierThrough,
} from '@filon/core/serving/tier';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { RemoteModel } from '../../ports/replicas.ts';
import type { AnnouncedNode } from '../directory/directory.ts';

export interface OwnView {
  /** This node's own memory of a peer, 0 to 1. */
  reliability: (node: KeyId) => number;
  /** null: not measured. */
  roundTripMs: (node: KeyId) => number | null;
}

/** What a node announces of one model as ready: several, where it serves it in several numeric classes. */
export function candidatesOf(announced: AnnouncedNode, model: string, view: OwnView): Candidate[] {
  const { node, operator, announcement } = announced;
  const candidates: Candidate[] = [];
  for (const one of announcement.models) {
    if (one.model !== model) continue;
    const { name, numericClass, sessionsMax, rates, price, replayable, upstream } = one;
    const contextTokens = one.contextTokens === 0 ? Number.MAX_SAFE_INTEGER : one.contextTokens;
    const roundTripMs = view.roundTripMs(node);
    const reliability = view.reliability(node);
    candidates.push({
      ...{ node, operator, model, name, numericClass, ready: true, loadMs: 0, contextTokens, sessionsMax },
      ...{ rates, load: null, roundTripMs, price, reliability, replayable },
      serves: narrowerTier(announcement.serves, upstream?.serves ?? 'open'),
      ...(upstream && { upstream }),
    });
  }
  return candidates;
}

/**
 * The models that nodes have ready: those of a narrow tier first, then those of most operators, because a name is only
 * what its node calls a file.
 */
export function remoteModels(nodes: readonly AnnouncedNode[], lists: OperatorLists): RemoteModel[] {
  const found = new Map<string, Tally>();
  for (const { operator, announcement } of nodes) {
    const tierOfNode = tierOf(operator, lists);
    for (const { model, name, contextTokens, upstream } of announcement.models) {
      const serves = narrowerTier(announcement.serves, upstream?.serves ?? 'open');
      if (tierOfNode !== 'own' && serves === 'own') continue;
      const tier = tierThrough(tierOfNode, upstream?.tier ?? 'own');
      const isUpstream = upstream !== undefined;
      const tally = found.get(model) ?? {
        ...{ names: new Map(), tier, contextTokens, isUpstream },
        operators: new Set(),
      };
      found.set(model, tally);
      tally.operators.add(operator);
      tally.contextTokens = Math.max(tally.contextTokens, contextTokens);
      tally.tier = narrowerTier(tally.tier, tier);
      // Of one's own nodes' names none of a stranger counts.
      const weight = 1e6 ** (TIERS.length - 1 - TIERS.indexOf(tier));
      tally.names.set(name, (tally.names.get(name) ?? 0) + weight);
    }
  }
  return [...found]
    .sort(([, a], [, b]) => rank(a) - rank(b) || b.operators.size - a.operators.size)
    .map(([sha256, { names, tier, contextTokens, isUpstream }]) => ({
      ...{ name: most(names), sha256, contextTokens, tier },
      ...(isUpstream && { upstream: true }),
    }));
}

interface Tally {
  names: Map<string, number>;
  tier: PrivacyTier;
  contextTokens: number;
  isUpstream: boolean;
  operators: Set<KeyId>;
}

function rank({ tier }: Tally): number {
  return TIERS.indexOf(tier);
}

function most(names: ReadonlyMap<string, number>): string {
  const [first] = [...names].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return first?.[0] ?? '';
}
