/** One seat of this node that a peer sits at: a channel, from its first message to its end. */
import { createHash } from 'node:crypto';
import { type AskedAhead, type SeatAsk, seatAsks, seatTells } from '@filon/core/answering/answer-messages';
import { TOKENS_MAX, VECTOR_LENGTH_MAX } from '@filon/core/answering/limits';
import { promptBeginning } from '@filon/core/answering/prompt-beginning';
import { decodePrompt } from '@filon/core/answering/prompt-text';
import { PREFIX_BLOCK_CHARS, PREFIX_BLOCKS_MAX } from '@filon/core/directory/load-messages';
import { FilonError, isFilonError } from '@filon/core/errors';
import { sessionFrom, type TokenizedPrompt } from '@filon/core/serving/session';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Channel } from '../../ports/network.ts';
import type { GuestSeats, Seat } from '../../ports/replicas.ts';
import { deadline } from '../membership/deadline.ts';
import { BEAT_MS, CALL_BYTES, SEAT_CALLS_MAX, SEAT_IDLE_MS, SEND_STALL_MS } from './answer-constants.ts';
import { type AnswerErrorDetails, left, misused } from './answer-errors.ts';
import type { AnswerLimits, Guest } from './answer-limits.ts';
import type { Commitments } from './commitments.ts';
import { HostedSessions } from './hosted-sessions.ts';
import { SeatOutbox } from './seat-outbox.ts';
import { sha256, sharedSeed } from './shared-seed.ts';
import { placeOf, toldFailure } from './told-failure.ts';

export interface HostedSeatDeps {
  clock: Clock;
  log: Log;
  seats: GuestSeats;
  limits: AnswerLimits;
  commitments: Commitments;
  /** A session of the guest has read a prompt that begins so. */
  onRead?: (read: ReadHere) => void;
  /** Unlike that of any other seat. */
  name: string;
  guest: Guest;
}

export interface ReadHere {
  guest: Guest;
  model: string;
  /** As the guest named it. */
  scope: Uint8Array;
  beginning: string;
  /** Sessions that the model's cache is made for. */
  sessionsMax: number;
}

type Ask<K extends SeatAsk['kind']> = Extract<SeatAsk, { kind: K }>;

/** At a seat that was given. */
interface Sitting {
  model: string;
  seat: Seat;
  embeddingLength: number;
  sessions: HostedSessions;
}

export class HostedSeat {
  readonly #channel: Channel;
  readonly #deps: HostedSeatDeps;
  readonly #life = new AbortController();
  readonly #held = new DisposableStack();
  readonly #outbox: SeatOutbox;
  #asked = false;
  #sitting: Sitting | null = null;
  #secret: Uint8Array | null = null;
  /** Of the prompt that was tokenized last. */
  #beginning = '';
  #calls = 0;
  #busyMs: number;

  constructor(channel: Channel, deps: HostedSeatDeps) {
    const { clock } = deps;
    this.#channel = channel;
    this.#deps = deps;
    this.#busyMs = clock.monotonicMs();
    const onFailed = (error: unknown): void => this.#end(error);
    this.#outbox = new SeatOutbox(channel, { clock, signal: this.#life.signal, onFailed });
  }

  /** Resolves when nothing of it runs here any more: with null when the peer is done with it, else with the reason. */
  async run(): Promise<unknown> {
    const { signal } = this.#life;
    const over = Promise.withResolvers<never>();
    over.promise.catch(() => undefined);
    signal.addEventListener('abort', () => over.reject(signal.reason), { once: true });
    this.#watch().catch((error: unknown) => this.#end(error));
    let failure: unknown = null;
    try {
      await Promise.race([this.#read(), over.promise]);
    } catch (error) {
      failure = error;
    }
    this.#end(left());
    await this.#sitting?.sessions.idle();
    this.#held.dispose();
    if (failure !== null) await this.#refuse(failure);
    return failure;
  }

  #end(reason: unknown): void {
    this.#life.abort(reason);
  }

  async #read(): Promise<void> {
    const { limits, guest } = this.#deps;
    for await (const frame of this.#channel.frames) {
      limits.spend(guest, 'calls', Math.ceil(frame.length / CALL_BYTES));
      this.#take(seatAsks.decode(frame));
    }
  }

  /** Tells why, to a peer that still listens. */
  async #refuse(error: unknown): Promise<void> {
    if (isFilonError(error, 'NETWORK_CHANNEL_LOST')) return;
    await tellRefused(this.#channel, error, this.#deps);
  }

  #take(ask: SeatAsk): void {
    this.#busyMs = this.#deps.clock.monotonicMs();
    if (ask.kind === 'sit') {
      if (this.#asked) throw misused('it sat down twice');
      this.#asked = true;
      this.#sit(ask).catch((error: unknown) => this.#end(error));
      return;
    }
    const sitting = this.#sitting;
    if (sitting === null) throw misused(`it asked to ${ask.kind} before it had a seat`);
    if (ask.kind === 'cancel') sitting.sessions.cancel(ask.session);
    else if (ask.kind === 'nonce') this.#reveal();
    else if (ask.kind === 'open') sitting.sessions.open(ask);
    else if (ask.kind === 'embed') void this.#call(ask.call, () => this.#embed(ask, sitting));
    else void this.#call(ask.call, () => this.#tokenize(ask, sitting.seat));
  }

  async #sit({ model, sessions, commitment, ahead }: Ask<'sit'>): Promise<void> {
    const { seats, limits, commitments, guest, name } = this.#deps;
    const { signal } = this.#life;
    const permit = this.#held.use(limits.sit(guest, sessions));
    const known = commitment === null ? null : commitments.take(guest.node, commitment);
    const ours = known === null || commitment === null ? commitments.make(guest.node) : commitment;
    this.#secret = known ?? commitments.take(guest.node, ours);
    const onQueued = (place: { position: number; estimateMs: number }): void =>
      this.#outbox.say({ kind: 'queued', ...place });
    const seat = await seats.take({ model, sessions: permit.sessions }, { signal, onQueued });
    if (signal.aborted) seat[Symbol.dispose]();
    signal.throwIfAborted();
    this.#held.use(seat);
    const { model: _, ...facts } = await seat.ready({ signal });
    // What no message can hold is not promised.
    const loaded = { ...facts, contextTokens: Math.min(facts.contextTokens, TOKENS_MAX) };
    const { sessionsMax, embeddingLength } = loaded;
    const onRead = (scope: Uint8Array): void =>
      this.#deps.onRead?.({ guest, model, scope, beginning: this.#beginning, sessionsMax });
    const plan = { model, seat, name, onRead, scopeOf: (scope: Uint8Array) => scopeOf(guest, scope) };
    const talk = { outbox: this.#outbox, signal };
    this.#sitting = {
      model,
      seat,
      embeddingLength,
      sessions: new HostedSessions({ ...plan, ...talk, limits, guest }),
    };
    this.#busyMs = this.#deps.clock.monotonicMs();
    // A nonce that came before the commitment was known would let this node choose the seed.
    const nonce = known === null ? null : (ahead?.nonce ?? null);
    const secret = nonce === null ? null : this.#secret;
    if (secret !== null) this.#secret = null;
    this.#outbox.say({
      ...{ kind: 'seated', slots: seat.slots, loaded, commitment: ours, next: commitments.make(guest.node) },
      ...(ahead && { ahead: true }),
      ...(secret && { secret }),
    });
    const { contextTokens } = loaded;
    const seed = nonce && secret && sharedSeed(secret, nonce);
    if (ahead) this.#goAhead(ahead, this.#sitting, { contextTokens, seed });
  }

  #goAhead(
    { prompt, session }: AskedAhead,
    { seat, sessions }: Sitting,
    known: { contextTokens: number; seed: bigint | null },
  ): void {
    const tokenized = this.#call(0, () => this.#tokenize({ call: 0, prompt }, seat));
    const seed = session?.sampling.seed ?? known.seed;
    if (session === null || seed === null || seat.slots === 0) return;
    const { contextTokens } = known;
    const wanted = tokenized.then(
      (made) => made && sessionFrom(session, { tokens: made.tokens, contextTokens, seed }),
    );
    sessions.open({ session: 0, scope: session.scope, wanted });
  }

  #reveal(): void {
    if (this.#secret === null) throw misused('it asked for the secret of its seed twice');
    this.#outbox.say({ kind: 'secret', secret: this.#secret });
    this.#secret = null;
  }

  /** null: it failed, and the peer was told. */
  async #call<T>(call: number, work: () => Promise<T>): Promise<T | null> {
    if (this.#calls >= SEAT_CALLS_MAX) {
      this.#end(misused(`it made more than ${SEAT_CALLS_MAX} calls at once`));
      return null;
    }
    this.#calls += 1;
    try {
      return await work();
    } catch (error) {
      if (!this.#life.signal.aborted) this.#outbox.say({ kind: 'failed', call, ...toldFailure(error) });
      return null;
    } finally {
      this.#calls -= 1;
      this.#busyMs = this.#deps.clock.monotonicMs();
    }
  }

  async #tokenize(
    { call, prompt }: Pick<Ask<'tokenize'>, 'call' | 'prompt'>,
    seat: Seat,
  ): Promise<TokenizedPrompt> {
    const asked = decodePrompt(prompt);
    const made = await seat.tokenize(asked, { signal: this.#life.signal });
    if (made.tokens.length > TOKENS_MAX) throw beyondMessages('ENGINE_CONTEXT_EXCEEDED', 'prompt');
    this.#beginning = promptBeginning(asked, PREFIX_BLOCK_CHARS * PREFIX_BLOCKS_MAX);
    this.#outbox.say({ kind: 'tokens', call, ...made });
    return made;
  }

  async #embed({ call, texts }: Ask<'embed'>, { seat, embeddingLength }: Sitting): Promise<void> {
    const { limits, guest } = this.#deps;
    if (embeddingLength > VECTOR_LENGTH_MAX) throw beyondMessages('ENGINE_MODEL_UNSUPPORTED', 'vector');
    const tokens = texts.reduce((sum, { length }) => sum + length, 0);
    limits.spend(guest, 'prompt', tokens);
    if (seat.slots === 0) throw misused('it has no slot to embed with');
    const vectors = await seat.embed(texts, { signal: this.#life.signal });
    this.#outbox.say({ kind: 'vectors', call, vectors });
  }

  /** Says that it is there, and gives up a peer that takes nothing, or holds a slot for nothing. */
  async #watch(): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#life;
    for (;;) {
      await clock.sleep(BEAT_MS, { signal });
      if (this.#outbox.stalledMs > SEND_STALL_MS) {
        this.#channel.abort();
        throw misused('it takes nothing that is sent to it');
      }
      const isIdle = this.#calls === 0 && (this.#sitting?.sessions.count ?? 0) === 0;
      const waits = this.#asked && this.#sitting === null;
      if (!isIdle || waits) this.#busyMs = clock.monotonicMs();
      if (clock.monotonicMs() - this.#busyMs > SEAT_IDLE_MS) {
        throw new FilonError<AnswerErrorDetails>(
          { code: 'ANSWER_IDLE' },
          'nothing ran at this seat for long',
        );
      }
      if (this.#outbox.quietMs >= BEAT_MS / 2) this.#outbox.say({ kind: 'beat' });
    }
  }
}

/** Of the model itself, which another node has as well. */
function beyondMessages(code: string, what: string): FilonError {
  return new FilonError({ code }, `a ${what} of this model can be longer than nodes send to one another`);
}

/** Separated by operator and by what the peer said of its own callers: nobody learns what another asked. */
function scopeOf({ operator }: Guest, scope: Uint8Array): string {
  return `peer:${createHash('sha256').update(operator).update(sha256(scope)).digest('base64url')}`;
}

/** Why there is no seat, or none any more; to a peer that takes nothing it is not said. */
export async function tellRefused(
  channel: Channel,
  error: unknown,
  { clock }: Pick<HostedSeatDeps, 'clock'>,
): Promise<void> {
  const frame = seatTells.encode({ kind: 'refused', ...toldFailure(error), ...placeOf(error) });
  using soon = deadline(clock, BEAT_MS);
  await channel.send(frame, soon).catch(() => channel.abort());
}
