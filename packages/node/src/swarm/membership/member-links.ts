/**
 * The connections of a member: each is proved by both sides, ends when its member is none any more, and carries new
 * charters on.
 */
import { orAborted } from '@filon/core/abort';
import type { KeyId } from '@filon/core/swarm/key-id';
import { MEMBERSHIP_FRAME_BYTES_MAX, MEMBERSHIP_PROTOCOL } from '@filon/core/swarm/membership-messages';
import type { Member } from '@filon/core/swarm/proof';
import type { Waiting } from '../../ports/engine.ts';
import type { Channel, PeerAddress } from '../../ports/network.ts';
import { deadline } from './deadline.ts';
import { DisownedLinks } from './disowned-links.ts';
import { Exchange, reasonOf } from './exchange.ts';
import { acceptCharter, type GreetingDeps, greet } from './greeting.ts';
import type { Issuer } from './issuer.ts';
import { CHANNELS_PER_PEER_MAX, EXCHANGE_MS, SENDS_MAX } from './membership-limits.ts';
import { serveMembership } from './membership-service.ts';
import { StrangerGate } from './stranger-gate.ts';

export type LinksDeps = Omit<GreetingDeps, 'onCharter' | 'onDisowned'> & { issuer: Issuer };

export class MemberLinks {
  readonly #deps: LinksDeps;
  readonly #gate: StrangerGate;
  readonly #over = new AbortController();
  readonly #parts = new DisposableStack();
  readonly #greetings = new Map<KeyId, Promise<Member>>();
  readonly #disowned: DisownedLinks;
  /** Charters and disownings on their way. */
  readonly #sending = new Set<Promise<void>>();
  readonly #serving = new Set<Promise<void>>();

  constructor(deps: LinksDeps) {
    this.#deps = deps;
    const { network, list } = deps;
    this.#disowned = new DisownedLinks({
      ...deps,
      toMembers: (except, work) => this.#send(this.#toMembers(except, work)),
      onOut: () => this.dropAll(),
    });
    this.#gate = this.#parts.use(new StrangerGate({ ...deps, members: list }));
    const limits = {
      frameBytesMax: MEMBERSHIP_FRAME_BYTES_MAX,
      channelsPerPeerMax: CHANNELS_PER_PEER_MAX,
      strangers: true,
    };
    const service = { ...this.#greeting(), self: network.self, issuer: deps.issuer, gate: this.#gate };
    const signal = this.#over.signal;
    const serve = async (channel: Channel): Promise<void> => {
      const serving = serveMembership(channel, service, { signal });
      this.#serving.add(serving);
      await serving.finally(() => this.#serving.delete(serving));
    };
    this.#parts.use(network.handle(MEMBERSHIP_PROTOCOL, serve, limits));
    this.#parts.use(network.watch(({ kind, peer }) => this.#onConnection(kind, peer)));
    this.#parts.use(
      list.watch(({ kind, member }) => {
        if (kind === 'gone') this.#end(member.node);
        if (kind === 'met') this.#send(this.#tellDisowned(member.node));
      }),
    );
    for (const { peer } of network.peers()) this.#onConnection('connected', peer);
  }

  /** Connects to a member, and resolves when both have proved themselves. Codes: those of {@link greet}. */
  async meet(address: PeerAddress, { signal }: Waiting): Promise<Member> {
    const { network, list } = this.#deps;
    const { peer } = address;
    await network.dial(address, { signal });
    const known = list.find(peer);
    if (known !== null && list.hasMet(peer)) return known;
    return await orAborted(this.greet(peer), signal);
  }

  /** Shows this node's proof on a connection that is there. Codes: those of {@link greet}. */
  greet(peer: KeyId): Promise<Member> {
    const running = this.#greetings.get(peer);
    if (running !== undefined) return running;
    const greeting = this.#greet(peer).finally(() => this.#greetings.delete(peer));
    this.#greetings.set(peer, greeting);
    // Whoever asked hears of it; nobody may have.
    greeting.catch((error: unknown) =>
      this.#deps.log.info('swarm.greeting-failed', { peer, code: reasonOf(error) }),
    );
    return greeting;
  }

  /** Shows a proof that is new to all members that are connected. */
  async greetAll(): Promise<void> {
    await this.#toMembers(null, (peer) => this.greet(peer));
  }

  /** Takes a newer charter that a peer gave, if it is one. Codes: those of charters. */
  acceptCharter(charter: Uint8Array, from: KeyId): void {
    acceptCharter(charter, from, this.#greeting());
  }

  /** Takes what a peer said of rigs that are disowned. Codes: those of records. */
  takeDisowned(records: readonly Uint8Array[], from: KeyId): void {
    this.#disowned.take(records, from);
  }

  /** Makes it count that this node's operator disowned a rig. */
  applyDisowned(record: Uint8Array): void {
    this.#disowned.apply([record], null);
  }

  /** Makes a charter count that came from `from`, or was made here: ends what it ends, and passes it on. */
  applyCharter(from: KeyId | null): void {
    const { standing, list, log } = this.#deps;
    const { charter, charterBytes, member } = standing;
    if (charter === null || charterBytes === null || member === null) return;
    log.info('swarm.charter', { version: charter.version, revoked: charter.revoked.length });
    for (const { node } of charter.revoked) this.#deps.known.forget(node);
    list.sweep();
    const sending = this.#toMembers(from, async (peer, signal) => {
      await using exchange = await Exchange.open(this.#deps.network, peer, { signal });
      await exchange.ask({ kind: 'charter', charter: charterBytes }, 'met');
    });
    this.#send(sending);
    if (standing.isOut()) {
      log.warn('swarm.revoked', { swarm: charter.name });
      this.dropAll();
    }
  }

  dropAll(): void {
    const { network } = this.#deps;
    for (const { peer } of network.peers()) network.drop(peer);
  }

  /** Resolves when nothing of it uses the store or the network any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    this.#parts.dispose();
    await Promise.allSettled([...this.#greetings.values(), ...this.#sending, ...this.#serving]);
  }

  async #greet(peer: KeyId): Promise<Member> {
    using limit = deadline(this.#deps.clock, EXCHANGE_MS, this.#over.signal);
    return await greet(peer, this.#greeting(), limit);
  }

  #greeting(): GreetingDeps {
    return {
      ...this.#deps,
      onCharter: (from) => this.applyCharter(from),
      onDisowned: (records, from) => this.takeDisowned(records, from),
    };
  }

  #onConnection(kind: 'connected' | 'lost', peer: KeyId): void {
    const { network, standing, list } = this.#deps;
    if (kind === 'lost') {
      list.part(peer);
      this.#gate.forget(peer);
      return;
    }
    this.#gate.expect(peer);
    const dialled = network.peers().some((connection) => connection.peer === peer && connection.dialled);
    if (dialled && standing.own() !== null) this.greet(peer).catch(() => undefined);
  }

  /** One that was revoked may come back to be told so: nobody else would tell it. */
  #end(node: KeyId): void {
    const { network } = this.#deps;
    if (network.peers().some(({ peer }) => peer === node)) network.drop(node);
  }

  async #tellDisowned(peer: KeyId): Promise<void> {
    using limit = deadline(this.#deps.clock, EXCHANGE_MS, this.#over.signal);
    await this.#disowned.tell(peer, limit.signal);
  }

  /** Until it is done, this is not disposed of. */
  #send(work: Promise<void>): void {
    const sending = work.finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
  }

  /** Some at a time; one that fails is met again later. */
  async #toMembers(
    except: KeyId | null,
    work: (peer: KeyId, signal: AbortSignal) => Promise<unknown>,
  ): Promise<void> {
    const { network, list, clock } = this.#deps;
    const members = network.peers().filter(({ peer }) => peer !== except && list.find(peer) !== null);
    const left = members.map(({ peer }) => peer);
    const send = async (): Promise<void> => {
      for (let peer = left.pop(); peer !== undefined && !this.#over.signal.aborted; peer = left.pop()) {
        using limit = deadline(clock, EXCHANGE_MS, this.#over.signal);
        await work(peer, limit.signal).catch(() => undefined);
      }
    };
    await Promise.all(Array.from({ length: SENDS_MAX }, send));
  }
}
