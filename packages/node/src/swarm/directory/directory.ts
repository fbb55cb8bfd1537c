/**
 * The announcements of the swarm that hold now. Newest wins; what is replayed, back-dated, expired or too much is refused.
 * Times of peers are compared with one another only; what expires here expires by this node's own clock that grows.
 */
import { ANNOUNCEMENT_LIFETIME_MS_MAX, type Announcement } from '@filon/core/directory/announcement';
import type { OperatorLists } from '@filon/core/serving/tier';
import type { KeyId } from '@filon/core/swarm/key-id';
import { CLOCK_SKEW_MS_MAX, untimely } from '@filon/core/swarm/validity';
import type { Clock } from '../../ports/clock.ts';
import { ISSUE_EVERY_MS, ISSUES_IN_A_ROW_MAX, REFUSED_IDS_MAX } from './directory-limits.ts';
import { DirectoryRoom } from './directory-room.ts';
import { type OpenedRecord, type OpenRecord, type RecordId, recordId } from './records.ts';

export interface AnnouncedNode extends OpenedRecord {
  id: RecordId;
  bytes: Uint8Array;
  /** By the clock that grows: when its announcement ends, and when it was first and last heard of. */
  untilMs: number;
  firstMs: number;
  heardMs: number;
}

/**
 * `stale`: an announcement as new is known. `invalid`: no member made it. `barred`: see {@link OpenRecord}. `full`: there is no room for
 * a node of its operator. `often`: its node announces itself too often.
 */
export type Verdict =
  | 'new'
  | 'known'
  | 'stale'
  | 'expired'
  | 'future'
  | 'full'
  | 'often'
  | 'barred'
  | 'invalid';

export interface DirectoryDeps {
  clock: Clock;
  open: OpenRecord;
  lists: () => OperatorLists;
}

interface Kept extends AnnouncedNode {
  /** Ended, and kept so that nothing older is taken for news: until then. */
  floorMs: number;
  /** Announcements that it may still make in a row, at `heardMs`. */
  issuesLeft: number;
}

type Listener = (node: AnnouncedNode) => void;

export class Directory {
  readonly #deps: DirectoryDeps;
  readonly #nodes = new Map<KeyId, Kept>();
  readonly #byId = new Map<RecordId, Kept>();
  readonly #byModel = new Map<string, Set<Kept>>();
  readonly #refused = new Set<RecordId>();
  readonly #room: DirectoryRoom<Kept>;
  readonly #listeners = new Set<Listener>();

  constructor(deps: DirectoryDeps) {
    this.#deps = deps;
    this.#room = new DirectoryRoom(deps.lists);
  }

  /** Takes bytes from anybody. */
  accept(bytes: Uint8Array): Verdict {
    const id = recordId(bytes);
    if (this.#byId.has(id)) return 'known';
    let opened: OpenedRecord | null;
    try {
      opened = this.#deps.open(bytes);
    } catch {
      this.#refuse(id);
      return 'invalid';
    }
    const verdict = opened ? this.#judge(opened) : 'barred';
    if (opened && verdict === 'new') this.#keep(opened, { id, bytes });
    else if (verdict !== 'often') this.#refuse(id);
    return verdict;
  }

  /** Whether there is no use in fetching it. */
  knows(id: RecordId): boolean {
    return this.#byId.has(id) || this.#refused.has(id);
  }

  bytesOf(id: RecordId): Uint8Array | null {
    const kept = this.#byId.get(id);
    return kept && this.#holds(kept) ? kept.bytes : null;
  }

  /** Null when it never announced itself, its announcement has expired, or it said goodbye. */
  find(node: KeyId): AnnouncedNode | null {
    const kept = this.#nodes.get(node);
    return kept && this.#isThere(kept) ? kept : null;
  }

  /** Whether the newest that is known of it is a goodbye. */
  hasLeft(node: KeyId): boolean {
    return this.#nodes.get(node)?.announcement.leaves === true;
  }

  /** When the newest announcement of it was issued that is remembered, be it expired; null: none is. */
  newestMs(node: KeyId): number | null {
    return this.#nodes.get(node)?.announcement.issuedMs ?? null;
  }

  /** Those that are there. */
  nodes(): AnnouncedNode[] {
    return [...this.#nodes.values()].filter((kept) => this.#isThere(kept));
  }

  /** All that is handed on, goodbyes among it. */
  ids(): RecordId[] {
    return [...this.#nodes.values()].filter((kept) => this.#holds(kept)).map(({ id }) => id);
  }

  /** Nodes that announce this variant as ready. */
  serving(model: string): AnnouncedNode[] {
    return [...(this.#byModel.get(model) ?? [])].filter((kept) => this.#holds(kept));
  }

  /** Its membership ended: nothing of it is used or handed on any more. */
  remove(node: KeyId): void {
    const kept = this.#nodes.get(node);
    if (kept) this.#drop(kept);
  }

  /** Forgets what expired. Not needed for answers to be right, only for memory. */
  sweep(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const kept of [...this.#nodes.values()]) {
      if (nowMs >= kept.floorMs) this.#drop(kept);
      else if (!this.#holds(kept)) this.#unlist(kept);
    }
  }

  /** Told of each announcement that is news. */
  watch(listener: Listener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  #holds({ untilMs }: Kept): boolean {
    return this.#deps.clock.monotonicMs() < untilMs;
  }

  #isThere(kept: Kept): boolean {
    return this.#holds(kept) && kept.announcement.leaves !== true;
  }

  #judge({ node, operator, announcement }: OpenedRecord): Verdict {
    const bad = untimely(announcement, this.#deps.clock.nowMs());
    if (bad !== null) return bad;
    const before = this.#nodes.get(node);
    if (!before) return this.#makeRoom(operator) ? 'new' : 'full';
    if (announcement.issuedMs <= before.announcement.issuedMs) return 'stale';
    return this.#issuesLeft(before) >= 1 ? 'new' : 'often';
  }

  #makeRoom(operator: KeyId): boolean {
    if (this.#room.isFull) this.sweep();
    const place = this.#room.placeFor(operator);
    if (place !== null && place !== 'free') this.#drop(place);
    return place !== null;
  }

  #issuesLeft({ issuesLeft, heardMs }: Kept): number {
    const passedMs = this.#deps.clock.monotonicMs() - heardMs;
    return Math.min(ISSUES_IN_A_ROW_MAX, issuesLeft + passedMs / ISSUE_EVERY_MS);
  }

  #keep(opened: OpenedRecord, { id, bytes }: Pick<Kept, 'id' | 'bytes'>): void {
    const { clock } = this.#deps;
    const nowMs = clock.monotonicMs();
    const before = this.#nodes.get(opened.node);
    const lastsMs = Math.min(ANNOUNCEMENT_LIFETIME_MS_MAX, opened.announcement.expiresMs - clock.nowMs());
    const kept: Kept = {
      ...opened,
      ...{ id, bytes, heardMs: nowMs, firstMs: before?.firstMs ?? nowMs, untilMs: nowMs + lastsMs },
      floorMs: nowMs + ANNOUNCEMENT_LIFETIME_MS_MAX + CLOCK_SKEW_MS_MAX,
      issuesLeft: (before ? this.#issuesLeft(before) : ISSUES_IN_A_ROW_MAX) - 1,
    };
    if (before) this.#drop(before);
    this.#nodes.set(kept.node, kept);
    this.#room.add(kept);
    this.#byId.set(id, kept);
    for (const { model } of servedBy(kept)) {
      const serving = this.#byModel.get(model) ?? new Set();
      this.#byModel.set(model, serving.add(kept));
    }
    for (const listener of [...this.#listeners]) listener(kept);
  }

  #drop(kept: Kept): void {
    this.#unlist(kept);
    this.#room.delete(kept);
    this.#nodes.delete(kept.node);
  }

  /** It is fetched no more: its time is over, or there is a newer one. */
  #unlist(kept: Kept): void {
    if (this.#byId.delete(kept.id)) this.#refuse(kept.id);
    for (const { model } of servedBy(kept)) {
      const serving = this.#byModel.get(model);
      serving?.delete(kept);
      if (serving?.size === 0) this.#byModel.delete(model);
    }
  }

  #refuse(id: RecordId): void {
    this.#refused.add(id);
    const [oldest] = this.#refused;
    if (this.#refused.size > REFUSED_IDS_MAX && oldest !== undefined) this.#refused.delete(oldest);
  }
}

/** Whoever leaves serves nothing, whatever else it says. */
function servedBy({ announcement }: Kept): Announcement['models'] {
  return announcement.leaves ? [] : announcement.models;
}
