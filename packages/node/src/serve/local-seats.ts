/** Seats of this node: a slot by admission, and the model kept in memory as long as somebody sits there. */
import type { Candidate, LoadRate } from '@filon/core/serving/routing';
import type { LoadedModel } from '@filon/core/serving/session';
import type { Clock } from '../ports/clock.ts';
import type { Engine, Waiting } from '../ports/engine.ts';
import type { StoredModel } from '../ports/models.ts';
import type { Seat, SeatWanted, TakeOptions } from '../ports/replicas.ts';
import type { Admission } from './admit.ts';
import type { ServingConfig } from './config.ts';
import { LOAD_BYTES_PER_SECOND_GUESS } from './limits.ts';
import type { Hold, Residency } from './residency.ts';

/** What this node computed so far: tokens a second, by how many sessions ran together. */
export type MeasuredRates = (of: { model: string; numericClass: string | null }) => readonly LoadRate[];

export interface LocalSeatsDeps {
  engine: Engine;
  clock: Clock;
  admission: Admission;
  residency: Residency;
  randomBytes: (count: number) => Uint8Array;
  rates?: MeasuredRates | undefined;
}

const CLASS_NOT_KNOWN = 'not loaded yet';

export class LocalSeats {
  readonly #config: ServingConfig;
  readonly #deps: LocalSeatsDeps;
  /** As they were when they were last in memory. */
  readonly #facts = new Map<string, LoadedModel>();

  constructor(config: ServingConfig, deps: LocalSeatsDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  /** Waits for a slot, unless none is wanted. Codes: as Admission.admit. */
  async take(
    stored: StoredModel,
    { sessions }: Pick<SeatWanted, 'sessions'>,
    options: TakeOptions & { guest?: boolean },
  ): Promise<Seat> {
    const { admission, residency } = this.#deps;
    const held = new DisposableStack();
    let slots = 0;
    if (sessions > 0) {
      const ticket = await admission.admit(stored.sha256, options);
      held.defer(ticket.release);
      ticket.grow(sessions - 1);
      slots = ticket.slots;
    }
    const hold = held.use(residency.hold(stored));
    return this.#seat(stored, hold, { slots, dispose: () => held.dispose() });
  }

  /**
   * This node, as one of the places that could compute. Which class an exact model has that was not loaded yet turns out
   * when it is; until then it is taken to be `hoped`.
   */
  candidate(stored: StoredModel, hoped: string | null = null): Candidate {
    const { admission, residency, rates = () => [] } = this.#deps;
    const { sha256, name, trainedContextTokens } = stored;
    const bytes = stored.bytes + (stored.lora?.baseBytes ?? 0);
    const loaded = residency.loaded(sha256);
    const facts = loaded ?? this.#facts.get(sha256) ?? null;
    const { contextTokens, sessionsMax, mode } = this.#config;
    const unknownClass = mode === 'exact' ? (hoped ?? CLASS_NOT_KNOWN) : null;
    return {
      ...{ node: null, operator: null, model: sha256, name },
      numericClass: facts === null ? unknownClass : facts.numericClass,
      ready: loaded !== null,
      loadMs: loaded ? 0 : (residency.loadMs(sha256) ?? (bytes * 1000) / LOAD_BYTES_PER_SECOND_GUESS),
      contextTokens: facts?.contextTokens ?? Math.min(contextTokens, trainedContextTokens),
      sessionsMax: facts?.sessionsMax ?? sessionsMax,
      rates: rates({ model: sha256, numericClass: facts?.numericClass ?? null }),
      load: { ...admission.load(sha256), cachedTokens: 0 },
      ...{ roundTripMs: 0, price: null, serves: 'own', reliability: 1, replayable: true },
    };
  }

  /** The model that is held, in memory. */
  async ready(hold: Hold, { signal }: Waiting): Promise<LoadedModel> {
    const loaded = await hold.ready(signal);
    this.#facts.set(loaded.model, loaded);
    this.#deps.admission.resize(loaded.model, loaded.sessionsMax);
    return loaded;
  }

  #seat(stored: StoredModel, hold: Hold, rest: { slots: number; dispose: () => void }): Seat {
    const { engine, randomBytes } = this.#deps;
    const model = stored.sha256;
    return {
      node: null,
      slots: rest.slots,
      ready: (options) => this.ready(hold, options),
      tokenize: (prompt, options) => engine.tokenize(model, prompt, options),
      seed: async () => Buffer.from(randomBytes(8)).readBigUInt64LE(),
      open: (request, options) => engine.open(request, options),
      embed: (texts, options) => engine.embed(model, texts, options),
      [Symbol.dispose]: rest.dispose,
    };
  }
}
