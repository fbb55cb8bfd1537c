/**
 * Which models are in memory. A request holds its model; a model that nobody holds may leave to make room, or because
 * it was idle for long enough. One load at a time a model, shared by all who wait for it. LoRAs count with their base.
 */
import { orAborted } from '@filon/core/abort';
import { FilonError, isFilonError } from '@filon/core/errors';
import type { LoadedModel, LoadSpec } from '@filon/core/serving/session';
import type { Clock } from '../ports/clock.ts';
import type { Engine, Progress, Waiting } from '../ports/engine.ts';
import type { Log } from '../ports/log.ts';
import type { StoredModel } from '../ports/models.ts';
import { WEIGHTS_SHARED_MAX } from './limits.ts';
import { weightsOf } from './model-files.ts';

export interface Hold extends Disposable {
  /** The model, loaded; loads it again if a death took it away. */
  ready(signal: AbortSignal): Promise<LoadedModel>;
}

export interface ResidencyOptions {
  engine: Engine;
  clock: Clock;
  log: Log;
  specOf: (stored: StoredModel) => LoadSpec;
  modelsLoadedMax: number;
  keepAliveMs: number | null;
}

interface Resident {
  stored: StoredModel;
  holds: number;
  idleSinceMs: number;
  idleTimer: AbortController | null;
  /** The load or unload that is under way. */
  changing: Promise<unknown> | null;
  listeners: Set<(share: number) => void>;
}

const RETRY_BUSY_SECONDS = 5;

export class Residency {
  readonly #options: ResidencyOptions;
  readonly #residents = new Map<string, Resident>();
  readonly #closing = new AbortController();
  /** Models that answered their self-test in this life of the node and have not failed to load since. */
  readonly #proven = new Set<string>();
  /** How long their last load took. */
  readonly #loadMs = new Map<string, number>();

  constructor(options: ResidencyOptions) {
    this.#options = options;
  }

  /** Keeps the model from leaving memory until the hold is disposed of. */
  hold(stored: StoredModel, options: Progress = {}): Hold {
    const resident = this.#resident(stored);
    const { onProgress } = options;
    if (onProgress) resident.listeners.add(onProgress);
    resident.holds += 1;
    resident.idleTimer?.abort();
    let held = true;
    return {
      ready: (signal) => this.#ready(resident, signal),
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        if (onProgress) resident.listeners.delete(onProgress);
        this.#release(resident);
      },
    };
  }

  /** Frees a model that nobody holds; false when somebody does. */
  async unload(sha256: string, { signal }: Waiting): Promise<boolean> {
    const resident = this.#residents.get(sha256);
    if (!resident) {
      await this.#options.engine.unload(sha256, { signal });
      return true;
    }
    await orAborted(settled(resident), signal);
    if (resident.holds > 0) return false;
    await this.#leave(resident);
    return true;
  }

  loaded(sha256: string): LoadedModel | null {
    return this.#options.engine.status().loaded.find(({ model }) => model === sha256) ?? null;
  }

  /** null: it was not held yet. */
  storedOf(sha256: string): StoredModel | null {
    return this.#residents.get(sha256)?.stored ?? null;
  }

  /** How long it took to load it; null: not measured. */
  loadMs(sha256: string): number | null {
    return this.#loadMs.get(sha256) ?? null;
  }

  /** Whether it is in memory, or could be without another one leaving. */
  hasRoom(sha256: string): boolean {
    const stored = this.storedOf(sha256);
    return stored !== null && this.#inTheWay(stored).length === 0;
  }

  isProven(sha256: string): boolean {
    return this.#proven.has(sha256);
  }

  close(reason: unknown): void {
    this.#closing.abort(reason);
    for (const resident of this.#residents.values()) resident.idleTimer?.abort();
  }

  #resident(stored: StoredModel): Resident {
    const known = this.#residents.get(stored.sha256);
    if (known) return known;
    const fresh = { holds: 0, idleSinceMs: 0, idleTimer: null, changing: null, listeners: new Set<never>() };
    const resident: Resident = { stored, ...fresh };
    this.#residents.set(stored.sha256, resident);
    return resident;
  }

  async #ready(resident: Resident, signal: AbortSignal): Promise<LoadedModel> {
    for (;;) {
      signal.throwIfAborted();
      if (resident.changing === null) {
        const loaded = this.loaded(resident.stored.sha256);
        if (loaded) return loaded;
        this.#change(resident, this.#load(resident));
      }
      await orAborted(resident.changing ?? Promise.resolve(), signal);
    }
  }

  #change(resident: Resident, work: Promise<unknown>): void {
    resident.changing = work;
    const done = (): void => {
      resident.changing = null;
    };
    work.then(done, done);
  }

  async #load(resident: Resident): Promise<void> {
    const { engine, clock, log, specOf } = this.#options;
    const { name, sha256 } = resident.stored;
    const startedMs = clock.monotonicMs();
    const options = {
      signal: this.#closing.signal,
      onProgress: (share: number) => resident.listeners.forEach((listener) => void listener(share)),
    };
    try {
      await this.#makeRoom(resident);
      const spec = specOf(resident.stored);
      const loaded = await engine.load(spec, options).catch(async (error: unknown) => {
        if (!isFilonError(error, 'ENGINE_MEMORY') || !(await this.#evictOne())) throw error;
        return await engine.load(spec, options);
      });
      this.#proven.add(sha256);
      const tookMs = Math.round(clock.monotonicMs() - startedMs);
      this.#loadMs.set(sha256, tookMs);
      log.info('model.loaded', { model: name, device: loaded.device, tookMs });
    } catch (error) {
      this.#proven.delete(sha256);
      log.warn('model.load-failed', { model: name, code: isFilonError(error) ? error.code : 'unknown' });
      throw error;
    }
  }

  /** Codes: SERVE_MODELS_BUSY. */
  async #makeRoom(forModel: Resident): Promise<void> {
    for (;;) {
      const inTheWay = this.#inTheWay(forModel.stored);
      if (inTheWay.length === 0) return;
      if (await this.#evictOne(inTheWay)) continue;
      const loaded = inTheWay.map(({ stored }) => stored.name);
      throw new FilonError(
        {
          code: 'SERVE_MODELS_BUSY',
          model: forModel.stored.name,
          loaded,
          retryAfterSeconds: RETRY_BUSY_SECONDS,
        },
        `there is no room for ${forModel.stored.name} while ${loaded.join(', ')} answers; try again in ${RETRY_BUSY_SECONDS} s`,
      );
    }
  }

  /** Of whom one must leave, or several that share their weights, before this one can come; none when there is room. */
  #inTheWay(wanted: StoredModel): Resident[] {
    const weights = weightsOf(wanted);
    const others = this.#others(wanted.sha256);
    const sharing = others.filter(({ stored }) => weightsOf(stored) === weights);
    if (sharing.length >= WEIGHTS_SHARED_MAX) return sharing;
    const apart = others.filter(({ stored }) => weightsOf(stored) !== weights);
    const families = new Set(apart.map(({ stored }) => weightsOf(stored)));
    return families.size < this.#options.modelsLoadedMax ? [] : apart;
  }

  #others(than: string): Resident[] {
    const inMemory = new Set(this.#options.engine.status().loaded.map(({ model }) => model));
    return [...this.#residents.values()].filter(
      ({ stored, changing }) => stored.sha256 !== than && (changing !== null || inMemory.has(stored.sha256)),
    );
  }

  /** Unloads the one of these that has been idle for longest. */
  async #evictOne(among: Iterable<Resident> = this.#residents.values()): Promise<boolean> {
    const idle = [...among]
      .filter(({ holds, changing, stored }) => holds === 0 && changing === null && this.loaded(stored.sha256))
      .sort((a, b) => a.idleSinceMs - b.idleSinceMs)[0];
    if (!idle) return false;
    await this.#leave(idle);
    return true;
  }

  async #leave(resident: Resident): Promise<void> {
    const { engine, log } = this.#options;
    resident.idleTimer?.abort();
    this.#change(resident, engine.unload(resident.stored.sha256, { signal: this.#closing.signal }));
    await resident.changing;
    log.info('model.unloaded', { model: resident.stored.name });
  }

  #release(resident: Resident): void {
    const { clock, keepAliveMs, log } = this.#options;
    resident.holds -= 1;
    if (resident.holds > 0) return;
    resident.idleSinceMs = clock.monotonicMs();
    if (keepAliveMs === null || this.#closing.signal.aborted) return;
    const timer = new AbortController();
    resident.idleTimer = timer;
    const unload = async (): Promise<void> => {
      await clock.sleep(keepAliveMs, { signal: timer.signal });
      if (resident.holds === 0 && resident.changing === null) await this.#leave(resident);
    };
    unload().catch((error: unknown) => {
      if (!timer.signal.aborted) log.warn('model.unload-failed', { model: resident.stored.name, error });
    });
  }
}

/** Resolves when no change is under way, however it ended. */
async function settled(resident: Resident): Promise<void> {
  await resident.changing?.then(
    () => undefined,
    () => undefined,
  );
}
