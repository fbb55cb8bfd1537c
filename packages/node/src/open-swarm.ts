/**
 * Where a node stands: in no swarm, and then nothing of a network is in memory; or in one, with all of its parts at work.
 * Commands move it from one to the other while it runs.
 */
import { randomBytes } from 'node:crypto';
import { FilonError, isFilonError } from '@filon/core/errors';
import type { NetworkLook } from '@filon/core/panel/network';
import type { RoutePolicy } from '@filon/core/serving/routing';
import { parsePrice } from './access/money.ts';
import type { Libp2pConfig, Libp2pNetwork } from './adapters/libp2p/network.ts';
import type { Config } from './config/settings.ts';
import type { Place } from './control/swarm-place.ts';
import { secretKey } from './home/ed25519.ts';
import type { HomeIdentity } from './home/identity.ts';
import type { Clock } from './ports/clock.ts';
import type { Engine } from './ports/engine.ts';
import type { Log } from './ports/log.ts';
import type { Models } from './ports/models.ts';
import type { PeerAddress, Reachability } from './ports/network.ts';
import type { GuestSeats } from './ports/replicas.ts';
import type { Store } from './ports/store.ts';
import type { MeasuredRates } from './serve/local-seats.ts';
import { createMeteredEngine } from './swarm/candidates/metered-engine.ts';
import { SpeedMeter } from './swarm/candidates/speed-meter.ts';
import { CurrentReplicas } from './swarm/current-replicas.ts';
import type { AnnouncedSettings } from './swarm/directory/announcer.ts';
import type { Identity } from './swarm/membership/identity.ts';
import type { Roster } from './swarm/membership/roster.ts';
import { TrustList } from './swarm/membership/trust.ts';
import type { OpenSwarm } from './swarm/open-swarm.ts';

const MEGABYTE = 1_000_000;
/** Of the pairs that are passed on for, what one member may have asked for. */
const PAIRS_SHARE_OF_ONE = 4;

export interface SwarmPlaceDeps {
  settings: Config;
  version: string;
  identity: HomeIdentity;
  store: Store;
  clock: Clock;
  log: Log;
  engine: Engine;
  models: Models;
  /** Told when the parts of a network came into memory. */
  onOpened: () => void;
}

interface Opened extends AsyncDisposable {
  swarm: OpenSwarm;
  roster: Roster;
  network: Libp2pNetwork;
  look: () => NetworkLook;
}

/** The engine with its speed measured as it computes, and what was measured. */
export function measured(
  engine: Engine,
  deps: { store: Store; clock: Clock },
): { engine: Engine; rates: MeasuredRates } {
  const meter = new SpeedMeter(deps);
  const metered = createMeteredEngine(engine, { meter, clock: deps.clock });
  return { engine: metered, rates: (of) => meter.rates(of) };
}

export function openSwarmPlace(deps: SwarmPlaceDeps): SwarmPlace {
  return new SwarmPlace(deps);
}

class SwarmPlace implements Place, AsyncDisposable {
  readonly replicas: CurrentReplicas = new CurrentReplicas();
  readonly trust: TrustList;
  readonly #deps: SwarmPlaceDeps;
  readonly #identity: Identity;
  #seats: GuestSeats | null = null;
  #opened: Opened | null = null;
  #isOver = false;
  /** Changes of place, one after another. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: SwarmPlaceDeps) {
    this.#deps = deps;
    this.#identity = { ...deps.identity, signerOf: secretKey };
    this.trust = new TrustList(deps);
  }

  /** Whose machine this node is. */
  get operator(): string {
    return this.#opened?.roster.standing.operator ?? this.#deps.identity.operator.key;
  }

  /** Goes back to where the node was in its last life. */
  async start(seats: GuestSeats): Promise<void> {
    this.#seats = seats;
    if (this.#deps.store.get('membership', 'own') !== undefined) await this.enter(async () => undefined);
  }

  get swarm(): OpenSwarm | null {
    return this.#opened?.swarm ?? null;
  }

  look(): NetworkLook | null {
    return this.#opened?.look() ?? null;
  }

  reachability(): Reachability | null {
    return this.#opened?.network.reachability() ?? null;
  }

  async enter<R>(work: (swarm: OpenSwarm) => Promise<R>): Promise<R> {
    return await this.#inTurn(async () => {
      if (this.#isOver) throw new FilonError({ code: 'SERVE_STOPPING' }, 'this node is stopping');
      const opened = this.#opened ?? (await this.#open());
      this.#opened = opened;
      this.replicas.current = opened.swarm.replicas;
      try {
        return await work(opened.swarm);
      } finally {
        if (opened.swarm.membership.status() === null) await this.#close();
      }
    });
  }

  /** This node is about to stop: the others need not find out by themselves. */
  async goodbye(): Promise<void> {
    await this.#opened?.swarm.others.goodbye();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#inTurn(() => this.#close());
  }

  async #open(): Promise<Opened> {
    const { store, clock, log } = this.#deps;
    const seats = this.#seats;
    if (seats === null) throw new TypeError('the node has not started');
    const identity = this.#identity;
    await using stack = new AsyncDisposableStack();
    const [
      { openLibp2pNetwork },
      { relayMemory },
      { openRoster },
      { openSwarm },
      { networkLook },
      { meetNearby },
      { verifyEd25519 },
    ] = await Promise.all([
      import('./adapters/libp2p/network.ts'),
      import('./adapters/libp2p/relay-budget.ts'),
      import('./swarm/membership/roster.ts'),
      import('./swarm/open-swarm.ts'),
      import('./swarm/network-look.ts'),
      import('./swarm/membership/nearby.ts'),
      import('./swarm/membership/verify.ts'),
    ]);
    const roster = openRoster({ store, identity, clock, verify: verifyEd25519 });
    const isMember = (peer: string): boolean => roster.list.find(peer) !== null;
    const relayed = relayMemory(store);
    const onFound = (address: PeerAddress): void => {
      const { swarm: current } = this;
      if (current !== null) void meetNearby(address, { ...current, network, clock, log });
    };
    const opening = openLibp2pNetwork(this.#networkConfig(), { isMember, clock, relayed, onFound });
    const network = stack.use(await opening.catch((error: unknown) => Promise.reject(withRemedy(error))));
    const settings = (): AnnouncedSettings => this.#announced();
    const policy = (): RoutePolicy => this.#policy();
    const shared = { roster, network, seats, settings, clock };
    const { engine, models } = this.#deps;
    const swarm = stack.use(
      openSwarm({
        ...{ ...shared, store, identity, policy, log, random: Math.random, randomBytes },
        devices: (options) => engine.devices(options),
        stored: async () => (await models.list()).map(({ sha256, lora }) => lora?.sha256 ?? sha256),
      }),
    );
    this.#deps.onOpened();
    log.info('swarm.opened', { node: network.self, addresses: network.listening() });
    const lists = (): RoutePolicy['lists'] => this.trust.lists(this.operator);
    const look = (): NetworkLook =>
      networkLook({ ...shared, swarm, lists, reachability: () => network.reachability() });
    const parts = stack.move();
    return { swarm, roster, network, look, [Symbol.asyncDispose]: () => parts.disposeAsync() };
  }

  async #close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = null;
    this.replicas.current = null;
    await opened?.[Symbol.asyncDispose]();
  }

  #networkConfig(): Libp2pConfig {
    const { settings, identity } = this.#deps;
    const { swarmHost: host, swarmPort, swarmAddresses, swarmPeersMax } = settings;
    const isOwnOnly = host.startsWith('127.') || host === '::1';
    const circuitsMax = settings.swarmRelayPairs;
    const relay = {
      bytesPerDayMax: settings.swarmRelayMegabytesPerDay * MEGABYTE,
      ...{ circuitsMax, circuitsPerPeerMax: Math.ceil(circuitsMax / PAIRS_SHARE_OF_ONE), circuitMsMax: null },
    };
    return {
      key: identity.node.privateKey,
      listen: [`/${host.includes(':') ? 'ip6' : 'ip4'}/${host}/tcp/${swarmPort}`],
      announce: swarmAddresses === '' ? [] : swarmAddresses.split(','),
      limits: { connectionsMax: swarmPeersMax },
      ways: {
        relay: relay.bytesPerDayMax === 0 ? null : relay,
        ...{ useRelays: true, punch: true },
        mapPort: settings.swarmPortMapping === 'auto' && !isOwnOnly,
        lan: settings.swarmNearby === 'on' && !isOwnOnly,
      },
    };
  }

  #announced(): AnnouncedSettings {
    const { settings, version } = this.#deps;
    const pico = parsePrice(settings.swarmPricePerMillionTokens);
    return {
      ...{ version, serves: settings.swarmServes, canRelay: settings.swarmRelayMegabytesPerDay > 0 },
      price: pico === 0n ? null : { promptPico: pico, answerPico: pico },
      payout: null,
    };
  }

  #policy(): RoutePolicy {
    return {
      lists: this.trust.lists(this.operator),
      msPerUnit: this.#deps.settings.swarmSecondsPerUnit * 1000,
    };
  }

  async #inTurn<R>(work: () => Promise<R>): Promise<R> {
    const turn = this.#turn.catch(() => undefined).then(work);
    this.#turn = turn;
    return await turn;
  }
}

/** Which port that is, is not the network's to know. */
function withRemedy(error: unknown): unknown {
  if (!isFilonError(error, 'NETWORK_LISTEN_FAILED')) return error;
  const message = `${error.message} \`filon config set swarmPort 0\` takes any free port, swarmHost another address.`;
  return new FilonError(error.details, message, { cause: error });
}
