/** The upstreams of this node: added, listed, removed, and chosen among. */
import { createHash } from 'node:crypto';
import type { FilonError } from '@filon/core/errors';
import type { LoadRate } from '@filon/core/serving/routing';
import { routeCost } from '@filon/core/serving/routing-cost';
import { type PrivacyTier, TIERS, tierAllows } from '@filon/core/serving/tier';
import { tierOfUpstream, upstreamHost, upstreamUrl } from '@filon/core/upstream/address';
import { upstreamError } from '@filon/core/upstream/errors';
import { continuesChats } from '@filon/core/upstream/kinds';
import type { Waiting } from '../../ports/engine.ts';
import { remember } from '../../ports/remember.ts';
import type { Store, UpstreamRow } from '../../ports/store.ts';
import type { UpstreamModel } from '../../ports/upstreams.ts';
import type { ServedModel } from '../serving.ts';
import { withTimeout } from '../timeout.ts';
import {
  CHECK_TIMEOUT_MS,
  MODELS_NAMED_MAX,
  PROBE_TIMEOUT_MS,
  RECOVERY_WAIT_MS,
  SESSIONS_DEFAULT,
  UPSTREAMS_MAX,
  WRITE_EVERY_MS,
} from './limits.ts';
import { type PlaceDeps, UpstreamPlace } from './place.ts';
import { probe } from './probe.ts';

export interface NewUpstream {
  url: string;
  /** As the endpoint calls it. */
  model: string;
  /** By which it is asked for here; null: the same. */
  name: string | null;
  key: string | null;
  /** sha256 of its certificate where no authority signed it, as `AB:CD:...`; else null. */
  fingerprint: string | null;
  /** null: as its address says. */
  tier: PrivacyTier | null;
  /** Whom of the swarm it answers at most. null: its operator's own nodes where it has a key, else whom the node serves. */
  serves: PrivacyTier | null;
  /** null: {@link SESSIONS_DEFAULT}. */
  sessionsMax: number | null;
}

export interface UpstreamView extends UpstreamRow {
  id: string;
  state: 'up' | 'down';
  /** The code of the last failure; '': it is up. */
  reason: string;
  /** Requests that it has in work for this node. */
  active: number;
  /** Measured tokens a second. */
  rates: LoadRate[];
}

/** A model that upstreams have. */
export interface UpstreamFound {
  name: string;
  /** What stands for the model where others have the sha256 of their file. */
  sha256: string;
  /** The narrowest tier that reaches one of them. */
  tier: PrivacyTier;
  sessionsMax: number;
}

export interface PickWanted {
  model: string;
  tier: PrivacyTier;
  /** It must be able to go on with the answer of a chat. */
  continuing: boolean;
  promptTokens: number;
  answerTokens: number;
  /** Of a peer, which is this to the node. Absent: the node's own. */
  guest?: PrivacyTier;
  /** false: nobody waits for one to come back, because others may do. Absent: true. */
  waits?: boolean;
}

export interface UpstreamPlacesDeps extends Omit<PlaceDeps, 'onMeasured'> {
  store: Store;
}

export class UpstreamPlaces implements Disposable {
  readonly #deps: UpstreamPlacesDeps;
  readonly #places = new Map<string, UpstreamPlace>();
  readonly #writtenMs = new Map<string, number>();

  constructor(deps: UpstreamPlacesDeps) {
    this.#deps = deps;
    for (const { key, value } of deps.store.list('upstreams')) this.#places.set(key, this.#open(key, value));
  }

  /** In the order of their names. */
  list(): UpstreamView[] {
    return [...this.#places.values()]
      .map(viewOf)
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  /** By its name, or by what stands for it; null: no upstream has it. */
  find(model: string): UpstreamFound | null {
    const places = [...this.#places.values()].filter(
      ({ row }) => row.name === model || standsFor(row.name) === model,
    );
    const [first] = places;
    if (first === undefined) return null;
    const { name } = first.row;
    const tier = TIERS.find((each) => places.some(({ row }) => tierAllows(each, row.tier))) ?? 'open';
    const sessionsMax = places.reduce((sum, { row }) => sum + row.sessionsMax, 0);
    return { name, sha256: standsFor(name), tier, sessionsMax };
  }

  /** For lists: what an endpoint does not say of its model is empty or 0. */
  models(): ServedModel[] {
    const names = new Map([...this.#places.values()].map(({ row }) => [row.name, row]));
    return [...names.values()].map((row) => ({
      ...{ name: row.name, sha256: standsFor(row.name), bytes: 0, parameters: 0, licence: null },
      ...{ architecture: '', quantization: '', pulledAtMs: row.addedMs, upstream: true },
      trainedContextTokens: row.contextTokens ?? 0,
    }));
  }

  /** The cheapest that is up, with what it costs in milliseconds; null: none is. One with room comes first. */
  best(wanted: PickWanted): { place: UpstreamPlace; costMs: number } | null {
    const up = this.#able(wanted)
      .filter(({ health }) => health.isUp)
      .map((place) => ({ place, costMs: costOf(place, wanted) }))
      .sort((a, b) => Number(a.place.isFull) - Number(b.place.isFull) || a.costMs - b.costMs);
    return up[0] ?? null;
  }

  /** All of a name, be they up or not. */
  of(name: string): readonly UpstreamPlace[] {
    return [...this.#places.values()].filter(({ row }) => row.name === name);
  }

  get names(): readonly string[] {
    return [...new Set([...this.#places.values()].map(({ row }) => row.name))];
  }

  /** Whether one of them answers. */
  get someUp(): UpstreamPlace | null {
    return [...this.#places.values()].find(({ health }) => health.isUp) ?? null;
  }

  /**
   * Asks it one small question before it is taken. Codes: UPSTREAM_*, SERVE_TIMEOUT, HOME_*.
   */
  async add(wanted: NewUpstream, { signal }: Waiting): Promise<UpstreamView> {
    const { key, fingerprint } = wanted;
    const url = upstreamUrl(wanted.url, { hasKey: key !== null, hasFingerprint: fingerprint !== null });
    const id = idOf(url, wanted.model);
    this.#refuse(id, wanted.name ?? wanted.model, url);
    const model = await this.#modelAt(url, wanted, signal);
    const row: UpstreamRow = {
      ...{
        name: wanted.name ?? model.id,
        model: model.id,
        url,
        kind: model.kind,
        hasKey: key !== null,
      },
      fingerprint,
      tier: wanted.tier ?? tierOfUpstream(url),
      serves: wanted.serves ?? (key === null ? 'open' : 'own'),
      contextTokens: model.contextTokens,
      sessionsMax: wanted.sessionsMax ?? SESSIONS_DEFAULT,
      ...{ addedMs: this.#deps.clock.nowMs(), firstTokenMs: null },
    };
    const keys = { ...this.#deps.keys, get: () => key };
    using trial = new UpstreamPlace(id, row, { ...this.#deps, keys, onMeasured: () => undefined });
    const timing = { clock: this.#deps.clock, signal, timeoutMs: PROBE_TIMEOUT_MS, what: 'the first answer' };
    await withTimeout((within) => probe(trial, { signal: within }), timing);
    // Somebody else may have been faster.
    this.#refuse(id, row.name, url);
    if (key !== null) this.#deps.keys.put(id, key);
    this.#deps.store.put('upstreams', id, trial.row);
    const place = this.#open(id, trial.row);
    this.#places.set(id, place);
    this.#deps.log.info('upstream.added', { upstream: row.name, host: upstreamHost(url), kind: row.kind });
    return viewOf(place);
  }

  /** By id, or by a name that only one has. Codes: UPSTREAM_UNKNOWN. */
  remove(name: string): UpstreamView {
    const byName = [...this.#places.values()].filter(({ row }) => row.name === name);
    const place = this.#places.get(name) ?? (byName.length === 1 ? byName[0] : undefined);
    if (place === undefined) throw unknown(name, byName.length);
    this.#deps.store.delete('upstreams', place.id);
    this.#deps.keys.delete(place.id);
    this.#places.delete(place.id);
    this.#writtenMs.delete(place.id);
    place[Symbol.dispose]();
    const { row } = place;
    this.#deps.log.info('upstream.removed', { upstream: row.name, host: upstreamHost(row.url) });
    return viewOf(place);
  }

  /**
   * The cheapest that is up, or the first that comes back soon. null: none could ever do it. Codes: UPSTREAM_DOWN, the
   * signal's reason.
   */
  async pick(wanted: PickWanted, { signal }: Waiting): Promise<UpstreamPlace | null> {
    const { clock } = this.#deps;
    const untilMs = clock.monotonicMs() + RECOVERY_WAIT_MS;
    for (;;) {
      const places = this.#able(wanted);
      if (places.length === 0) return null;
      const best = this.best(wanted);
      if (best !== null) return best.place;
      const soonestMs = Math.min(...places.map(({ health }) => health.againInMs));
      const leftMs = untilMs - clock.monotonicMs();
      if (wanted.waits === false || leftMs <= 0 || soonestMs > leftMs)
        throw down(wanted.model, places, soonestMs);
      await this.#someUp(places, { signal, leftMs });
    }
  }

  [Symbol.dispose](): void {
    for (const place of this.#places.values()) {
      this.#deps.store.put('upstreams', place.id, place.row);
      place[Symbol.dispose]();
    }
    this.#places.clear();
  }

  /** Resolves when one is up, and when the time is over. */
  async #someUp(
    places: readonly UpstreamPlace[],
    { signal, leftMs }: { signal: AbortSignal; leftMs: number },
  ): Promise<void> {
    const over = new AbortController();
    const leave = (): void => over.abort(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    try {
      signal.throwIfAborted();
      const waiting = places.map(({ health }) => health.whenUp(over.signal));
      await Promise.race([...waiting, this.#deps.clock.sleep(leftMs, { signal: over.signal })]);
    } finally {
      signal.removeEventListener('abort', leave);
      over.abort();
    }
  }

  #able({ model, tier, continuing, guest = 'own' }: PickWanted): UpstreamPlace[] {
    return this.of(model).filter(
      ({ row, serves }) =>
        tierAllows(tier, row.tier) && tierAllows(serves, guest) && (!continuing || continuesChats(row.kind)),
    );
  }

  #open(id: string, row: UpstreamRow): UpstreamPlace {
    return new UpstreamPlace(id, { ...row }, { ...this.#deps, onMeasured: () => this.#write(id) });
  }

  #write(id: string): void {
    const { store, clock } = this.#deps;
    const place = this.#places.get(id);
    const nowMs = clock.monotonicMs();
    if (place === undefined || nowMs - (this.#writtenMs.get(id) ?? Number.NEGATIVE_INFINITY) < WRITE_EVERY_MS)
      return;
    this.#writtenMs.set(id, nowMs);
    remember(store, () => store.put('upstreams', id, place.row));
  }

  #refuse(id: string, name: string, url: string): void {
    if (this.#places.has(id)) {
      const message = `That model of ${upstreamHost(url)} is here as "${this.#places.get(id)?.row.name}" already. \`filon upstream ls\` lists what is.`;
      throw upstreamError({ code: 'UPSTREAM_EXISTS', name, url }, message);
    }
    if (this.#places.size < UPSTREAMS_MAX) return;
    const message = `A node has at most ${UPSTREAMS_MAX} upstreams; remove one first.`;
    throw upstreamError({ code: 'UPSTREAMS_FULL', upstreamsMax: UPSTREAMS_MAX }, message);
  }

  async #modelAt(url: string, wanted: NewUpstream, signal: AbortSignal): Promise<UpstreamModel> {
    const { clock, upstreams } = this.#deps;
    const timing = { clock, signal, timeoutMs: CHECK_TIMEOUT_MS, what: 'the list of models of the upstream' };
    const there = await withTimeout(
      (within) => upstreams.models({ ...wanted, url }, { signal: within }),
      timing,
    );
    const host = upstreamHost(url);
    const model = there.find(({ id }) => id === wanted.model);
    if (model === undefined) {
      const known = there.slice(0, MODELS_NAMED_MAX).map(({ id }) => id);
      const message = `The upstream ${host} has no model "${wanted.model}". It has: ${known.join(', ') || 'none'}.`;
      throw upstreamError({ code: 'UPSTREAM_MODEL_UNKNOWN', host, model: wanted.model, known }, message);
    }
    if (!model.passedOn) return model;
    const message = `The node ${host} passes on what it is asked of "${model.id}"; add the endpoint to which it does.`;
    throw upstreamError({ code: 'UPSTREAM_UNSUPPORTED', what: 'an upstream of an upstream' }, message);
  }
}

function viewOf(place: UpstreamPlace): UpstreamView {
  const { id, row, health, active } = place;
  return {
    id,
    ...row,
    state: health.isUp ? 'up' : 'down',
    reason: health.reason,
    active,
    rates: place.rates(),
  };
}

function costOf(place: UpstreamPlace, wanted: PickWanted): number {
  return routeCost(place.candidate(standsFor(wanted.model)), wanted, { msPerUnit: 0 }).totalMs;
}

function idOf(url: string, model: string): string {
  return createHash('sha256').update(`${url} ${model}`).digest('hex').slice(0, 12);
}

/** Where the models of others have the sha256 of their file. */
export function standsFor(name: string): string {
  return createHash('sha256').update(`upstream ${name}`).digest('hex');
}

function down(model: string, places: readonly UpstreamPlace[], againInMs: number): FilonError {
  const retryAfterSeconds = Math.max(1, Math.ceil(againInMs / 1000));
  const reasons = [...new Set(places.map(({ health }) => health.reason))].join(', ');
  const message = `the upstream of ${model} does not answer now (${reasons}); it is tried again in about ${retryAfterSeconds} s`;
  return upstreamError({ code: 'UPSTREAM_DOWN', model, retryAfterSeconds }, message);
}

function unknown(name: string, known: number): FilonError {
  const message =
    known === 0
      ? `There is no upstream "${name}". \`filon upstream ls\` lists what is here.`
      : `${known} upstreams are called "${name}"; name one by its id, as \`filon upstream ls\` shows it.`;
  return upstreamError({ code: 'UPSTREAM_UNKNOWN', name }, message);
}
