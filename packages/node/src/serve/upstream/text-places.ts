/** Every place that answers by text: the upstreams of this node, and those of others as far as they say. */
import { ALONE, type Candidate, type RouteRequest, type Routing } from '@filon/core/serving/routing';
import { rankCandidates } from '@filon/core/serving/routing-rank';
import { narrowerTier } from '@filon/core/serving/tier';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../../ports/clock.ts';
import type { RemoteModel, Replicas } from '../../ports/replicas.ts';
import { askOthersSoon } from '../ask-others.ts';
import { route, routeNone } from '../route.ts';
import type { ServedModel } from '../serving.ts';
import { PEER_SESSIONS_MAX } from './limits.ts';
import { peerPlace } from './peer-place.ts';
import type { TextPlace } from './place.ts';
import { type PickWanted, standsFor, type UpstreamFound, type UpstreamPlaces } from './places.ts';

export interface TextPlacesDeps {
  places: UpstreamPlaces;
  /** null: this node knows no others. */
  replicas: Replicas | null;
  clock: Clock;
}

/** What one request has been through. */
export interface Tried {
  /** Nodes that failed it. */
  excluded: Set<KeyId>;
  signal: AbortSignal;
}

export class TextPlaces {
  readonly #deps: TextPlacesDeps;

  constructor(deps: TextPlacesDeps) {
    this.#deps = deps;
  }

  /** By its name, or by what stands for it; null: no upstream has it that is known here. */
  find(model: string): UpstreamFound | null {
    const here = this.#deps.places.find(model);
    const there = this.#elsewhere().find(({ name, sha256 }) => name === model || sha256 === model);
    if (there === undefined) return here;
    const { name, sha256, tier } = there;
    if (here === null) return { name, sha256, tier, sessionsMax: PEER_SESSIONS_MAX };
    const sessionsMax = here.sessionsMax + PEER_SESSIONS_MAX;
    return { ...here, tier: narrowerTier(here.tier, tier), sessionsMax };
  }

  models(): ServedModel[] {
    const here = this.#deps.places.models();
    const names = new Set(here.map(({ name }) => name));
    const there = this.#elsewhere().filter(({ name }) => !names.has(name));
    return [...here, ...there.map(servedByPeers)];
  }

  /**
   * The cheapest, or the first of this node's own that comes back soon. null: none could ever do it. Codes: UPSTREAM_DOWN,
   * SERVE_ROUTE_NONE, the signal's reason.
   */
  async pick(wanted: PickWanted, { excluded, signal }: Tried): Promise<TextPlace | null> {
    const { places, replicas, clock } = this.#deps;
    const here = places.best(wanted);
    const hasRoom = here !== null && !here.place.isFull;
    const routing = await this.#others(wanted, { excluded, signal, isUrgent: hasRoom });
    const [best] = routing.ranked;
    if (here !== null && (best === undefined || (hasRoom && here.costMs <= best.cost.totalMs)))
      return here.place;
    if (best !== undefined && replicas !== null) {
      return peerPlace(best, { replicas, clock, onFailed: (node) => excluded.add(node) });
    }
    if (places.of(wanted.model).length > 0) return await places.pick(wanted, { signal });
    if (wanted.continuing) return null;
    throw routeNone(wanted.model, routing);
  }

  /** All of them, in the order in which they would be asked, and why others would not be. */
  async routing(wanted: PickWanted, signal: AbortSignal): Promise<Routing> {
    const { places, replicas } = this.#deps;
    const excluded = new Set<KeyId>();
    const there = await this.#others(wanted, { excluded, signal, isUrgent: false });
    const sha256 = standsFor(wanted.model);
    const here = places.of(wanted.model).map((place) => place.candidate(sha256));
    const { lists } = replicas?.policy() ?? ALONE;
    const own = rankCandidates(here, this.#request(wanted, excluded), { lists, msPerUnit: 0 });
    return {
      ranked: [...own.ranked, ...there.ranked].sort((a, b) => a.cost.totalMs - b.cost.totalMs),
      refused: [...own.refused, ...there.refused],
    };
  }

  async #others(
    wanted: PickWanted,
    { excluded, signal, isUrgent }: Tried & { isUrgent: boolean },
  ): Promise<Routing> {
    const { replicas, clock } = this.#deps;
    const sha256 = standsFor(wanted.model);
    if (replicas === null || !this.#elsewhere().some((one) => one.sha256 === sha256))
      return { ranked: [], refused: [] };
    const request = this.#request(wanted, excluded);
    const found = isUrgent
      ? await askOthersSoon(replicas, request, { clock, signal })
      : await replicas.candidates(request, { signal });
    const able = found.filter((candidate) => isAble(candidate, wanted));
    return route(request, { local: null, remote: able, policy: replicas.policy(), isGuess: true });
  }

  #request(
    { model, tier, promptTokens, answerTokens }: PickWanted,
    excluded: ReadonlySet<KeyId>,
  ): RouteRequest {
    return {
      ...{ model: standsFor(model), tier, promptTokens, answerTokens, excluded },
      ...{ exact: false, numericClass: null, resuming: false },
    };
  }

  /** Of names that are what they say: what stands for one is made from it. */
  #elsewhere(): readonly RemoteModel[] {
    const known = this.#deps.replicas?.models() ?? [];
    return known.filter(({ name, sha256, upstream }) => upstream === true && standsFor(name) === sha256);
  }
}

function isAble({ upstream }: Candidate, { continuing }: PickWanted): boolean {
  return upstream !== undefined && (!continuing || upstream.continuesChats);
}

/** What their nodes do not say of it is empty, or 0. */
function servedByPeers({ name, sha256, contextTokens, tier }: RemoteModel): ServedModel {
  return {
    ...{ name, sha256, bytes: 0, parameters: 0, trainedContextTokens: contextTokens, licence: null },
    ...{ architecture: '', quantization: '', pulledAtMs: 0, elsewhere: tier, upstream: true },
  };
}
