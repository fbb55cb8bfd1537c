/**
 * One link of the spreading: a channel over which two members tell one another which records they have, and send those
 * that are wanted. What it is told goes to its owner; what it has to tell waits here, bounded.
 */
import {
  type AnnouncementMessage,
  announcementCodec,
  RECORD_IDS_MAX,
  RECORDS_BYTES_MAX,
  RECORDS_MAX,
} from '@filon/core/directory/announcement-messages';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../../ports/clock.ts';
import type { Channel } from '../../ports/network.ts';
import type { BytePace } from './byte-pace.ts';
import {
  LINK_BACKLOG_MAX,
  LINK_SEND_TIMEOUT_MS,
  PEER_IDS_MAX,
  WANTED_OF_PEER_MAX,
} from './directory-limits.ts';
import { broken } from './errors.ts';
import { idsOf, idsToBytes, type RecordId, recordId } from './records.ts';

export interface LinkOwner {
  /** The peer has records. Those that are of use are wanted with {@link SpreadLink.want}. */
  onHave(link: SpreadLink, ids: readonly RecordId[]): void;
  /** A record that was wanted of this peer. False: no honest member hands it on. */
  onRecord(link: SpreadLink, bytes: Uint8Array, id: RecordId): boolean;
  bytesOf(id: RecordId): Uint8Array | null;
}

/** Who made it; a guest's is ended soon. */
export type LinkKind = 'ours' | 'theirs' | 'guest';

export interface LinkDeps {
  clock: Clock;
  pace: BytePace;
  owner: LinkOwner;
  signal: AbortSignal;
}

export class SpreadLink {
  readonly peer: KeyId;
  readonly kind: LinkKind;
  readonly sinceMs: number;
  /** The peer has records that were not wanted yet for lack of room, or because their nodes said too much. */
  isBehind = false;
  /** Records that the peer is known to have. */
  readonly #theirs = new Set<RecordId>();
  readonly #wanted = new Set<RecordId>();
  readonly #late = new Set<RecordId>();
  /** Sent once a link: asking for it again is no way to make this node work. */
  readonly #sent = new Set<RecordId>();
  #news: RecordId[] = [];
  #backlog: Uint8Array[] = [];
  /** What the peer is to have before this side ends. */
  #last: RecordId | null = null;
  readonly #ended = Promise.withResolvers<void>();
  /** When the message under way began to go; null: none is. */
  #sendingSinceMs: number | null = null;
  readonly #channel: Channel;
  readonly #deps: LinkDeps;

  constructor(channel: Channel, { kind, ...deps }: LinkDeps & { kind: LinkKind }) {
    this.peer = channel.peer;
    this.kind = kind;
    this.sinceMs = deps.clock.monotonicMs();
    this.#channel = channel;
    this.#deps = deps;
  }

  /** Reads until the peer ends it. Throws when the link broke or the peer broke the protocol (SPREAD_BROKEN, WIRE_*). */
  async run(): Promise<void> {
    const { pace, signal } = this.#deps;
    try {
      for await (const frame of this.#channel.frames) {
        this.#take(announcementCodec.decode(frame));
        await pace.spend(this.peer, frame.length, { signal });
      }
      await this.#channel.end();
    } finally {
      this.#ended.resolve();
    }
  }

  /** Told with the next flush, unless the peer has it. */
  tell(id: RecordId): void {
    if (this.#theirs.has(id)) return;
    this.#remember(this.#theirs, id);
    this.#news.push(id);
  }

  flush(): void {
    const news = this.#news;
    this.#news = [];
    for (let at = 0; at < news.length; at += RECORD_IDS_MAX) {
      this.#send({ kind: 'have', ids: idsToBytes(news.slice(at, at + RECORD_IDS_MAX)) });
    }
  }

  /** How many more may be wanted of it now. */
  get wantsLeft(): number {
    return Math.max(0, WANTED_OF_PEER_MAX - this.#wanted.size);
  }

  want(ids: readonly RecordId[]): void {
    for (const id of ids) this.#wanted.add(id);
    for (let at = 0; at < ids.length; at += RECORD_IDS_MAX) {
      this.#send({ kind: 'want', ids: idsToBytes(ids.slice(at, at + RECORD_IDS_MAX)) });
    }
  }

  /** The peer takes nothing any more. */
  get isStuck(): boolean {
    const sinceMs = this.#sendingSinceMs;
    return sinceMs !== null && this.#deps.clock.monotonicMs() - sinceMs > LINK_SEND_TIMEOUT_MS;
  }

  has(id: RecordId): boolean {
    return this.#theirs.has(id);
  }

  /** What the peer said it has. */
  theirs(): Iterable<RecordId> {
    return this.#theirs;
  }

  /** It did not come in time. If it comes after all, it is taken. */
  giveUp(id: RecordId): void {
    this.#theirs.delete(id);
    if (this.#wanted.delete(id)) this.#remember(this.#late, id);
  }

  close(): void {
    this.#channel.abort();
  }

  /** Ends this half once the peer has asked for a record and got it. Resolves when the peer has ended its half as well. */
  async endAfter(id: RecordId): Promise<void> {
    this.#last = id;
    if (this.#sent.has(id)) this.#endIfDone();
    await this.#ended.promise;
  }

  #endIfDone(): void {
    const isDone = this.#last !== null && this.#sent.has(this.#last) && this.#backlog.length === 0;
    if (!isDone || this.#sendingSinceMs !== null) return;
    this.#last = null;
    this.#channel.end().catch(() => this.close());
  }

  #take(message: AnnouncementMessage): void {
    const { owner } = this.#deps;
    if (message.kind === 'have') {
      const ids = idsOf(message.ids);
      for (const id of ids) this.#remember(this.#theirs, id);
      owner.onHave(this, ids);
    } else if (message.kind === 'want') this.#answer(idsOf(message.ids));
    else for (const record of message.records) this.#accept(record);
  }

  #accept(record: Uint8Array): void {
    const id = recordId(record);
    if (!this.#wanted.delete(id) && !this.#late.delete(id))
      throw broken(this.peer, 'it sent a record that nobody wanted of it');
    if (!this.#deps.owner.onRecord(this, record, id))
      throw broken(this.peer, 'it handed on a record that no member signed');
  }

  #answer(ids: readonly RecordId[]): void {
    let records: Uint8Array[] = [];
    let bytes = 0;
    const flush = (): void => {
      if (records.length > 0) this.#send({ kind: 'records', records });
      records = [];
      bytes = 0;
    };
    for (const id of ids) {
      const record = this.#sent.has(id) ? null : this.#deps.owner.bytesOf(id);
      if (record === null) continue;
      this.#remember(this.#sent, id);
      if (bytes + record.length > RECORDS_BYTES_MAX || records.length >= RECORDS_MAX) flush();
      records.push(record);
      bytes += record.length;
    }
    flush();
  }

  #send(message: AnnouncementMessage): void {
    if (this.#backlog.length >= LINK_BACKLOG_MAX) {
      this.close();
      return;
    }
    this.#backlog.push(announcementCodec.encode(message));
    if (this.#sendingSinceMs === null) void this.#drain();
  }

  async #drain(): Promise<void> {
    const { clock, pace, signal } = this.#deps;
    try {
      for (let frame = this.#backlog.shift(); frame; frame = this.#backlog.shift()) {
        this.#sendingSinceMs = clock.monotonicMs();
        await this.#channel.send(frame, { signal });
        this.#sendingSinceMs = clock.monotonicMs();
        await pace.spend(this.peer, frame.length, { signal });
      }
    } catch {
      // The reading side ends with the reason.
      this.#backlog = [];
      this.close();
    } finally {
      this.#sendingSinceMs = null;
      this.#endIfDone();
    }
  }

  #remember(ids: Set<RecordId>, id: RecordId): void {
    ids.add(id);
    const [oldest] = ids;
    if (ids.size > PEER_IDS_MAX && oldest !== undefined) ids.delete(oldest);
  }
}
