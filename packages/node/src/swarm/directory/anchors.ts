/**
 * Peers that this node was linked with for a while, kept on disk: after a start it goes to them first, so that whoever
 * floods the swarm meanwhile does not become all that it sees. Those known for longest stay, but of each part of the
 * network and of each operator a few only.
 */
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../../ports/clock.ts';
import { remember } from '../../ports/remember.ts';
import type { AnchorRow, Store } from '../../ports/store.ts';
import { type Placed, partOf } from './diverse.ts';

export const ANCHORS_MAX = 64;
export const ANCHORS_PER_GROUP_MAX = 8;
/** Not met for so long, an anchor is forgotten. */
const FORGOTTEN_AFTER_MS = 60 * 86_400_000;
/** Meeting it again is not written more often. */
const WRITE_EVERY_MS = 3_600_000;

export interface Anchor extends Placed {
  firstMs: number;
  lastMs: number;
}

export class Anchors {
  readonly #clock: Clock;
  readonly #store: Store;

  constructor(deps: { clock: Clock; store: Store }) {
    this.#clock = deps.clock;
    this.#store = deps.store;
  }

  /** The longest known first. */
  list(): Anchor[] {
    return this.#store
      .list('anchors')
      .map(({ key, value }) => ({ node: key, ...value }))
      .sort((a, b) => a.firstMs - b.firstMs || (a.node < b.node ? -1 : 1));
  }

  /** There is a link with it that has held for a while. */
  met({ node, operator, addresses }: Placed): void {
    if (addresses.length === 0) return;
    const nowMs = this.#clock.nowMs();
    const before = this.#store.get('anchors', node);
    const isSame = before?.operator === operator && before.addresses.join() === addresses.join();
    if (before && isSame && Math.abs(nowMs - before.lastMs) < WRITE_EVERY_MS) return;
    const row: AnchorRow = {
      ...{ operator, addresses: [...addresses] },
      ...{ firstMs: before?.firstMs ?? nowMs, lastMs: nowMs },
    };
    remember(this.#store, () => {
      this.#store.put('anchors', node, row);
      this.#prune(nowMs);
    });
  }

  /** Its membership ended. */
  forget(node: KeyId): void {
    remember(this.#store, () => this.#store.delete('anchors', node));
  }

  #prune(nowMs: number): void {
    const groups = new Map<string, number>();
    let kept = 0;
    for (const anchor of this.list()) {
      const names = [`operator ${anchor.operator}`, `part ${partOf(anchor.addresses[0] ?? '')}`];
      const isOver = names.some((name) => (groups.get(name) ?? 0) >= ANCHORS_PER_GROUP_MAX);
      if (isOver || kept >= ANCHORS_MAX || nowMs - anchor.lastMs > FORGOTTEN_AFTER_MS) {
        this.forget(anchor.node);
        continue;
      }
      kept += 1;
      for (const name of names) groups.set(name, (groups.get(name) ?? 0) + 1);
    }
  }
}
