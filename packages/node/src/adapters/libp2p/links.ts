/** The connections of this node: one peer may have more than one, over different ways. The best is used. */
import { invariant } from '@filon/core/errors';
import type { KeyId } from '@filon/core/swarm/key-id';
import { channelLost } from '@filon/core/swarm/network-errors';
import type { Clock } from '../../ports/clock.ts';
import type { Network, PeerConnection, Reach } from '../../ports/network.ts';
import type { Link } from './link.ts';

const CHECK_EVERY_MS = 200;
/** A process that did not run for so long heard nobody, which is nobody's fault. */
const ASLEEP_MS = 1000;
/** A second connection with a peer that carries nothing is ended after this. */
const SURPLUS_MS = 10_000;

const REACHES: readonly Reach[] = ['direct', 'punched', 'relayed'];

type Listener = Parameters<Network['watch']>[0];

export class Links {
  readonly #self: KeyId;
  readonly #clock: Clock;
  readonly #links = new Map<KeyId, Link[]>();
  readonly #listeners = new Set<Listener>();
  readonly #timer: NodeJS.Timeout;
  #checkedMs: number;
  #alsoCheck: (nowMs: number) => void = () => undefined;

  constructor(self: KeyId, deps: { clock: Clock }) {
    this.#self = self;
    this.#clock = deps.clock;
    this.#checkedMs = deps.clock.monotonicMs();
    this.#timer = setInterval(() => {
      const nowMs = this.#clock.monotonicMs();
      this.#check(nowMs);
      this.#alsoCheck(nowMs);
    }, CHECK_EVERY_MS);
    this.#timer.unref();
  }

  /** Calls this too, a few times a second. */
  onCheck(check: (nowMs: number) => void): void {
    this.#alsoCheck = check;
  }

  all(): Link[] {
    return [...this.#links.values()].flat();
  }

  of(peer: KeyId): readonly Link[] {
    return this.#links.get(peer) ?? [];
  }

  best(peer: KeyId): Link | null {
    const links = this.of(peer).filter(({ connection }) => connection.status === 'open');
    return links.toSorted((a, b) => rankOf(a) - rankOf(b) || a.sinceMs - b.sinceMs)[0] ?? null;
  }

  peers(): PeerConnection[] {
    return [...this.#links.keys()].flatMap((peer) => {
      const link = this.best(peer);
      return link === null ? [] : [this.describe(link)];
    });
  }

  describe(best: Link): PeerConnection {
    const { peer, reach, address, traffic } = best;
    const links = this.of(peer);
    const sum = (count: (link: Link) => number): number =>
      links.reduce((total, link) => total + count(link), 0);
    return {
      ...{ peer, reach, address },
      dialled: links.some((link) => !link.inbound),
      roundTripMs: traffic.roundTripMs,
      sinceMs: Math.min(...links.map((link) => link.sinceMs)),
      receivedBytes: sum((link) => link.traffic.receivedBytes),
      sentBytes: sum((link) => link.traffic.sentBytes),
    };
  }

  add(link: Link): void {
    const links = this.#links.get(link.peer);
    if (links !== undefined) links.push(link);
    else {
      this.#links.set(link.peer, [link]);
      this.#tell('connected', link.peer);
    }
  }

  /** Whether it was the peer's last one. */
  remove(link: Link): boolean {
    const links = this.of(link.peer).filter((other) => other !== link);
    if (links.length > 0) this.#links.set(link.peer, links);
    else if (this.#links.delete(link.peer)) this.#tell('lost', link.peer);
    return links.length === 0;
  }

  watch(listener: Listener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  abort(links: readonly Link[]): void {
    for (const { peer, connection } of links) connection.abort(channelLost(peer));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.abort(this.all());
  }

  #check(nowMs: number): void {
    const wasAsleep = nowMs - this.#checkedMs > ASLEEP_MS;
    this.#checkedMs = nowMs;
    for (const link of this.all()) {
      if (wasAsleep) link.traffic.lastReceivedMs = nowMs;
      else if (!link.traffic.check(nowMs) || this.#isSurplus(link, nowMs)) this.abort([link]);
    }
  }

  /** Both ends would end another one if both decided, so the end with the smaller key does. */
  #isSurplus(link: Link, nowMs: number): boolean {
    const best = this.best(link.peer);
    if (best === null || best === link || this.#self > link.peer) return false;
    const isUsed = link.connection.streams.length > 0;
    return !isUsed && nowMs - Math.max(link.sinceMs, best.sinceMs) > SURPLUS_MS;
  }

  #tell(kind: 'connected' | 'lost', peer: KeyId): void {
    for (const listener of [...this.#listeners]) listener({ kind, peer });
  }
}

function rankOf(link: Link): number {
  const rank = REACHES.indexOf(link.reach);
  invariant(rank >= 0, `${link.reach} is a way to reach a peer`);
  return rank;
}
