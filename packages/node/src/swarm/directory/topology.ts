/**
 * With whom a node is linked for the spreading. It makes a few links itself, some of them to anchors, the others to
 * nodes of as many parts of the network and operators as there are, and takes a bounded number from others. Now and then
 * it exchanges one of its own, so that nobody stays shut in.
 */
import { isFilonError } from '@filon/core/errors';
import { type OperatorLists, tierOf } from '@filon/core/serving/tier';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Network } from '../../ports/network.ts';
import { deadline } from '../membership/deadline.ts';
import type { Members } from '../membership/members.ts';
import type { Anchors } from './anchors.ts';
import type { Directory } from './directory.ts';
import {
  GUESTS_MAX,
  LINK_CHECK_MS,
  LINK_EXCHANGE_MS,
  LINKS_IN_MAX,
  LINKS_IN_PER_OPERATOR_MAX,
  LINKS_OUT,
} from './directory-limits.ts';
import { type Placed, pickDiverse } from './diverse.ts';
import type { Spread } from './spread.ts';
import type { SpreadLink } from './spread-link.ts';

/** Of the links that it makes, to peers that it has known for longest. */
const LINKS_TO_ANCHORS = 2;
const DIAL_TIMEOUT_MS = 10_000;
/** A peer that was not there is tried again after so long, and after twice as long each further time. */
const RETRY_FIRST_MS = 5_000;
const RETRY_MAX_MS = 1_800_000;
const RETRIES_REMEMBERED_MAX = 1024;
const NUDGE_MS = 100;
/** A link that held for so long makes an anchor. */
const ANCHOR_AFTER_MS = 60_000;

export interface TopologyDeps {
  network: Network;
  members: Pick<Members, 'find'>;
  /** No links are made while this node is none. Absent: it always is. */
  isMember?: () => boolean;
  directory: Directory;
  anchors: Anchors;
  /** Members that were met in an earlier life, with where: a node that starts again knows nobody else. */
  kept?: () => readonly Placed[];
  clock: Clock;
  log: Log;
  lists: () => OperatorLists;
  /** 0 to below 1. */
  draw: () => number;
}

interface Retry {
  failures: number;
  notBeforeMs: number;
}

export class Topology implements AsyncDisposable {
  readonly #deps: TopologyDeps;
  readonly #over = new AbortController();
  readonly #retries = new Map<KeyId, Retry>();
  #nudged = Promise.withResolvers<void>();
  #exchangedMs: number;
  #running: Promise<void> = Promise.resolve();

  constructor(deps: TopologyDeps) {
    this.#deps = deps;
    this.#exchangedMs = deps.clock.monotonicMs();
  }

  /** Keeps the links up until it is disposed of. */
  start(spread: Spread): void {
    const watching = spread.watch((link) => {
      const isShort = this.#deps.clock.monotonicMs() - link.sinceMs < ANCHOR_AFTER_MS;
      if (link.kind === 'ours' && isShort) this.#wait(link.peer, RETRY_FIRST_MS * (1 + this.#deps.draw()));
      this.nudge();
    });
    this.#running = this.#keepUp(spread).finally(() => watching[Symbol.dispose]());
  }

  /** Somebody came or went: looks at the links soon, rather than when it is time. */
  nudge(): void {
    this.#nudged.resolve();
  }

  /** Whether a link that `peer` makes is taken. Who is on a list comes before who is not. */
  admits(peer: KeyId, links: readonly SpreadLink[]): 'stays' | 'guest' | 'refused' {
    const theirs = links.filter((link) => link.kind === 'theirs' && link.peer !== peer);
    if (this.#isListed(peer)) {
      const strangers = theirs.filter((link) => !this.#isListed(link.peer));
      if (theirs.length >= LINKS_IN_MAX) strangers.toSorted((a, b) => b.sinceMs - a.sinceMs)[0]?.close();
      if (theirs.length < LINKS_IN_MAX || strangers.length > 0) return 'stays';
    }
    const operator = this.#operatorOf(peer);
    const ofOperator = theirs.filter((link) => this.#operatorOf(link.peer) === operator);
    if (theirs.length < LINKS_IN_MAX && ofOperator.length < LINKS_IN_PER_OPERATOR_MAX) return 'stays';
    const guests = links.filter(({ kind }) => kind === 'guest');
    return guests.length < GUESTS_MAX ? 'guest' : 'refused';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  async #keepUp(spread: Spread): Promise<void> {
    const { directory } = this.#deps;
    while (!this.#over.signal.aborted) {
      directory.sweep();
      spread.reconcile();
      this.#noteAnchors(spread.links());
      this.#exchange(spread.links());
      await this.#linkMore(spread);
      await this.#rest();
    }
  }

  async #rest(): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#over;
    const done = new AbortController();
    const either = AbortSignal.any([signal, done.signal]);
    const time = clock.sleep(LINK_CHECK_MS, { signal: either }).catch(() => undefined);
    await Promise.race([time, this.#nudged.promise]);
    done.abort();
    this.#nudged = Promise.withResolvers<void>();
    // Several come at once, and one look is enough for them.
    await clock.sleep(NUDGE_MS, { signal }).catch(() => undefined);
  }

  async #linkMore(spread: Spread): Promise<void> {
    // Nobody links with one that is no member; the renewal of an expired one dials by itself.
    if (this.#deps.isMember?.() === false) return;
    const links = spread.links();
    const ours = links.filter(({ kind }) => kind === 'ours');
    const missing = LINKS_OUT - ours.length;
    if (missing <= 0) return;
    const linked = new Set(links.map(({ peer }) => peer));
    const isFree = ({ node }: Placed): boolean =>
      node !== this.#deps.network.self &&
      !linked.has(node) &&
      !this.#waits(node) &&
      !this.#deps.directory.hasLeft(node);
    const anchors = this.#deps.anchors.list().filter(isFree);
    const anchored = ours.filter(({ peer }) => this.#isAnchor(peer)).length;
    const options = { taken: ours.map(({ peer }) => this.#placeOf(peer)), draw: this.#deps.draw };
    const first = pickDiverse(anchors, Math.min(missing, LINKS_TO_ANCHORS - anchored), options);
    const others = this.#known().filter((one) => isFree(one) && !first.some(({ node }) => node === one.node));
    const taken = [...options.taken, ...first];
    const rest = pickDiverse(others, missing - first.length, { ...options, taken });
    await Promise.all([...first, ...rest].map((one) => this.#link(spread, one)));
  }

  async #link(spread: Spread, { node, addresses }: Placed): Promise<void> {
    const { network, clock, log } = this.#deps;
    using limit = deadline(clock, DIAL_TIMEOUT_MS, this.#over.signal);
    try {
      const isConnected = network.peers().some(({ peer }) => peer === node);
      if (!isConnected) await network.dial({ peer: node, addresses }, limit);
      await spread.link(node, limit);
    } catch (error) {
      this.#failed(node);
      log.debug('swarm.link-failed', { peer: node, code: isFilonError(error) ? error.code : 'unknown' });
    }
  }

  /** One link by lot, never one to an anchor. */
  #exchange(links: readonly SpreadLink[]): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - this.#exchangedMs < LINK_EXCHANGE_MS) return;
    this.#exchangedMs = nowMs;
    const ours = links.filter(({ kind, peer }) => kind === 'ours' && !this.#isAnchor(peer));
    const one = ours[Math.floor(this.#deps.draw() * ours.length)];
    if (!one || this.#known().length <= links.length) return;
    this.#wait(one.peer, LINK_EXCHANGE_MS);
    one.close();
  }

  #noteAnchors(links: readonly SpreadLink[]): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const { peer, sinceMs, kind } of links) {
      if (kind === 'guest' || nowMs - sinceMs < ANCHOR_AFTER_MS) continue;
      this.#retries.delete(peer);
      this.#deps.anchors.met(this.#placeOf(peer));
    }
  }

  /** Known for longer than it takes to become one, and among the first. */
  #isAnchor(peer: KeyId): boolean {
    return this.#deps.anchors
      .list()
      .slice(0, LINKS_TO_ANCHORS)
      .some(({ node }) => node === peer);
  }

  /** Whoever may be reached: announced, connected, an anchor, or met before. */
  #known(): Placed[] {
    const { directory, network, members, anchors, kept = () => [] } = this.#deps;
    const all = new Map<KeyId, Placed>([...kept(), ...anchors.list()].map((one) => [one.node, one]));
    for (const { peer, address } of network.peers()) {
      const member = members.find(peer);
      if (member) all.set(peer, { node: peer, operator: member.operator, addresses: [address] });
    }
    for (const { node, operator, announcement } of directory.nodes()) {
      const { addresses } = announcement;
      if (addresses.length > 0) all.set(node, { node, operator, addresses });
    }
    all.delete(network.self);
    return [...all.values()];
  }

  #placeOf(node: KeyId): Placed {
    const announced = this.#deps.directory.find(node)?.announcement.addresses ?? [];
    const connection = this.#deps.network.peers().find(({ peer }) => peer === node);
    const addresses = announced.length > 0 || !connection ? announced : [connection.address];
    return { node, operator: this.#operatorOf(node), addresses };
  }

  #operatorOf(node: KeyId): KeyId {
    return this.#deps.directory.find(node)?.operator ?? this.#deps.members.find(node)?.operator ?? node;
  }

  #isListed(peer: KeyId): boolean {
    return tierOf(this.#operatorOf(peer), this.#deps.lists()) !== 'open';
  }

  #failed(node: KeyId): void {
    const { failures = 0 } = this.#retries.get(node) ?? {};
    this.#wait(node, Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** failures), failures + 1);
  }

  #waits(node: KeyId): boolean {
    return (this.#retries.get(node)?.notBeforeMs ?? 0) > this.#deps.clock.monotonicMs();
  }

  #wait(node: KeyId, durationMs: number, failures = 0): void {
    this.#retries.delete(node);
    this.#retries.set(node, { failures, notBeforeMs: this.#deps.clock.monotonicMs() + durationMs });
    const [oldest] = this.#retries.keys();
    if (this.#retries.size > RETRIES_REMEMBERED_MAX && oldest !== undefined) this.#retries.delete(oldest);
  }
}
