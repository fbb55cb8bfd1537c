/**
 * Finds places elsewhere that could compute a request: from the directory, with the load of the few likeliest asked just
 * now. Which of them is taken is decided by routing, from what is told here.
 */
import { orAborted } from '@filon/core/abort';
import { isFilonError } from '@filon/core/errors';
import type { Candidate, RoutePolicy, RouteRequest, Routing } from '@filon/core/serving/routing';
import { rankCandidates } from '@filon/core/serving/routing-rank';
import type { KeyId } from '@filon/core/swarm/key-id';
import { unreachable } from '@filon/core/swarm/network-errors';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import type { Log } from '../../ports/log.ts';
import type { Network } from '../../ports/network.ts';
import type { RemoteModel, Replicas } from '../../ports/replicas.ts';
import type { AnnouncedNode, Directory } from '../directory/directory.ts';
import { deadline } from '../membership/deadline.ts';
import type { LoadProbe, ToldLoad } from './load-probe.ts';
import { candidatesOf, remoteModels } from './offers.ts';
import { prefixHashes } from './prefixes.ts';
import type { Reliability } from './reliability.ts';

/** The likeliest few are asked for their load, and by lot some of those behind them, so that new ones are noticed. */
const ASK_BEST = 3;
const ASK_BY_LOT = 1;
const LOT_AMONG = 16;
/** Candidates that are told to routing: more than it ever tries. Of those that are out, so many to say why. */
const RANKED_MAX = 64;
const REFUSED_MAX = 64;
/** So long all of them have, if none answers. */
const ALL_MS = 1500;
/** Once one has answered, the others have so many times as long as it took, within bounds: who is far off is no quicker. */
const OTHERS_TIMES = 3;
const OTHERS_MS_MIN = 30;
const OTHERS_MS_MAX = 250;
/** A peer that cannot be reached is left out of choices for so long, and twice as long each further time. */
const UNREACHED_MS = 5_000;
const UNREACHED_MS_MAX = 600_000;
const REFUSED_MS = 2000;
const DIAL_MS = 10_000;
const UNREACHED_MAX = 1024;
const NO_PREFIX = new Uint8Array(0);

export interface FinderDeps {
  network: Network;
  directory: Directory;
  reliability: Reliability;
  probe: LoadProbe;
  policy: () => RoutePolicy;
  clock: Clock;
  log: Log;
  /** Of a scope: what others may know of it. */
  hideScope: (scope: string) => Uint8Array;
  /** 0 to below 1. */
  draw: () => number;
  /** Told of those that answered, which are the likeliest to be taken. */
  onFound?: (candidates: readonly Candidate[]) => void;
}

export class Finder implements Pick<Replicas, 'models' | 'isWithheld' | 'candidates' | 'policy'> {
  readonly #deps: FinderDeps;
  readonly #unreached = new Map<KeyId, { untilMs: number; times: number }>();
  readonly #dialling = new Map<KeyId, Promise<void>>();

  constructor(deps: FinderDeps) {
    this.#deps = deps;
  }

  policy(): RoutePolicy {
    return this.#deps.policy();
  }

  models(): readonly RemoteModel[] {
    return remoteModels(this.#others(), this.policy().lists);
  }

  isWithheld(model: string): boolean {
    const isIt = (one: { name: string; model: string }): boolean => [one.name, one.model].includes(model);
    const isThere = this.#others().some(({ announcement }) => announcement.models.some(isIt));
    return isThere && !this.models().some(({ name, sha256 }) => isIt({ name, model: sha256 }));
  }

  #others(): AnnouncedNode[] {
    const { directory, network } = this.#deps;
    return directory.nodes().filter(({ node }) => node !== network.self);
  }

  async candidates(request: RouteRequest, { signal }: Waiting): Promise<readonly Candidate[]> {
    signal.throwIfAborted();
    const { likeliest: all, asked } = this.shortlist(request);
    const { told, failed } = await this.#ask(asked, request, signal);
    signal.throwIfAborted();
    this.#deps.onFound?.(all.filter(({ node }) => node !== null && told.has(node)));
    const isSilent = (node: KeyId): boolean => asked.includes(node) && !told.has(node);
    return all.flatMap((candidate) => {
      const { node } = candidate;
      if (node === null) return [];
      const answer = told.get(node);
      if (answer) return [withLoad(candidate, answer)];
      // Slow ones are better than none.
      const isOut = failed.has(node) || (isSilent(node) && told.size > 0);
      return isOut ? [] : [candidate];
    });
  }

  /** As announced, without the load of this moment; those that are left out for now with `all` alone. */
  announced(model: string, { all = false }: { all?: boolean } = {}): Candidate[] {
    const { directory, network, reliability } = this.#deps;
    const roundTrips = new Map(network.peers().map(({ peer, roundTripMs }) => [peer, roundTripMs]));
    const view = {
      reliability: (node: KeyId) => reliability.of(node),
      roundTripMs: (node: KeyId) => roundTrips.get(node) ?? null,
    };
    return directory
      .serving(model)
      .filter(({ node }) => node !== network.self && (all || !this.#isOut(node)))
      .flatMap((announced) => candidatesOf(announced, model, view));
  }

  /**
   * The best by what is announced, and of the others enough to say why they are out. Of the best few are asked for their
   * load, with the one where the session is, whose cache nothing else tells of, and some by lot.
   */
  shortlist(request: RouteRequest): { likeliest: Candidate[]; asked: KeyId[] } {
    const { draw, policy } = this.#deps;
    const rank = (all: boolean): Routing =>
      rankCandidates(this.announced(request.model, { all }), request, policy());
    const first = rank(false);
    // Where nobody else is left, those that refused or could not be reached are asked once more.
    const { ranked, refused } = first.ranked.length > 0 ? first : rank(true);
    const usable = ranked.map(({ candidate }) => candidate);
    const best = usable.slice(0, RANKED_MAX);
    const here = usable.find(({ node }) => node === request.stayAt);
    if (here && !best.includes(here)) best.push(here);
    const nodes = [...new Set(best.slice(0, LOT_AMONG).map(({ node }) => node))];
    const asked = new Set([...nodes.slice(0, ASK_BEST), ...(here ? [here.node] : [])]);
    const rest = nodes.filter((node) => !asked.has(node));
    for (let i = 0; i < ASK_BY_LOT && rest.length > 0; i += 1) {
      for (const node of rest.splice(Math.floor(draw() * rest.length), 1)) asked.add(node);
    }
    const out = refused.slice(0, REFUSED_MAX).map(({ candidate }) => candidate);
    return { likeliest: [...best, ...out], asked: [...asked].filter((node) => node !== null) };
  }

  /**
   * Connects where there is no connection. Who leaves earlier leaves the dialling to whoever asks next. Codes:
   * NETWORK_UNREACHABLE, NETWORK_REFUSED.
   */
  async reach(node: KeyId, { signal }: Waiting): Promise<void> {
    const { network } = this.#deps;
    if (network.peers().some(({ peer }) => peer === node)) return;
    const dialling = this.#dialling.get(node) ?? this.#startDial(node);
    await orAborted(dialling, signal);
  }

  /** Whoever asks for a node at the same time gets the same dial. */
  #startDial(node: KeyId): Promise<void> {
    const dialling = this.#dial(node).finally(() => this.#dialling.delete(node));
    this.#dialling.set(node, dialling);
    // Whoever asked hears of it; he may have left.
    dialling.catch(() => undefined);
    return dialling;
  }

  async #dial(node: KeyId): Promise<void> {
    const { network, directory, clock } = this.#deps;
    const addresses = directory.find(node)?.announcement.addresses ?? [];
    using limit = deadline(clock, DIAL_MS);
    try {
      await network.dial({ peer: node, addresses }, limit);
    } catch (cause) {
      const error = limit.signal.aborted ? unreachable(node, addresses, { cause }) : cause;
      if (isFilonError(error)) this.#missed(node, error.code);
      throw error;
    }
  }

  /** Resolves when all have answered, or time is over. */
  async #ask(
    nodes: readonly KeyId[],
    { model, beginning }: RouteRequest,
    signal: AbortSignal,
  ): Promise<{ told: Map<KeyId, ToldLoad>; failed: Set<KeyId> }> {
    const { clock, probe, hideScope } = this.#deps;
    const told = new Map<KeyId, ToldLoad>();
    const failed = new Set<KeyId>();
    if (nodes.length === 0) return { told, failed };
    const prefix = beginning ? prefixHashes(hideScope(beginning.scope), beginning.text) : NO_PREFIX;
    const startMs = clock.monotonicMs();
    const over = new AbortController();
    const within = AbortSignal.any([signal, over.signal]);
    const deadline = (durationMs: number): Promise<void> =>
      clock.sleep(durationMs, { signal: within }).then(
        () => over.abort(),
        () => undefined,
      );
    const asking = nodes.map(async (node) => {
      try {
        await this.reach(node, { signal: within });
        const answer = await probe.ask(node, { model, prefix }, { signal: within });
        if (told.size === 0) void deadline(othersMs(clock.monotonicMs() - startMs));
        told.set(node, answer);
        this.#unreached.delete(node);
      } catch (error) {
        // What ends the asking says nothing of the peer.
        if (within.aborted || !isFilonError(error)) return;
        failed.add(node);
        if (!this.#isOut(node)) this.#missed(node, error.code);
      }
    });
    void deadline(ALL_MS);
    await Promise.all(asking);
    over.abort();
    return { told, failed };
  }

  /** It refused a seat: others come first for a moment, whatever it says of its load. */
  avoid(node: KeyId): void {
    const { untilMs = 0, times = 0 } = this.#unreached.get(node) ?? {};
    const outMs = this.#deps.clock.monotonicMs() + REFUSED_MS;
    this.#out(node, { untilMs: Math.max(untilMs, outMs), times });
  }

  /** This node gave a place there back: a refusal of before says nothing any more. */
  hasRoom(node: KeyId): void {
    if (this.#unreached.get(node)?.times === 0) this.#unreached.delete(node);
  }

  /** It is connected again, whatever was before. */
  back(node: KeyId): void {
    this.#unreached.delete(node);
  }

  #isOut(node: KeyId): boolean {
    return (this.#unreached.get(node)?.untilMs ?? 0) > this.#deps.clock.monotonicMs();
  }

  /** It counts against the peer once: one that is away for an hour has failed no more often than it was needed. */
  #missed(node: KeyId, code: string): void {
    const { clock, reliability, log } = this.#deps;
    const times = this.#unreached.get(node)?.times ?? 0;
    const outMs = Math.min(UNREACHED_MS_MAX, UNREACHED_MS * 2 ** times);
    this.#out(node, { untilMs: clock.monotonicMs() + outMs, times: times + 1 });
    if (times === 0) reliability.note(node, 'late');
    log.debug('swarm.load-not-told', { peer: node, code });
  }

  #out(node: KeyId, until: { untilMs: number; times: number }): void {
    this.#unreached.delete(node);
    this.#unreached.set(node, until);
    const [oldest] = this.#unreached.keys();
    if (this.#unreached.size > UNREACHED_MAX && oldest !== undefined) this.#unreached.delete(oldest);
  }
}

function othersMs(firstTookMs: number): number {
  return Math.min(OTHERS_MS_MAX, Math.max(OTHERS_MS_MIN, OTHERS_TIMES * firstTookMs));
}

function withLoad(candidate: Candidate, { load, sessionsMax, roundTripMs }: ToldLoad): Candidate {
  const measured = { roundTripMs: candidate.roundTripMs ?? roundTripMs };
  return load
    ? { ...candidate, ...measured, load, sessionsMax }
    : { ...candidate, ...measured, ready: false };
}
