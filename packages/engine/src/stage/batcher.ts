/**
 * Continuous batching: each tick gathers one row of every decoding session and a chunk of the prompts that wait, decodes
 * them together, and draws. Sessions come and go between ticks; nothing here knows what a text or a peer is.
 */
import { FilonError, isFilonError } from '@filon/core/errors';
import type { SessionEvent, SessionRequest, SessionSign } from '@filon/core/serving/session';
import type { EngineErrorDetails } from '../errors.ts';
import { createSampler } from '../sampler/sampler.ts';
import type { Context } from './context.ts';
import type { DecodeMeter } from './decode-meter.ts';
import { prefillShares } from './prefill-shares.ts';
import { openSession, type Session } from './session.ts';
import { COPY_GAIN_TOKENS_MIN, commonPrefix, createSlots, type Slot, type Slots } from './slots.ts';
import type { ThreadGovernor } from './thread-governor.ts';
import type { Weights } from './weights.ts';

export type SessionOutput = SessionSign | { kind: 'error'; error: FilonError };
export type OutputBatch = [session: string, output: SessionOutput][];

export interface Counters {
  generatedTokens: number;
  promptTokens: number;
  cachedTokens: number;
  cancelled: number;
  ticks: number;
}

export interface Batcher {
  /** Takes a session in; what becomes of it comes by `emit`. Codes: those of a session, ENGINE_SLOTS_FULL, ENGINE_SESSION_BUSY. */
  open(request: SessionRequest): void;
  /** Frees the slot before the next tick; no further token of it is drawn. */
  cancel(session: string): void;
  readonly counters: Readonly<Counters>;
  readonly sessions: number;
  /** Ends after the tick under way; open sessions get ENGINE_CLOSED. */
  close(): Promise<void>;
}

export interface BatcherSpec {
  model: string;
  weights: Weights;
  context: Context;
  sessionsMax: number;
  /** Chooses the threads of each decode; null: they stay as they are, as exact settings demand. */
  governor: ThreadGovernor | null;
  /** Of all whose decodes take turns with this one's. */
  meter: DecodeMeter;
  /** Milliseconds of a clock that only goes forwards. */
  nowMs(): number;
  /** Called once a tick with everything that happened, while the next tick computes. */
  emit(outputs: OutputBatch): void;
}

/** While others decode, prompts come in chunks of this size, so that nobody waits for longer than one chunk. */
const PREFILL_CHUNK_ROWS = 128;
/** Readers do not see it: a screen shows a frame every 17 ms. */
const TOKENS_HELD_MS = 50;
const TICKS_HELD_MAX = 16;
/** A session of which there was nothing else to say is said to wait, at this interval. */
const WAITING_MS = 1_000;
const NO_ROOM = 1;

export function createBatcher(spec: BatcherSpec): Batcher {
  return new TickLoop(spec);
}

class TickLoop implements Batcher {
  readonly counters: Counters = {
    generatedTokens: 0,
    promptTokens: 0,
    cachedTokens: 0,
    cancelled: 0,
    ticks: 0,
  };
  readonly #spec: BatcherSpec;
  readonly #slots: Slots;
  readonly #sampler: ReturnType<typeof createSampler>;
  /** In order of arrival; a session keeps its place when it has to give its slot back. */
  readonly #sessions = new Map<string, Session>();
  #outputs: OutputBatch = [];
  #arrivals = 0;
  #reportedMs = 0;
  #ticksHeld = 0;
  #closed = false;
  /** A session had to give way: nobody gets a slot until one is done, or they would take turns for ever. */
  #crowded = false;
  #running: Promise<void> | null = null;

  constructor(spec: BatcherSpec) {
    this.#spec = spec;
    this.#slots = createSlots(spec.context, { count: spec.sessionsMax, canTrim: spec.weights.canTrim });
    this.#sampler = createSampler(spec.weights.vocabTokens);
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  open(request: SessionRequest): void {
    if (this.#closed) throw closed();
    if (this.#sessions.has(request.session)) throw busy(request.session);
    if (this.#sessions.size >= this.#spec.sessionsMax) throw full(this.#spec);
    this.#arrivals += 1;
    const session = openSession(request, {
      weights: this.#spec.weights,
      sampler: this.#sampler,
      contextTokens: this.#spec.context.sequenceTokensMax,
      arrival: this.#arrivals,
      nowMs: this.#spec.nowMs(),
    });
    this.#sessions.set(request.session, session);
    this.#start();
  }

  cancel(id: string): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.counters.cancelled += 1;
    this.#remove(session);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
    for (const session of [...this.#sessions.values()]) this.#fail(session, closed());
    this.#flush();
  }

  #start(): void {
    if (this.#running !== null) return;
    this.#running = this.#run().finally(() => {
      this.#running = null;
    });
  }

  async #run(): Promise<void> {
    // Sessions that arrive in the same turn share the first tick.
    await Promise.resolve();
    while (!this.#closed && this.#sessions.size > 0) await this.#tick();
    this.#flush();
  }

  async #tick(): Promise<void> {
    const { context, governor, meter } = this.#spec;
    this.counters.ticks += 1;
    context.clearRows();
    this.#admit();
    const batched = this.#gather();
    if (batched.size === 0) return this.#flush();
    if (governor !== null) context.setThreads(governor.threads);
    const { rows } = context;
    const ended = meter.begin();
    const decoding = context.decode();
    this.#report(this.#spec.nowMs());
    const status = await decoding;
    const taken = ended();
    governor?.observe({ rows, ...taken });
    if (status === 0) this.#commit(batched);
    else if (status === NO_ROOM) this.#makeRoom(batched);
    else this.#failAll(batched.keys(), status);
  }

  /** Gives idle slots to waiting sessions, oldest first. */
  #admit(): void {
    if (this.#crowded) return;
    for (const session of this.#sessions.values()) {
      if (session.slot !== null || this.#awaitsPrefix(session)) continue;
      const slot = this.#slots.take(session, this.counters.ticks);
      if (slot === null) return;
      session.slot = slot;
      if (session.cachedTokens !== null) continue;
      session.cachedTokens = slot.cached.length;
      this.counters.cachedTokens += slot.cached.length;
    }
  }

  /** Whether another session is computing just the prompt that this one needs: then it waits and takes a copy. */
  #awaitsPrefix(waiting: Session): boolean {
    if (!this.#spec.weights.canTrim) return false;
    for (const { slot, tokens, scope } of this.#sessions.values()) {
      if (slot === null || scope !== waiting.scope || tokens.length - slot.cached.length <= 1) continue;
      const shared = Math.min(commonPrefix(tokens, waiting.tokens), waiting.tokens.length - 1);
      if (shared >= slot.cached.length + COPY_GAIN_TOKENS_MIN) return true;
    }
    return false;
  }

  /** Fills the batch; returns how many tokens of each session are in it. */
  #gather(): Map<Session, number> {
    const { context } = this.#spec;
    const batched = new Map<Session, number>();
    const prefilling: Session[] = [];
    for (const session of this.#sessions.values()) {
      if (session.slot === null) continue;
      if (waitingTokens(session) > 1) prefilling.push(session);
      else if (context.rows < context.rowsMax) batched.set(session, addRows(context, session, 1));
    }
    const chunk = batched.size === 0 ? context.rowsMax : PREFILL_CHUNK_ROWS;
    const room = Math.min(chunk, context.rowsMax - context.rows);
    const shares = prefillShares(prefilling.map(waitingTokens), room);
    for (const [index, session] of prefilling.entries()) {
      const share = shares[index] ?? 0;
      if (share > 0) batched.set(session, addRows(context, session, share));
    }
    return batched;
  }

  /** What was computed counts, unless its session was cancelled in the meantime. */
  #commit(batched: ReadonlyMap<Session, number>): void {
    for (const [session, rows] of batched) {
      const slot = session.slot;
      if (slot === null) continue;
      const from = slot.cached.length;
      for (let i = 0; i < rows; i += 1) slot.cached.push(session.tokens[from + i] as number);
      if (rows > 1 || from < session.request.promptTokens) this.counters.promptTokens += rows;
      if (session.outputRow >= 0) this.#draw(session);
    }
  }

  #draw(session: Session): void {
    const id = session.request.session;
    let events: SessionEvent[];
    try {
      events = session.step(this.#spec.context.logits(session.outputRow));
    } catch (error) {
      if (!isFilonError(error)) throw error;
      this.#fail(session, error);
      return;
    }
    if (!session.prefilled)
      this.#outputs.push([id, { kind: 'prefilled', cachedTokens: session.cachedTokens ?? 0 }]);
    session.prefilled = true;
    this.counters.generatedTokens += 1;
    for (const event of events) this.#outputs.push([id, event]);
    session.heardMs = this.#spec.nowMs();
    if (events.at(-1)?.kind === 'end') this.#remove(session);
  }

  /** The cache is full: old prefixes go first, then the youngest session waits and is computed again later. */
  #makeRoom(batched: ReadonlyMap<Session, number>): void {
    if (this.#slots.evict()) return;
    const holders = [...this.#sessions.values()].filter((session) => session.slot !== null);
    if (holders.length > 1) {
      const youngest = holders.reduce((a, b) => (b.arrival > a.arrival ? b : a));
      const slot = youngest.slot as Slot;
      youngest.slot = null;
      this.#slots.clear(slot);
      this.#slots.release(slot, this.counters.ticks);
      this.#crowded = true;
      return;
    }
    for (const session of batched.keys()) {
      // One that was cancelled during the decode is gone already.
      if (session.slot === null) continue;
      this.#outputs.push([session.request.session, session.endByLength()]);
      this.#remove(session);
    }
  }

  #remove(session: Session): void {
    this.#sessions.delete(session.request.session);
    this.#crowded = false;
    if (session.slot !== null) this.#slots.release(session.slot, this.counters.ticks);
    session.slot = null;
    session.close();
  }

  #fail(session: Session, error: FilonError): void {
    this.#outputs.push([session.request.session, { kind: 'error', error }]);
    this.#remove(session);
  }

  #failAll(sessions: Iterable<Session>, status: number): void {
    const model = this.#spec.model;
    for (const session of [...sessions]) {
      const slot = session.slot;
      if (slot === null) continue;
      this.#fail(
        session,
        new FilonError<EngineErrorDetails>(
          { code: 'ENGINE_DECODE_FAILED', model, status },
          `llama_decode failed with ${status}.`,
        ),
      );
      this.#slots.clear(slot);
    }
  }

  #flush(): void {
    if (this.#outputs.length > 0) this.#emit();
  }

  /**
   * Tokens of a few ticks go out together: each message costs the node's processor as much as a small model's layer, on
   * the cores that compute. Whatever begins or ends a session goes out at once. Nothing at all, after a tick that only
   * read a prompt, goes out as well: the other end takes it as a sign of life.
   */
  #report(nowMs: number): void {
    this.#sayWhoWaits(nowMs);
    const onlyTokens = this.#outputs.length > 0 && this.#outputs.every(([, { kind }]) => kind === 'token');
    this.#ticksHeld += 1;
    const held = this.#ticksHeld < TICKS_HELD_MAX && nowMs - this.#reportedMs < TOKENS_HELD_MS;
    if (onlyTokens && held) return;
    this.#ticksHeld = 0;
    this.#reportedMs = nowMs;
    this.#emit();
  }

  /** For want of room, or because its prompt or that of another is being read: who waits for it would think it dead. */
  #sayWhoWaits(nowMs: number): void {
    for (const session of this.#sessions.values()) {
      if (nowMs - session.heardMs < WAITING_MS) continue;
      session.heardMs = nowMs;
      this.#outputs.push([session.request.session, { kind: 'waiting' }]);
    }
  }

  #emit(): void {
    const outputs = this.#outputs;
    this.#outputs = [];
    this.#spec.emit(outputs);
  }
}

/** Tokens that are not in the cache: of a session that decodes, the last one. */
function waitingTokens({ slot, tokens }: Session): number {
  return tokens.length - (slot?.cached.length ?? 0);
}

/** Adds up to `max` of the tokens that are not in the cache; the row of the session's last token is an output. */
function addRows(context: Context, session: Session, max: number): number {
  const slot = session.slot as Slot;
  const from = slot.cached.length;
  const to = Math.min(session.tokens.length, from + max);
  session.outputRow = -1;
  for (let position = from; position < to; position += 1) {
    const output = position === session.tokens.length - 1;
    const row = context.add(session.tokens[position] as number, position, slot.sequence, output);
    if (output) session.outputRow = row;
  }
  return to - from;
}

function closed(): FilonError<EngineErrorDetails> {
  return new FilonError<EngineErrorDetails>({ code: 'ENGINE_CLOSED' }, 'the model is being unloaded.');
}

function busy(session: string): FilonError<EngineErrorDetails> {
  return new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_SESSION_BUSY', session },
    `session ${session} is open already.`,
  );
}

function full({ model, sessionsMax }: BatcherSpec): FilonError<EngineErrorDetails> {
  return new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_SLOTS_FULL', model, sessionsMax },
    `all ${sessionsMax} slots of this model are taken.`,
  );
}
