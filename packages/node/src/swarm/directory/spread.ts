/**
 * Spreads announcements among members: each node tells its links which records are new to it, and fetches those that are
 * new to it from one of those who have them. Who is linked with whom is decided in `topology.ts`.
 */

import { orAborted } from '@filon/core/abort';
import { announcementCodec } from '@filon/core/directory/announcement-messages';
import { isFilonError, messageOf } from '@filon/core/errors';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import type { Log } from '../../ports/log.ts';
import type { Channel, Network } from '../../ports/network.ts';
import { deadline } from '../membership/deadline.ts';
import { BytePace } from './byte-pace.ts';
import type { Directory } from './directory.ts';
import {
  BROKEN_REFUSE_MS,
  FLUSH_MS,
  GUEST_MS,
  LINK_SEND_TIMEOUT_MS,
  WANT_TIMEOUT_MS,
} from './directory-limits.ts';
import type { RecordId } from './records.ts';
import { type LinkKind, type LinkOwner, SpreadLink } from './spread-link.ts';

export interface SpreadDeps {
  network: Network;
  directory: Directory;
  clock: Clock;
  log: Log;
  /**
   * Whether a link that a member makes is taken; may close others to make room. A guest stays for a moment, to learn whom
   * else there is: else who knows one member alone would know nobody when that one is full.
   */
  admits: (peer: KeyId, links: readonly SpreadLink[]) => 'stays' | 'guest' | 'refused';
}

const REFUSALS = new Set(['WIRE_MALFORMED', 'WIRE_TOO_LARGE', 'NETWORK_FRAME_TOO_LARGE', 'SPREAD_BROKEN']);

export class Spread implements AsyncDisposable {
  readonly #deps: SpreadDeps;
  readonly #pace: BytePace;
  readonly #links = new Map<KeyId, SpreadLink>();
  readonly #wanted = new Map<RecordId, { of: SpreadLink; untilMs: number }>();
  readonly #over = new AbortController();
  readonly #parts = new DisposableStack();
  readonly #listeners = new Set<(link: SpreadLink) => void>();
  #flushing = false;
  #isLeaving = false;
  #checking = false;

  constructor(deps: SpreadDeps) {
    this.#deps = deps;
    this.#pace = new BytePace(deps.clock);
    const { protocol, frameBytesMax } = announcementCodec;
    const limits = { frameBytesMax, channelsPerPeerMax: 2, strangers: false };
    this.#parts.use(deps.network.handle(protocol, (channel) => this.#serve(channel), limits));
    this.#parts.use(deps.directory.watch(({ id }) => this.#tell(id)));
  }

  links(): readonly SpreadLink[] {
    return [...this.#links.values()];
  }

  /** Told when a link ended. */
  watch(listener: (link: SpreadLink) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Resolves when there is a link with the peer. Codes: NETWORK_*. */
  async link(peer: KeyId, { signal }: Waiting): Promise<void> {
    if (this.#links.has(peer) || this.#isLeaving) return;
    const { protocol, frameBytesMax } = announcementCodec;
    const either = AbortSignal.any([signal, this.#over.signal]);
    const channel = await this.#deps.network.open(peer, protocol, { frameBytesMax, signal: either });
    void this.#run(channel, 'ours');
  }

  /** From time to time: ends links that take nothing, and wants what there was no room to want. */
  reconcile(): void {
    for (const link of this.links()) {
      if (link.isStuck) link.close();
      if (!link.isBehind) continue;
      link.isBehind = false;
      this.#onHave(link, [...link.theirs()]);
    }
  }

  /**
   * The last that goes out: waits until each link has taken the record and ended. No link is made or taken any more. The
   * reason of the signal is no failure: who has not taken it then learns of it from others, or not.
   */
  async farewell(id: RecordId, { signal }: Waiting): Promise<void> {
    this.#isLeaving = true;
    const links = this.links();
    for (const link of links) {
      link.tell(id);
      link.flush();
    }
    const over = AbortSignal.any([signal, this.#over.signal]);
    const taken = Promise.all(links.map((link) => link.endAfter(id)));
    await orAborted(taken, over).catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.dispose();
    this.#over.abort();
    for (const link of this.links()) link.close();
  }

  async #serve(channel: Channel): Promise<void> {
    const verdict = this.#isLeaving ? 'refused' : this.#deps.admits(channel.peer, this.links());
    if (verdict === 'stays') await this.#run(channel, 'theirs');
    else if (verdict === 'guest') await this.#run(channel, 'guest');
    else await this.#turnAway(channel);
  }

  async #turnAway(channel: Channel): Promise<void> {
    const refusal = {
      code: 'SPREAD_FULL',
      message: 'this node has as many links as it takes; try another one',
    };
    using limit = deadline(this.#deps.clock, LINK_SEND_TIMEOUT_MS, this.#over.signal);
    await channel.send(announcementCodec.encode({ kind: 'error', ...refusal }), limit);
    await channel.end();
  }

  async #run(channel: Channel, kind: LinkKind): Promise<void> {
    const { clock } = this.#deps;
    const deps = { clock, pace: this.#pace, owner: this.#owner, signal: this.#over.signal };
    const link = new SpreadLink(channel, { ...deps, kind });
    if (!this.#take(link)) return link.close();
    for (const id of this.#deps.directory.ids()) link.tell(id);
    link.flush();
    if (kind === 'guest') this.#showOut(link);
    try {
      await link.run();
    } catch (error) {
      this.#blame(link, error);
    } finally {
      link.close();
      if (this.#links.get(link.peer) === link) this.#links.delete(link.peer);
      this.#wantElsewhere(([, { of }]) => of === link);
      for (const listener of [...this.#listeners]) listener(link);
    }
  }

  #showOut(link: SpreadLink): void {
    this.#deps.clock.sleep(GUEST_MS, { signal: this.#over.signal }).then(
      () => link.close(),
      () => undefined,
    );
  }

  /** One link a peer. Where both sides made one at the same time, that of the smaller key stays. */
  #take(link: SpreadLink): boolean {
    const { self } = this.#deps.network;
    const isOurs = link.kind === 'ours';
    const other = this.#links.get(link.peer);
    const isSecond = other !== undefined && (other.kind === 'ours') !== isOurs;
    const stays = !isSecond || (isOurs ? self < link.peer : link.peer < self);
    if (!stays || this.#over.signal.aborted) return false;
    other?.close();
    this.#links.set(link.peer, link);
    return true;
  }

  #blame({ peer }: SpreadLink, error: unknown): void {
    const { network, log } = this.#deps;
    if (this.#over.signal.aborted || !isFilonError(error) || !REFUSALS.has(error.code)) return;
    log.warn('swarm.peer-broke-protocol', { peer, code: error.code, reason: messageOf(error) });
    network.drop(peer, { refuseMs: BROKEN_REFUSE_MS });
  }

  readonly #owner: LinkOwner = {
    onHave: (link, ids) => this.#onHave(link, ids),
    onRecord: (link, bytes, id) => {
      this.#wanted.delete(id);
      const verdict = this.#deps.directory.accept(bytes);
      if (verdict === 'often') link.isBehind = true;
      return verdict !== 'invalid';
    },
    bytesOf: (id) => this.#deps.directory.bytesOf(id),
  };

  #onHave(link: SpreadLink, ids: readonly RecordId[]): void {
    const { directory, clock } = this.#deps;
    const news = ids.filter((id) => !directory.knows(id) && !this.#wanted.has(id));
    const wanted = news.slice(0, link.wantsLeft);
    if (wanted.length < news.length) link.isBehind = true;
    if (wanted.length === 0) return;
    const untilMs = clock.monotonicMs() + WANT_TIMEOUT_MS;
    for (const id of wanted) this.#wanted.set(id, { of: link, untilMs });
    link.want(wanted);
    if (!this.#checking) void this.#checkWanted();
  }

  /** What did not come in time is wanted of another peer that has it. */
  async #checkWanted(): Promise<void> {
    const { clock } = this.#deps;
    this.#checking = true;
    while (this.#wanted.size > 0 && !this.#over.signal.aborted) {
      await clock.sleep(WANT_TIMEOUT_MS, { signal: this.#over.signal }).catch(() => undefined);
      const nowMs = clock.monotonicMs();
      this.#wantElsewhere(([, { untilMs }]) => untilMs <= nowMs);
    }
    this.#checking = false;
  }

  #wantElsewhere(which: (entry: [RecordId, { of: SpreadLink; untilMs: number }]) => boolean): void {
    const missing = [...this.#wanted].filter(which);
    const byLink = new Map<SpreadLink, RecordId[]>();
    for (const [id, { of }] of missing) {
      this.#wanted.delete(id);
      of.giveUp(id);
      const other = this.links().find((link) => link !== of && link.has(id));
      if (other) byLink.set(other, [...(byLink.get(other) ?? []), id]);
    }
    for (const [link, ids] of byLink) this.#onHave(link, ids);
  }

  #tell(id: RecordId): void {
    for (const link of this.#links.values()) link.tell(id);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    const flush = async (): Promise<void> => {
      await this.#deps.clock.sleep(FLUSH_MS, { signal: this.#over.signal });
      this.#flushing = false;
      for (const link of this.links()) link.flush();
    };
    flush().catch(() => undefined);
  }
}
