/**
 * This node's own memory of how its peers did: never announced, never asked of others. A failure costs much, a success
 * gives a little back, and time heals what was only failure. Wrong bytes are not healed by successes: the peer is left
 * alone for a while that doubles, and then begins as less than a stranger.
 */
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../../ports/clock.ts';
import { remember } from '../../ports/remember.ts';
import type { SeatOutcome } from '../../ports/replicas.ts';
import type { ReliabilityRow, Store } from '../../ports/store.ts';

/** `late`: it missed a deadline. `wrong`: other bytes than two nodes of its numeric class. */
export type Experience = 'served' | 'failed' | 'late' | 'wrong';

/** Of a peer that nobody here knows. */
export const RELIABILITY_OF_STRANGERS = 0.6;
/** Failures and deadlines alone bring nobody below it, so that a swarm of poor links still has somebody to ask. */
export const RELIABILITY_OF_THE_WORST = 0.08;
const AFTER_WRONG = 0.1;
const GAIN = 0.08;
const KEPT_AFTER: Readonly<Record<'failed' | 'late', number>> = { failed: 0.5, late: 0.75 };
/** Half of what failures cost is forgotten after so long. */
const HEALS_HALF_MS = 6 * 3_600_000;
const SHUNNED_MS = 24 * 3_600_000;
const SHUNNED_MS_MAX = 30 * SHUNNED_MS;
export const PEERS_REMEMBERED_MAX = 4096;
/** Successes may be lost in a crash; they are written at most so often a peer. */
const WRITE_EVERY_MS = 60_000;

interface Remembered extends ReliabilityRow {
  writtenMs: number;
}

/** A first token that comes later than so many times what was expected, and this, missed its deadline. */
const LATE_TIMES = 4;
const LATE_MS = 2000;

/** What an attempt at a seat says of its node; null: nothing. Who is full refuses, which is no fault. */
export function experienceOf(outcome: SeatOutcome): Experience | null {
  const { kind, firstTokenMs, expectedFirstTokenMs } = outcome;
  if (kind === 'left' || kind === 'refused') return null;
  if (kind !== 'answered') return 'failed';
  return (firstTokenMs ?? 0) > expectedFirstTokenMs * LATE_TIMES + LATE_MS ? 'late' : 'served';
}

export class Reliability {
  readonly #clock: Clock;
  readonly #store: Store;
  /** The one that was touched last at the end. */
  readonly #peers = new Map<KeyId, Remembered>();

  constructor(deps: { clock: Clock; store: Store }) {
    this.#clock = deps.clock;
    this.#store = deps.store;
    const rows = deps.store.list('reliability').sort((a, b) => a.value.atMs - b.value.atMs);
    for (const { key, value } of rows) this.#peers.set(key, { ...value, writtenMs: value.atMs });
  }

  /** 0 (not to be used) to 1. */
  of(peer: KeyId): number {
    const row = this.#peers.get(peer);
    return row ? this.#valueNow(row) : RELIABILITY_OF_STRANGERS;
  }

  history(peer: KeyId): Pick<ReliabilityRow, 'served' | 'failed' | 'wrong'> {
    const { served, failed, wrong } = this.#peers.get(peer) ?? { served: 0, failed: 0, wrong: 0 };
    return { served, failed, wrong };
  }

  note(peer: KeyId, experience: Experience): void {
    const nowMs = this.#clock.nowMs();
    const before = this.#peers.get(peer) ?? {
      ...{ value: RELIABILITY_OF_STRANGERS, atMs: nowMs, served: 0, failed: 0, wrong: 0 },
      ...{ shunnedUntilMs: 0, writtenMs: 0 },
    };
    const row = { ...before, ...changed(before, this.#valueNow(before), { experience, nowMs }), atMs: nowMs };
    const isQuiet = experience === 'served' && Math.abs(nowMs - before.writtenMs) < WRITE_EVERY_MS;
    if (!isQuiet) row.writtenMs = nowMs;
    this.#peers.delete(peer);
    this.#peers.set(peer, row);
    remember(this.#store, () => {
      if (!isQuiet) this.#write(peer, row);
      this.#forgetOne();
    });
  }

  #valueNow({ value, atMs, shunnedUntilMs }: ReliabilityRow): number {
    const nowMs = this.#clock.nowMs();
    if (nowMs < shunnedUntilMs) return 0;
    if (value >= RELIABILITY_OF_STRANGERS || shunnedUntilMs > 0) return value;
    // A clock that went back must not make it worse.
    const passedMs = Math.max(0, nowMs - atMs);
    return RELIABILITY_OF_STRANGERS - (RELIABILITY_OF_STRANGERS - value) * 0.5 ** (passedMs / HEALS_HALF_MS);
  }

  #write(peer: KeyId, { writtenMs: _, ...row }: Remembered): void {
    this.#store.put('reliability', peer, row);
  }

  /** Strangers' equals go first: a flood of new identities must not wash out who was caught. */
  #forgetOne(): void {
    if (this.#peers.size <= PEERS_REMEMBERED_MAX) return;
    const rows = [...this.#peers];
    const [peer] = rows.find(([, { wrong }]) => wrong === 0) ?? rows[0] ?? [];
    if (peer === undefined) return;
    this.#peers.delete(peer);
    this.#store.delete('reliability', peer);
  }
}

function changed(
  row: ReliabilityRow,
  value: number,
  { experience, nowMs }: { experience: Experience; nowMs: number },
): Partial<ReliabilityRow> {
  if (experience === 'served') return { value: value + (1 - value) * GAIN, served: row.served + 1 };
  if (experience === 'wrong') {
    const shunnedMs = Math.min(SHUNNED_MS_MAX, SHUNNED_MS * 2 ** row.wrong);
    return { value: AFTER_WRONG, wrong: row.wrong + 1, shunnedUntilMs: nowMs + shunnedMs };
  }
  const worst = Math.min(value, RELIABILITY_OF_THE_WORST);
  return { value: Math.max(worst, value * KEPT_AFTER[experience]), failed: row.failed + 1 };
}
