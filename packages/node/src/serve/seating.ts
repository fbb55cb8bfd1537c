/**
 * At which seat one request is answered, and which is next when that one is lost. All sessions of the request share the
 * seat; the first of them that sees it fail has the next one taken. The tier is never widened on the way.
 */
import { orAborted } from '@filon/core/abort';
import { FilonError, invariant, isFilonError } from '@filon/core/errors';
import type { ServedBy } from '@filon/core/serving/completion';
import type { Candidate, RankedCandidate, Refusal, Routing } from '@filon/core/serving/routing';
import type { LoadedModel } from '@filon/core/serving/session';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Seat } from '../ports/replicas.ts';
import type { Pass } from './elsewhere.ts';
import type { ServeErrorDetails } from './errors.ts';

export interface Taken {
  seat: Seat;
  place: RankedCandidate;
  /** The model as it is there. */
  loaded: LoadedModel;
}

export interface RankWanted {
  excluded: ReadonlySet<KeyId | null>;
  /** Where the session began; null: nowhere yet, or in fast mode. */
  numericClass: string | null;
  /** Something was generated, or may have been. */
  resuming: boolean;
  /** The prompt has at least so many, as a seat found; null: that is only guessed. */
  promptTokens: number | null;
}

export interface SeatingPlan {
  /** As people call it. */
  modelName: string;
  /** Of a session that began in an earlier process. */
  numericClass: string | null;
  resuming: boolean;
  /** Sessions wished for together. */
  sessions: number;
  /** Only places of the session's class will do. */
  exact: boolean;
  signal: AbortSignal;
  rank: (wanted: RankWanted) => Promise<Routing>;
  take: (place: RankedCandidate, options: { sessions: number; signal: AbortSignal }) => Promise<Seat>;
  /** The right to ask for places elsewhere. Codes and null: as Elsewhere.enter. */
  pass: (options: { waits: boolean; signal: AbortSignal }) => Promise<Pass | null>;
  none: (routing: Routing) => FilonError;
}

/** A local model that cannot be had here any more, whatever is tried. */
const HOPELESS = new Set(['ENGINE_CRASH_LOOP', 'ENGINE_MODEL_FATAL']);
const GONE = new Set([
  ...['REPLICA_LOST', 'REPLICA_REFUSED', 'ENGINE_WORKER_DIED', 'SERVE_STALLED', 'ENGINE_SLOTS_FULL'],
]);

export class Seating implements Disposable {
  readonly served: ServedBy[] = [];
  readonly #plan: SeatingPlan;
  readonly #failed = new Set<KeyId | null>();
  #numericClass: string | null;
  #current: Taken | null = null;
  /** The slot here is kept while the model is loaded again, however often that fails. */
  #here: Seat | null = null;
  #inside = 0;
  #left = Promise.withResolvers<void>();
  #changing: Promise<Taken> | null = null;
  #shaken = false;
  #others = false;
  #neededTokens = 0;
  #promptTokens: number | null = null;
  #isOver = false;
  #pass: Pass | null = null;

  constructor(plan: SeatingPlan) {
    this.#plan = plan;
    this.#numericClass = plan.numericClass;
  }

  /** The seat, with the model in memory: the one that there is, or the best that can be had. */
  async enter(signal: AbortSignal): Promise<Taken> {
    if (this.#changing === null) {
      this.#changing = this.#settle().finally(() => {
        this.#changing = null;
      });
      // Whoever waits for it may have left.
      this.#changing.catch(() => undefined);
    }
    return await orAborted(this.#changing, signal);
  }

  /** As enter, for a session: waits until one of the seat's slots is free. To be followed by `leave`. */
  async occupy(signal: AbortSignal): Promise<Taken> {
    for (;;) {
      const taken = await this.enter(signal);
      if (this.#inside < Math.max(1, taken.seat.slots)) {
        this.#inside += 1;
        return taken;
      }
      await orAborted(this.#left.promise, signal);
    }
  }

  leave(): void {
    this.#inside -= 1;
    this.#left.resolve();
    this.#left = Promise.withResolvers<void>();
  }

  /** Work at `taken` failed; the next to enter gets another seat if that is lost. */
  failed({ seat }: Taken, failure: unknown): void {
    if (this.#current?.seat !== seat || !isFilonError(failure)) return;
    if (seat.node === null) {
      this.#shaken = GONE.has(failure.code);
      if (HOPELESS.has(failure.code)) this.#letGo();
    } else if (GONE.has(failure.code)) this.#letGo();
  }

  /** The context at `taken` is too short for the prompt, and another place has a longer one: the next to enter gets that. */
  async isTooShort({ seat }: Taken, failure: unknown): Promise<boolean> {
    if (!isFilonError(failure, 'SERVE_CONTEXT_EXCEEDED') || this.#current?.seat !== seat) return false;
    const { promptTokens } = failure.details as Partial<{ promptTokens: number }>;
    this.#promptTokens = promptTokens ?? null;
    const tried = new Set([...this.#failed, seat.node]);
    const { ranked } = await this.#rank(tried);
    const isElsewhere = ranked.some(({ candidate }) => !tried.has(candidate.node));
    if (isElsewhere) this.#letGo();
    return isElsewhere;
  }

  /** Where it began; null: nowhere yet, or in fast mode. */
  get numericClass(): string | null {
    return this.#numericClass;
  }

  /**
   * What the whole answer may take of a context, once that is known: in exact mode a shorter one would end it early. In
   * fast mode it may, and says so.
   */
  needs(contextTokens: number): void {
    this.#neededTokens = contextTokens;
  }

  /** Whether other places than the current one were ranked with it. */
  get hasOthers(): boolean {
    return this.#others;
  }

  /** Another seat than the current one, beside it; null: none can be had at once. */
  async second(signal: AbortSignal): Promise<Taken | null> {
    const first = this.#current?.seat.node;
    if (first === undefined) return null;
    const { ranked } = await this.#rank(new Set([...this.#failed, first]));
    for (const place of ranked) {
      const taken = await this.#take(place, signal).catch(() => null);
      if (taken !== null) return taken;
      signal.throwIfAborted();
    }
    return null;
  }

  /** A second seat that is not needed. */
  giveBack({ seat }: Taken): void {
    if (this.#current?.seat === seat) return;
    if (this.#here === seat) this.#here = null;
    seat[Symbol.dispose]();
  }

  /** The request is answered there from now on; the seat that it had is given back. */
  moveTo(taken: Taken): void {
    if (this.#current?.seat === taken.seat) return;
    this.#sit(taken);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#giveBackAll(null);
    this.#current = null;
    this.#leavePass();
  }

  #leavePass(): void {
    this.#pass?.[Symbol.dispose]();
    this.#pass = null;
  }

  #letGo(): void {
    if (this.#current === null) return;
    this.#failed.add(this.#current.seat.node);
    this.#giveBackAll(null);
    this.#current = null;
  }

  /** All seats but this one. */
  #giveBackAll(but: Seat | null): void {
    for (const seat of new Set([this.#current?.seat, this.#here])) {
      if (seat && seat !== but) seat[Symbol.dispose]();
    }
    if (this.#here !== but) this.#here = null;
  }

  async #settle(): Promise<Taken> {
    const { signal } = this.#plan;
    const here = this.#current;
    if (here === null || this.#shaken) return await this.#next();
    try {
      return { ...here, loaded: await here.seat.ready({ signal }) };
    } catch (error) {
      this.failed(here, error);
      throw error;
    }
  }

  /** The best seat that can be had; those that failed this request come last. Waits where all others are full. */
  async #next(): Promise<Taken> {
    for (;;) {
      const failures: FilonError[] = [];
      const routing = await this.#rank(this.#failed);
      this.#others = routing.ranked.length > 1;
      const taken =
        (await this.#firstOf(routing.ranked, failures)) ??
        (this.#failed.size > 0 ? await this.#firstOf((await this.#rank(new Set())).ranked, failures) : null);
      if (taken !== null) {
        this.#shaken = false;
        this.#sit(taken);
        return taken;
      }
      if (failures.length === 0) throw this.#plan.none(routing);
      const told = toldOf(failures, this.#plan.modelName);
      const isHere = routing.ranked.some(({ candidate }) => candidate.node === null);
      if (isHere || this.#pass === null || !failures.some(isFull)) throw told;
      await this.#pass.full(1000 * Math.min(...failures.map(retryAfter)), this.#plan.signal);
    }
  }

  async #firstOf(places: readonly RankedCandidate[], failures: FilonError[]): Promise<Taken | null> {
    const isHere = places.some(({ candidate }) => candidate.node === null);
    for (const place of places) {
      if (place.candidate.node !== null && !(await this.#mayAsk(!isHere))) continue;
      try {
        return await this.#take(place, this.#plan.signal);
      } catch (error) {
        this.#plan.signal.throwIfAborted();
        // Who has waited for as long as it may waits nowhere else.
        if (!isFilonError(error) || error.code === 'SERVE_QUEUE_TIMEOUT') throw error;
        failures.push(error);
      }
    }
    return null;
  }

  /** Who needs no slot takes none from others. Codes: as Elsewhere.enter. */
  async #mayAsk(waits: boolean): Promise<boolean> {
    const { sessions, signal, pass } = this.#plan;
    if (sessions > 0) this.#pass ??= await pass({ waits, signal });
    if (this.#isOver) this.#leavePass();
    return sessions === 0 || this.#pass !== null;
  }

  async #take(place: RankedCandidate, signal: AbortSignal): Promise<Taken> {
    const { sessions, exact, take, none } = this.#plan;
    const isHere = place.candidate.node === null;
    const seat = isHere && this.#here !== null ? this.#here : await take(place, { sessions, signal });
    if (isHere) this.#here = seat;
    try {
      const loaded = await seat.ready({ signal });
      if (exact && (this.#numericClass ?? loaded.numericClass) !== loaded.numericClass) {
        throw none(refusedFor(place, 'other-class'));
      }
      if (exact && loaded.contextTokens < this.#neededTokens) throw none(refusedFor(place, 'context'));
      signal.throwIfAborted();
      return { seat, place, loaded };
    } catch (error) {
      if (!isHere || this.#isOver) seat[Symbol.dispose]();
      throw error;
    }
  }

  #sit(taken: Taken): void {
    if (this.#isOver) {
      taken.seat[Symbol.dispose]();
      return;
    }
    this.#giveBackAll(taken.seat);
    this.#current = taken;
    if (taken.seat.node === null) this.#leavePass();
    else this.#pass?.seated();
    this.#numericClass ??= taken.loaded.numericClass;
    const { candidate, tier } = taken.place;
    const { node, operator } = candidate;
    const { numericClass } = taken.loaded;
    if (this.served.at(-1)?.node === node) return;
    this.served.push({ node, operator, tier, numericClass, ...priceOf(candidate) });
  }

  #rank(excluded: ReadonlySet<KeyId | null>): Promise<Routing> {
    const resuming = this.#plan.resuming || this.served.length > 0;
    const known = { numericClass: this.#numericClass, promptTokens: this.#promptTokens };
    return this.#plan.rank({ ...known, excluded, resuming });
  }
}

function priceOf({ price }: Candidate): Pick<ServedBy, 'price'> {
  if (price === null) return {};
  return { price: { promptPico: Number(price.promptPico), answerPico: Number(price.answerPico) } };
}

function refusedFor({ candidate }: RankedCandidate, refusal: Refusal): Routing {
  return { ranked: [], refused: [{ candidate, refusal }] };
}

/** What to tell of places that all said no: when there would be room, if one said that; else what happened here. */
function toldOf(failures: readonly FilonError[], model: string): FilonError {
  const [timed] = failures.toSorted((a, b) => retryAfter(a) - retryAfter(b));
  invariant(timed !== undefined, 'something failed');
  if (retryAfter(timed) === Number.POSITIVE_INFINITY) {
    return failures.find(({ code }) => !code.startsWith('REPLICA_')) ?? timed;
  }
  if (timed.code !== 'REPLICA_REFUSED') return timed;
  const { position = 1 } = timed.details as Partial<{ position: number }>;
  const retryAfterSeconds = retryAfter(timed);
  return new FilonError<ServeErrorDetails>(
    { code: 'SERVE_QUEUE_FULL', position, retryAfterSeconds },
    `all nodes that have ${model} are busy: this request would be number ${position}; try again in about ${retryAfterSeconds} s`,
    { cause: timed },
  );
}

const FULL: ReadonlySet<unknown> = new Set([
  ...['ANSWER_LIMIT', 'SERVE_QUEUE_FULL', 'SERVE_QUEUE_TIMEOUT', 'SERVE_MODELS_BUSY'],
  'NETWORK_CHANNELS_FULL',
]);

/** Another moment it may have room. */
function isFull({ code, details }: FilonError): boolean {
  const { reason } = details as Partial<{ reason: string }>;
  return code === 'REPLICA_REFUSED' && FULL.has(reason);
}

function retryAfter({ details }: FilonError): number {
  const { retryAfterSeconds } = details as Partial<{ retryAfterSeconds: number }>;
  return retryAfterSeconds ?? Number.POSITIVE_INFINITY;
}
