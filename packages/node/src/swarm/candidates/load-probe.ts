/**
 * Asks peers how soon they could answer. What they say is kept for a moment, so that a burst of requests asks once, and
 * what this node takes and gives back meanwhile is counted in.
 */
import { orAborted } from '@filon/core/abort';
import { type LoadMessage, loadCodec, PREFIX_BLOCK_TOKENS } from '@filon/core/directory/load-messages';
import type { CurrentLoad } from '@filon/core/serving/routing';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import type { Network } from '../../ports/network.ts';
import { deadline } from '../membership/deadline.ts';

const KEPT_MS = 1000;
/** Of one with half of its places free: it is asked beside the request, for the next one. */
const IDLE_KEPT_MS = 15_000;
const IDLE_SHARE = 0.5;
/** Whoever asked has left by then. */
const ANSWER_MS = 5_000;
/** After the request that it is asked for: what that does first is not to wait for this. */
const RENEW_AFTER_MS = 250;
/** Questions to one peer within {@link KEPT_MS}; beyond, what it said last of any prefix has to do. */
const ASKED_MAX = 10;
/** What an answer is taken to last there, to tell how long the next one waits. */
const ANSWER_GUESS_MS = 5_000;
const KEPT_MAX = 512;
/** After that, what a peer said of its load is no news to show. */
const SHOWN_MS = 15_000;

export interface ToldLoad {
  /** null: it has not got the model ready, or does not answer this node. */
  load: CurrentLoad | null;
  sessionsMax: number;
  roundTripMs: number;
}

interface Kept {
  of: string;
  told: Promise<ToldLoad>;
  atMs: number;
  /** null: not told yet. */
  now: ToldLoad | null;
  /** Places that this node has taken there since, less those that it gave back. */
  taken: number;
  /** It is being asked again. */
  isOld: boolean;
}

export class LoadProbe {
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  readonly #last = new Map<string, { load: CurrentLoad; atMs: number }>();
  readonly #commitments = new Map<KeyId, Uint8Array>();

  constructor(deps: { network: Network; clock: Clock }) {
    this.#network = deps.network;
    this.#clock = deps.clock;
  }

  /** `peer` must be connected. Codes: NETWORK_*, WIRE_*, the signal's reason. */
  async ask(
    peer: KeyId,
    { model, prefix }: { model: string; prefix: Uint8Array },
    { signal }: Waiting,
  ): Promise<ToldLoad> {
    const of = `${peer} ${model}`;
    const key = `${of} ${Buffer.from(prefix).toString('latin1')}`;
    const message = { kind: 'ask', model, prefix } as const;
    const nowMs = this.#clock.monotonicMs();
    const kept = this.#kept.get(key);
    if (kept && nowMs - kept.atMs < KEPT_MS) return withTaken(await orAborted(kept.told, signal), kept.taken);
    if (kept?.now && nowMs - kept.atMs < IDLE_KEPT_MS && isIdle(withTaken(kept.now, kept.taken))) {
      if (!kept.isOld) void this.#renew(peer, { key, of, message, kept });
      return withTaken(kept.now, kept.taken);
    }
    const lately = [...this.#kept.values()].filter((one) => one.of === of && nowMs - one.atMs < KEPT_MS);
    const last = lately.at(-1);
    if (last && lately.length >= ASKED_MAX)
      return withoutCache(withTaken(await orAborted(last.told, signal), last.taken));
    return await orAborted(this.#keep(key, of, this.#askInTime(peer, message)).told, signal);
  }

  /** Places taken at that peer for a model, from now until it is disposed of. */
  taken(peer: KeyId, { model, sessions }: { model: string; sessions: number }): Disposable {
    const count = (by: number): void => {
      for (const kept of this.#kept.values()) if (kept.of === `${peer} ${model}`) kept.taken += by;
    };
    count(sessions);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) count(-sessions);
        held = false;
      },
    };
  }

  #keep(key: string, of: string, told: Promise<ToldLoad>): Kept {
    const kept: Kept = { of, told, atMs: this.#clock.monotonicMs(), now: null, taken: 0, isOld: false };
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    trim(this.#kept);
    told.then(
      (answer) => {
        kept.now = answer;
        this.#remember(of, answer);
      },
      () => {
        if (this.#kept.get(key) === kept) this.#kept.delete(key);
      },
    );
    return kept;
  }

  /** Of the next request; this one does not wait for it. */
  async #renew(
    peer: KeyId,
    { key, of, message, kept }: { key: string; of: string; message: LoadMessage; kept: Kept },
  ): Promise<void> {
    kept.isOld = true;
    using limit = deadline(this.#clock, IDLE_KEPT_MS);
    try {
      await this.#clock.sleep(RENEW_AFTER_MS, limit);
      const answer = await this.#ask(peer, message, limit);
      this.#keep(key, of, Promise.resolve(answer));
    } catch {
      if (this.#kept.get(key) === kept) this.#kept.delete(key);
    }
  }

  /** What it said the last time that it was asked; null: it was not, not lately, or had nothing ready. */
  last(peer: KeyId, model: string): CurrentLoad | null {
    const last = this.#last.get(`${peer} ${model}`);
    return last === undefined || this.#clock.monotonicMs() - last.atMs > SHOWN_MS ? null : last.load;
  }

  /** What the peer committed itself to, for one request; null: ask it when the request is opened. */
  takeCommitment(peer: KeyId): Uint8Array | null {
    const commitment = this.#commitments.get(peer) ?? null;
    this.#commitments.delete(peer);
    return commitment;
  }

  noteCommitment(peer: KeyId, commitment: Uint8Array): void {
    this.#commitments.delete(peer);
    this.#commitments.set(peer, commitment);
    trim(this.#commitments);
  }

  #remember(key: string, { load }: ToldLoad): void {
    this.#last.delete(key);
    if (load !== null) this.#last.set(key, { load, atMs: this.#clock.monotonicMs() });
    trim(this.#last);
  }

  /** Others may wait for the answer as well: it does not end with whoever asked first. */
  async #askInTime(peer: KeyId, message: LoadMessage): Promise<ToldLoad> {
    using limit = deadline(this.#clock, ANSWER_MS);
    return await this.#ask(peer, message, limit);
  }

  async #ask(peer: KeyId, message: LoadMessage, { signal }: Waiting): Promise<ToldLoad> {
    const { protocol, frameBytesMax } = loadCodec;
    const startMs = this.#clock.monotonicMs();
    const channel = await this.#network.open(peer, protocol, { signal, frameBytesMax });
    const leave = (): void => channel.abort();
    signal.addEventListener('abort', leave, { once: true });
    try {
      await channel.send(loadCodec.encode(message), { signal });
      await channel.end();
      for await (const frame of channel.frames) {
        const answer = loadCodec.decode(frame);
        if (answer.kind === 'load') return this.#note(peer, answer, this.#clock.monotonicMs() - startMs);
      }
      return { load: null, sessionsMax: 1, roundTripMs: this.#clock.monotonicMs() - startMs };
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', leave);
      channel.abort();
    }
  }

  #note(peer: KeyId, answer: Extract<LoadMessage, { kind: 'load' }>, tookMs: number): ToldLoad {
    const { active, queued, queueMs, sessionsMax, cachedBlocks, commitment } = answer;
    this.noteCommitment(peer, commitment);
    const load = { active, queued, queueMs, cachedTokens: cachedBlocks * PREFIX_BLOCK_TOKENS };
    // Opening the channel took a round trip, and the question another one.
    return { load: answer.ready ? load : null, sessionsMax, roundTripMs: tookMs / 2 };
  }
}

function isIdle({ load, sessionsMax }: ToldLoad): boolean {
  return load !== null && load.queued === 0 && load.active <= sessionsMax * IDLE_SHARE;
}

/** As it would say now, if nobody but this node has taken or given back anything. */
function withTaken(told: ToldLoad, taken: number): ToldLoad {
  const { load, sessionsMax } = told;
  if (load === null || taken === 0) return told;
  const all = Math.max(0, load.active + load.queued + taken);
  const queued = Math.max(0, all - sessionsMax);
  const turnMs = load.queueMs > 0 ? load.queueMs / (load.queued + 1) : ANSWER_GUESS_MS / sessionsMax;
  const queueMs = all < sessionsMax ? 0 : (queued + 1) * turnMs;
  return { ...told, load: { ...load, active: all - queued, queued, queueMs } };
}

function withoutCache(told: ToldLoad): ToldLoad {
  return { ...told, load: told.load && { ...told.load, cachedTokens: 0 } };
}

function trim<K>(map: Map<K, unknown>): void {
  const [oldest] = map.keys();
  if (map.size > KEPT_MAX && oldest !== undefined) map.delete(oldest);
}
