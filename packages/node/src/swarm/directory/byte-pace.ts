/** Bytes that peers may cost: so many at once, and so many a second. A peer keeps its pace when its link ends. */
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import { LINK_BYTES_AT_ONCE, LINK_BYTES_PER_SECOND, PACED_PEERS_MAX } from './directory-limits.ts';

interface Account {
  /** Below 0: what has to pass first. */
  left: number;
  atMs: number;
}

export class BytePace {
  readonly #clock: Clock;
  readonly #accounts = new Map<KeyId, Account>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits until the peer may go on after these. */
  async spend(peer: KeyId, bytes: number, { signal }: Waiting): Promise<void> {
    const account = this.#of(peer);
    account.left -= bytes;
    const waitMs = (-account.left * 1000) / LINK_BYTES_PER_SECOND;
    if (waitMs > 0) await this.#clock.sleep(waitMs, { signal });
  }

  #of(peer: KeyId): Account {
    const nowMs = this.#clock.monotonicMs();
    const account = this.#accounts.get(peer) ?? { left: LINK_BYTES_AT_ONCE, atMs: nowMs };
    const earned = ((nowMs - account.atMs) * LINK_BYTES_PER_SECOND) / 1000;
    account.left = Math.min(LINK_BYTES_AT_ONCE, account.left + earned);
    account.atMs = nowMs;
    this.#accounts.delete(peer);
    this.#accounts.set(peer, account);
    const [oldest] = this.#accounts.keys();
    if (this.#accounts.size > PACED_PEERS_MAX && oldest !== undefined) this.#accounts.delete(oldest);
    return account;
  }
}
