/**
 * This machine's cards and who has them. Leases are written to the store before they are granted, with the process that
 * holds the card: after a crash, a lease of a dead process is taken back and one of a live process (a miner that
 * outlived the node, say) still counts.
 */

import { FilonError, invariant } from '@filon/core/errors';
import { CardQueue, type Turn } from '@filon/core/rig/card-queue';
import type { Device } from '@filon/core/serving/session';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import { type Lease, PURPOSES, type Purpose, type Rig } from '../../ports/rig.ts';
import type { Store, Tables } from '../../ports/store.ts';
import type { RigErrorDetails } from './errors.ts';
import { isSameProcess, processMark } from './process-mark.ts';

export interface LocalRigDeps {
  store: Store;
  clock: Clock;
  /** The devices that answer; the rig does not probe on its own. */
  cards: (options: Waiting) => Promise<readonly Device[]>;
}

type Row = Tables['leases'];

export async function openLocalRig(deps: LocalRigDeps): Promise<Rig & AsyncDisposable> {
  const rig = new LocalRig(deps);
  rig.takeBackStale();
  return rig;
}

class LocalRig implements Rig, AsyncDisposable {
  readonly #deps: LocalRigDeps;
  readonly #queues = new Map<string, CardQueue>();
  readonly #granted = new Map<string, Turn>();
  readonly #mark = processMark(process.pid);

  constructor(deps: LocalRigDeps) {
    this.#deps = deps;
  }

  cards(options: Waiting): Promise<readonly Device[]> {
    return this.#deps.cards(options);
  }

  async lease(device: string, purpose: Purpose, options: Waiting): Promise<Lease> {
    await this.#checkCard(device, options);
    const foreign = this.#foreign(device);
    if (foreign !== null) throw held(device, foreign.purpose, foreign.pid);
    const outcome = await this.#queue(device).acquire(PURPOSES.indexOf(purpose), options);
    if ('refused' in outcome) {
      if (outcome.refused === 'full') throw tooMany(device);
      throw held(device, PURPOSES[outcome.rank] ?? 'unknown', process.pid);
    }
    return this.#lease(device, purpose, outcome);
  }

  holder(device: string): { purpose: Purpose; sinceMs: number } | null {
    const row = this.#deps.store.get('leases', device);
    const purpose = PURPOSES.find((known) => known === row?.purpose);
    if (row === undefined || purpose === undefined || !isSameProcess(row.pid, row.holder)) return null;
    return { purpose, sinceMs: row.sinceMs };
  }

  takeBackStale(): void {
    for (const { key, value } of this.#deps.store.list('leases')) {
      if (!isSameProcess(value.pid, value.holder)) this.#deps.store.delete('leases', key);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [device, turn] of [...this.#granted]) this.#giveBack(device, turn);
  }

  async #checkCard(device: string, options: Waiting): Promise<void> {
    const cards = await this.#deps.cards(options);
    if (cards.some((card) => card.id === device)) return;
    const known = cards.map((card) => card.id).join(', ') || 'none';
    throw new FilonError<RigErrorDetails>(
      { code: 'RIG_CARD_UNKNOWN', device },
      `This machine has no device ${device}. It has: ${known}.`,
    );
  }

  /** A lease that this process did not write and whose process lives. */
  #foreign(device: string): Row | null {
    const row = this.#deps.store.get('leases', device);
    if (row === undefined || (row.pid === process.pid && row.holder === this.#mark)) return null;
    return isSameProcess(row.pid, row.holder) ? row : null;
  }

  #queue(device: string): CardQueue {
    const known = this.#queues.get(device);
    if (known !== undefined) return known;
    const made = new CardQueue();
    this.#queues.set(device, made);
    return made;
  }

  #lease(device: string, purpose: Purpose, turn: Turn): Lease {
    const sinceMs = this.#deps.clock.nowMs();
    try {
      this.#deps.store.put('leases', device, { holder: this.#mark, purpose, sinceMs, pid: process.pid });
    } catch (error) {
      turn.giveBack();
      throw error;
    }
    invariant(!this.#granted.has(device), `two holders of ${device}`);
    this.#granted.set(device, turn);
    return {
      device,
      purpose,
      revoked: turn.revoked,
      [Symbol.asyncDispose]: async () => this.#giveBack(device, turn),
    };
  }

  #giveBack(device: string, turn: Turn): void {
    if (this.#granted.get(device) !== turn) return;
    this.#granted.delete(device);
    this.#deps.store.delete('leases', device);
    turn.giveBack();
  }
}

function held(device: string, purpose: string, pid: number): FilonError<RigErrorDetails> {
  return new FilonError<RigErrorDetails>(
    { code: 'RIG_CARD_HELD', device, purpose, pid },
    `Device ${device} is in use for "${purpose}" by process ${pid}. Stop that first.`,
  );
}

function tooMany(device: string): FilonError<RigErrorDetails> {
  return new FilonError<RigErrorDetails>(
    { code: 'RIG_TOO_MANY_WAITERS', device },
    `Too many wait for device ${device}. Try again when one of them is done.`,
  );
}
