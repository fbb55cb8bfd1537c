/** A seat at another node: one channel of `/filon/answer/1`, seen from the side that asks. */
import { orAborted } from '@filon/core/abort';
import { type SeatAsk, type SeatTell, seatAsks, seatTells } from '@filon/core/answering/answer-messages';
import { PROMPT_BYTES_MAX, SEED_BYTES, TEXTS_MAX } from '@filon/core/answering/limits';
import { encodePrompt, type TextPrompt } from '@filon/core/answering/prompt-text';
import { FilonError, isFilonError } from '@filon/core/errors';
import type { LoadedModel, SessionRequest, SessionSign, TokenizedPrompt } from '@filon/core/serving/session';
import type { KeyId } from '@filon/core/swarm/key-id';
import { replicaLost } from '@filon/core/swarm/replica-errors';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import type { Channel } from '../../ports/network.ts';
import type { QueuePlace, Seat, SeatAhead } from '../../ports/replicas.ts';
import { deadline } from '../membership/deadline.ts';
import {
  BEAT_MS,
  CALL_ANSWER_MS,
  CLOSE_MS,
  EMBED_ANSWER_MS,
  EMBED_TOKENS_MAX,
  INBOX_SIGNS_MAX,
} from './answer-constants.ts';
import { PendingCalls } from './pending-calls.ts';
import { QuietWatch } from './quiet-watch.ts';
import { AheadCalls, type Begun, isSame } from './seat-ahead.ts';
import { SessionInbox } from './session-inbox.ts';
import { sha256, sharedSeed } from './shared-seed.ts';
import { isFaultOfRequest, isWithoutRoom } from './told-failure.ts';

export interface RemoteSeatDeps {
  clock: Clock;
  roundTripMs: number | null;
  randomBytes: (count: number) => Uint8Array;
  /** Of a scope: what the far node may know of it. */
  hideScope: (scope: string) => Uint8Array;
  onQueued: (place: QueuePlace) => void;
  /** The far node committed itself for the next seat there. */
  onCommitment: (commitment: Uint8Array) => void;
}

const TOKEN_CHARS_MAX = 256;

type Tell<K extends SeatTell['kind']> = Extract<SeatTell, { kind: K }>;

export interface SitWanted {
  model: string;
  sessions: number;
  commitment: Uint8Array | null;
  ahead: SeatAhead | null;
}

export class RemoteSeat implements Seat {
  readonly node: KeyId;
  readonly #channel: Channel;
  readonly #deps: RemoteSeatDeps;
  readonly #wanted: SitWanted;
  readonly #life = new AbortController();
  /** Nothing more comes from the far side. */
  readonly #closed = new AbortController();
  readonly #quiet: QuietWatch;
  readonly #calls: PendingCalls;
  readonly #sessions = new Map<number, SessionInbox>();
  readonly #seated = Promise.withResolvers<Tell<'seated'>>();
  #told: Tell<'seated'> | null = null;
  #secret: PromiseWithResolvers<Uint8Array> | null = null;
  readonly #ahead: AheadCalls | null;
  /** Session 0, until somebody opens it. */
  #begun: (Begun & { inbox: SessionInbox }) | null = null;
  readonly #held = new DisposableStack();
  #sessionCount = 0;
  #read = Promise.withResolvers<void>();

  constructor(channel: Channel, wanted: SitWanted, deps: RemoteSeatDeps) {
    this.node = channel.peer;
    this.#channel = channel;
    this.#wanted = wanted;
    this.#deps = deps;
    this.#quiet = new QuietWatch(deps.clock, deps);
    const late = (timeoutMs: number): unknown => this.#late(timeoutMs);
    this.#calls = new PendingCalls(deps.clock, { life: this.#life.signal, late });
    this.#seated.promise.catch(() => undefined);
    const { ahead, commitment } = wanted;
    this.#ahead = ahead && new AheadCalls(ahead, commitment !== null, deps);
  }

  get slots(): number {
    return this.#told?.slots ?? 0;
  }

  /** Resolves when the seat is given. Codes: REPLICA_REFUSED, REPLICA_LOST. */
  async sit({ signal }: Waiting): Promise<void> {
    this.#listen()
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.#closed.abort());
    this.#watch().catch((error: unknown) => this.#fail(error));
    const { model, sessions, commitment } = this.#wanted;
    const ahead = this.#ahead?.asked;
    await this.#send({ kind: 'sit', model, sessions, commitment, ...(ahead && { ahead }) });
    await orAborted(this.#seated.promise, signal);
  }

  async ready({ signal }: Waiting): Promise<LoadedModel> {
    signal.throwIfAborted();
    this.#life.signal.throwIfAborted();
    const { loaded } = await this.#seated.promise;
    return { ...loaded, model: this.#wanted.model };
  }

  async tokenize(prompt: TextPrompt, options: Waiting): Promise<TokenizedPrompt> {
    const known = this.#ahead?.takeTokens(prompt);
    if (known) return await orAborted(known, options.signal);
    const text = encodePrompt(prompt);
    if (Buffer.byteLength(text) > PROMPT_BYTES_MAX)
      throw tooLong(text, (await this.ready(options)).contextTokens);
    return await this.#tokens((call) => this.#send({ kind: 'tokenize', call, prompt: text }), options);
  }

  async #tokens(ask: (call: number) => Promise<void>, options: Waiting): Promise<TokenizedPrompt> {
    const tell = await this.#calls.make(ask, { ...options, timeoutMs: CALL_ANSWER_MS });
    if (tell.kind !== 'tokens') throw this.#broken(`${tell.kind} for tokens`);
    const { tokens, inReasoning } = tell;
    const { vocabTokens } = (await this.#seated.promise).loaded;
    if (tokens.some((token) => token < 0 || token >= vocabTokens)) throw this.#broken('no such token');
    return { tokens, inReasoning };
  }

  async seed({ signal }: Waiting): Promise<bigint> {
    const seated = await this.#seated.promise;
    const { commitment } = seated;
    const known = this.#ahead?.seed(seated) ?? null;
    if (known !== null) return known;
    const nonce = this.#deps.randomBytes(SEED_BYTES);
    this.#secret = Promise.withResolvers<Uint8Array>();
    this.#secret.promise.catch(() => undefined);
    await this.#send({ kind: 'nonce', nonce });
    using limit = deadline(this.#deps.clock, CALL_ANSWER_MS, AbortSignal.any([signal, this.#life.signal]));
    const secret = await orAborted(this.#secret.promise, limit.signal).catch((error: unknown) => {
      throw isFilonError(error, 'SWARM_LATE') ? this.#late(CALL_ANSWER_MS) : error;
    });
    if (Buffer.compare(sha256(secret), commitment) !== 0) throw this.#broken('another secret than promised');
    return sharedSeed(secret, nonce);
  }

  #late(timeoutMs: number): FilonError {
    return replicaLost(this.node, { how: 'silent', reason: `no answer within ${timeoutMs} ms` });
  }

  async *open(request: SessionRequest, { signal }: Waiting): AsyncGenerator<SessionSign> {
    signal.throwIfAborted();
    this.#life.signal.throwIfAborted();
    const { vocabTokens } = (await this.#seated.promise).loaded;
    const begun = this.#takeBegun(request);
    const session = begun ? 0 : this.#sessionCount++;
    const inbox = begun ?? new SessionInbox(request, { clock: this.#deps.clock, vocabTokens });
    const leave = (): void => inbox.fail(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    this.#sessions.set(session, inbox);
    try {
      const { session: _, model: __, scope = '', ...wanted } = request;
      const hidden = this.#deps.hideScope(scope);
      if (begun === null) await this.#send({ kind: 'open', session, scope: hidden, wanted });
      for (;;) {
        const sign = await inbox.next();
        this.#read.resolve();
        if (sign === null) return;
        yield sign;
      }
    } finally {
      signal.removeEventListener('abort', leave);
      this.#sessions.delete(session);
      if (!inbox.isOver || signal.aborted) {
        this.#send({ kind: 'cancel', session }).catch((error: unknown) => this.#fail(error));
      }
      this.#read.resolve();
    }
  }

  /** What is begun there goes on if it is what is asked for now, else it is left. */
  #takeBegun(request: SessionRequest): SessionInbox | null {
    const begun = this.#begun;
    this.#begun = null;
    if (begun === null || isSame(begun, request)) return begun?.inbox ?? null;
    this.#sessions.delete(0);
    this.#send({ kind: 'cancel', session: 0 }).catch((error: unknown) => this.#fail(error));
    return null;
  }

  async embed(texts: readonly Int32Array[], options: Waiting): Promise<Float32Array[]> {
    const vectors: Float32Array[] = [];
    for (const batch of batches(texts)) vectors.push(...(await this.#embed(batch, options)));
    return vectors;
  }

  async #embed(texts: readonly Int32Array[], options: Waiting): Promise<Float32Array[]> {
    const ask = (call: number): Promise<void> => this.#send({ kind: 'embed', call, texts: [...texts] });
    const tell = await this.#calls.make(ask, { ...options, timeoutMs: EMBED_ANSWER_MS });
    if (tell.kind !== 'vectors') throw this.#broken(`${tell.kind} for vectors`);
    const { embeddingLength } = (await this.#seated.promise).loaded;
    const isWhole = tell.vectors.length === texts.length;
    if (!isWhole || tell.vectors.some(({ length }) => length !== embeddingLength)) {
      throw this.#broken('other vectors than were asked for');
    }
    return tell.vectors;
  }

  /** To be disposed of with the seat. */
  onOver(held: Disposable): void {
    this.#held.use(held);
  }

  /** Everything that runs there is left, at once. */
  [Symbol.dispose](): void {
    this.#held.dispose();
    const isIdle = this.#sessions.size === 0 && this.#told !== null && !this.#life.signal.aborted;
    const reason = replicaLost(this.node, { how: 'left' });
    this.#life.abort(reason);
    for (const inbox of this.#sessions.values()) inbox.fail(reason);
    if (isIdle) void this.#close();
    else this.#channel.abort();
  }

  async #close(): Promise<void> {
    await this.#channel.end().catch(() => undefined);
    await this.#deps.clock.sleep(CLOSE_MS, { signal: this.#closed.signal }).catch(() => undefined);
    this.#channel.abort();
  }

  /** Codes: REPLICA_LOST. */
  async #send(ask: SeatAsk): Promise<void> {
    try {
      await this.#channel.send(seatAsks.encode(ask), { signal: this.#life.signal });
    } catch (error) {
      throw this.#lost(error);
    }
  }

  async #listen(): Promise<void> {
    for await (const frame of this.#channel.frames) {
      this.#quiet.heard();
      const fault = this.#take(seatTells.decode(frame));
      if (fault !== null) throw this.#broken(fault);
      this.#quiet.rest();
      while (this.#waiting() > INBOX_SIGNS_MAX) await orAborted(this.#read.promise, this.#life.signal);
      this.#quiet.listen();
    }
    throw replicaLost(this.node, { how: 'closed' });
  }

  #waiting(): number {
    this.#read = Promise.withResolvers<void>();
    return [...this.#sessions.values()].reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** null, or what is wrong with it. */
  #take(tell: SeatTell): string | null {
    if (tell.kind === 'refused') throw this.#refused(tell);
    if (this.#told === null) return this.#takeFirst(tell);
    switch (tell.kind) {
      case 'signs':
        // Of a session that was left some may be on their way.
        return this.#sessions.get(tell.session)?.put(tell.signs) ?? null;
      case 'ended': {
        const inbox = this.#sessions.get(tell.session);
        inbox?.fail(this.#failureOf(tell, inbox));
        return null;
      }
      case 'failed':
        return this.#calls.settle(tell.call, { error: this.#failureOf(tell) });
      case 'tokens':
        if (tell.call === 0 && this.#told.ahead === true) this.#begin(this.#told, tell.tokens);
        return this.#calls.settle(tell.call, { tell });
      case 'vectors':
        return this.#calls.settle(tell.call, { tell });
      case 'secret':
        this.#secret?.resolve(tell.secret);
        return null;
      case 'beat':
        return null;
      default:
        return `a message ${tell.kind} at a seat that is given`;
    }
  }

  #takeFirst(tell: SeatTell): string | null {
    if (tell.kind === 'beat') return null;
    if (tell.kind === 'queued') {
      const { position, estimateMs } = tell;
      this.#deps.onQueued({ position, estimateMs });
      return null;
    }
    if (tell.kind !== 'seated') return `a message ${tell.kind} before the seat is given`;
    const { sessions } = this.#wanted;
    if (tell.slots > sessions || (sessions > 0 && tell.slots === 0)) return 'other slots than were asked for';
    if (tell.secret !== undefined && !this.#isPromised(tell, tell.secret))
      return 'another secret than promised';
    if (tell.next !== undefined) this.#deps.onCommitment(tell.next);
    this.#told = tell;
    if (tell.ahead === true && this.#ahead !== null) {
      const within = { signal: this.#life.signal };
      this.#ahead.expect(this.#tokens(async () => undefined, within));
    }
    this.#seated.resolve(tell);
    return null;
  }

  /** It was named before the nonce was sent. */
  #isPromised({ commitment }: Tell<'seated'>, secret: Uint8Array): boolean {
    const named = this.#wanted.commitment;
    const isNamed = named !== null && Buffer.compare(named, commitment) === 0;
    return isNamed && Buffer.compare(sha256(secret), commitment) === 0;
  }

  /** Of the session that begins there with these tokens, signs are next. */
  #begin(seated: Tell<'seated'>, tokens: Int32Array): void {
    const begun = this.#ahead?.begun(seated, tokens) ?? null;
    if (begun === null || this.#sessionCount > 0) return;
    const { vocabTokens } = seated.loaded;
    const { clock } = this.#deps;
    const request = { ...begun.wanted, session: '', model: this.#wanted.model };
    const inbox = new SessionInbox(request, { clock, vocabTokens });
    this.#sessionCount = 1;
    this.#sessions.set(0, inbox);
    this.#begun = { ...begun, inbox };
  }

  async #watch(): Promise<void> {
    const { signal } = this.#life;
    const stuck = async (): Promise<void> => {
      for (;;) {
        await this.#deps.clock.sleep(10 * BEAT_MS, { signal });
        for (const inbox of this.#sessions.values()) {
          if (inbox.isStuck()) inbox.fail(replicaLost(this.node, { how: 'stuck' }));
        }
      }
    };
    const quiet = async (): Promise<never> => {
      const quietMs = await this.#quiet.untilQuiet(signal);
      throw replicaLost(this.node, { how: 'silent', reason: `for ${Math.round(quietMs)} ms` });
    };
    await Promise.race([stuck(), quiet()]);
  }

  #fail(error: unknown): void {
    if (this.#life.signal.aborted) return;
    const failure = this.#lost(error);
    this.#life.abort(failure);
    this.#channel.abort();
    this.#seated.reject(failure);
    for (const inbox of this.#sessions.values()) inbox.fail(failure);
  }

  #lost(error: unknown): unknown {
    if (isFilonError(error) && error.code.startsWith('REPLICA_')) return error;
    if (this.#life.signal.aborted) return this.#life.signal.reason;
    const how = isFilonError(error) && error.code.startsWith('WIRE_') ? 'broken' : 'closed';
    return isFilonError(error) ? replicaLost(this.node, { how, reason: error.code }, error) : error;
  }

  #broken(what: string): unknown {
    const failure = replicaLost(this.node, { how: 'broken', reason: what });
    this.#fail(failure);
    return failure;
  }

  #refused(tell: Tell<'refused'>): FilonError {
    const isBegun = [...this.#sessions.values()].some((inbox) => inbox.isBegun);
    const isLost = this.#told !== null && (isBegun || !isWithoutRoom(tell.code));
    return isLost ? replicaLost(this.node, { how: 'failed', reason: tell.code }) : this.#refusal(tell);
  }

  #refusal({ code, position, waitSeconds, message }: Omit<Tell<'refused'>, 'kind'>): FilonError {
    const details = {
      ...{ code: 'REPLICA_REFUSED', node: this.node, reason: code },
      ...(position === null ? {} : { position }),
      ...(waitSeconds === null ? {} : { retryAfterSeconds: waitSeconds }),
    };
    return new FilonError(details, `the node ${this.node} has no place for this (${code}): ${message}`);
  }

  /**
   * Its own worker's death counts as one; of the rest only what another node would say as well is the request's. That it
   * has no room is believed of what it has not begun.
   */
  #failureOf({ code, message }: { code: string; message: string }, inbox?: SessionInbox): FilonError {
    if (code === 'ENGINE_WORKER_DIED' || isFaultOfRequest(code)) {
      return new FilonError({ code, node: this.node }, message);
    }
    if (isWithoutRoom(code) && inbox?.isBegun !== true)
      return this.#refusal({ code, message, position: null, waitSeconds: null });
    return replicaLost(this.node, { how: 'failed', reason: code });
  }
}

/** As many texts as one message may have. */
function batches(texts: readonly Int32Array[]): Int32Array[][] {
  const all: Int32Array[][] = [];
  let tokens = 0;
  for (const text of texts) {
    const last = all.at(-1);
    tokens += text.length;
    if (last !== undefined && last.length < TEXTS_MAX && tokens <= EMBED_TOKENS_MAX) last.push(text);
    else {
      all.push([text]);
      tokens = text.length;
    }
  }
  return all;
}

/** As serving says it; no token in use has more bytes than this. */
function tooLong(text: string, contextTokens: number): FilonError {
  const promptTokens = Math.ceil(text.length / TOKEN_CHARS_MAX);
  return new FilonError(
    { code: 'SERVE_CONTEXT_EXCEEDED', promptTokens, contextTokens },
    `the prompt is longer than the ${PROMPT_BYTES_MAX} bytes that another node takes; shorten it`,
  );
}
