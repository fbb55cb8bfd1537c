/** Asks peers how soon they could answer. What they say is kept for a moment, so that a burst of requests asks once. */
import { type LoadMessage, loadCodec, PREFIX_BLOCK_TOKENS } from '@filon/core/directory/load-messages';
import type { CurrentLoad } from '@filon/core/serving/routing';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import type { Network } from '../../ports/network.ts';

const KEPT_MS = 1000;
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
  told: Promise<ToldLoad>;
  atMs: number;
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

  /** `peer` must be connected. Codes: NETWORK_*, WIRE_*. */
  async ask(
    peer: KeyId,
    { model, prefix }: { model: string; prefix: Uint8Array },
    options: Waiting,
  ): Promise<ToldLoad> {
    const key = `${peer} ${model} ${Buffer.from(prefix).toString('latin1')}`;
    const nowMs = this.#clock.monotonicMs();
    const kept = this.#kept.get(key);
    if (kept && nowMs - kept.atMs < KEPT_MS) return await kept.told;
    const told = this.#ask(peer, { kind: 'ask', model, prefix }, options).then((answer) => {
      this.#remember(`${peer} ${model}`, answer);
      return answer;
    });
    this.#kept.delete(key);
    this.#kept.set(key, { told, atMs: nowMs });
    trim(this.#kept);
    told.catch(() => this.#kept.delete(key));
    return await told;
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

  #remember(key: string, { load }: ToldLoad): void {
    this.#last.delete(key);
    if (load !== null) this.#last.set(key, { load, atMs: this.#clock.monotonicMs() });
    trim(this.#last);
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
    this.#commitments.delete(peer);
    this.#commitments.set(peer, commitment);
    trim(this.#commitments);
    const load = { active, queued, queueMs, cachedTokens: cachedBlocks * PREFIX_BLOCK_TOKENS };
    // Opening the channel took a round trip, and the question another one.
    return { load: answer.ready ? load : null, sessionsMax, roundTripMs: tookMs / 2 };
  }
}

function trim<K>(map: Map<K, unknown>): void {
  const [oldest] = map.keys();
  if (map.size > KEPT_MAX && oldest !== undefined) map.delete(oldest);
}
