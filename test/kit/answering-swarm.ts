/** Nodes of one process that answer for one another over memory networks: scripted engines, real seats and messages. */
import { PREFIX_BLOCK_TOKENS } from '@filon/core/directory/load-messages';
import type { Candidate, RouteRequest } from '@filon/core/serving/routing';
import type { PrivacyTier } from '@filon/core/serving/tier';
import type { KeyId } from '@filon/core/swarm/key-id';
import { createMemoryLog, type MemoryLog } from '@filon/node/adapters/memory/log';
import { createMemoryHub, type MemoryHub } from '@filon/node/adapters/memory/network';
import type { Clock } from '@filon/node/ports/clock';
import type { Network } from '@filon/node/ports/network';
import type { GuestSeats, Replicas, SeatOutcome } from '@filon/node/ports/replicas';
import { openAnswerHost } from '@filon/node/swarm/answering/answer-host';
import {
  AnswerLimits,
  DEFAULT_GUEST_RULES,
  type GuestRules,
} from '@filon/node/swarm/answering/answer-limits';
import { Commitments } from '@filon/node/swarm/answering/commitments';
import { openCompletionHost } from '@filon/node/swarm/answering/completion-host';
import type { ReadHere } from '@filon/node/swarm/answering/hosted-seat';
import { createRemoteAnswers } from '@filon/node/swarm/answering/remote-answers';
import { createRemoteCompletions } from '@filon/node/swarm/answering/remote-completion';
import { scopeCloak } from '@filon/node/swarm/answering/scope-cloak';
import { Prefixes, prefixHashes } from '@filon/node/swarm/candidates/prefixes';

/** A node that answers. */
export interface HostingNode {
  name: string;
  key: KeyId;
  network: Network;
  guests: GuestSeats;
  log: MemoryLog;
  limits: AnswerLimits;
  prefixes: Prefixes;
}

export interface HostOptions {
  name: string;
  /** The seats that it gives. */
  guests: GuestSeats;
  rules?: GuestRules;
  /** Of the driver, as the host sees it; null: it is nobody there. */
  sees?: PrivacyTier | null;
}

/** What the driver believes of a host. */
export interface Belief {
  tier?: PrivacyTier;
  change?: (candidate: Candidate) => Candidate;
}

export interface AnsweringSwarm extends AsyncDisposable {
  hub: MemoryHub;
  driver: Network;
  /** To be given to the driver's serving. */
  replicas: Replicas;
  outcomes: SeatOutcome[];
  hosts: HostingNode[];
  /** Opens a host, connected to the driver. */
  host(options: HostOptions, belief?: Belief): Promise<HostingNode>;
}

const never = new AbortController().signal;

/** The same name gives the same key. */
export function keyOf(name: string): KeyId {
  return `${Buffer.from(name.padEnd(24, '-')).toString('base64url').padEnd(42, '_').slice(0, 42)}A`;
}

function placesOf(guests: GuestSeats): number {
  return guests.offers().reduce((sum, { sessionsMax }) => sum + sessionsMax, 0);
}

/** As those of one node. */
export const hideScope: (scope: string) => Uint8Array = scopeCloak({
  sign: () => new Uint8Array(64).fill(3),
});

/** Bytes that look random and are the same in every run. */
export function drawnBytes(): (count: number) => Uint8Array {
  let drawn = 0;
  return (count) => {
    drawn += 1;
    return new Uint8Array(count).map((_, index) => (drawn * 37 + index * 11) & 0xff);
  };
}

export function answeringSwarm(clock: Clock): AnsweringSwarm {
  const hub = createMemoryHub({ clock });
  const driver = hub.open({ key: keyOf('driver') });
  const hosts: HostingNode[] = [];
  const beliefs = new Map<KeyId, Belief>();
  const commitments = new Map<KeyId, Uint8Array>();
  const commitmentOf = (node: KeyId): Uint8Array | null => {
    const commitment = commitments.get(node) ?? null;
    commitments.delete(node);
    return commitment;
  };
  const outcomes: SeatOutcome[] = [];
  const candidates = (request: RouteRequest): Candidate[] =>
    hosts.flatMap(({ key, guests, prefixes }) => {
      const connected = driver.peers().find(({ peer }) => peer === key);
      const { change = (same: Candidate) => same } = beliefs.get(key) ?? {};
      if (!connected) return [];
      return guests.offers().flatMap((offer) => {
        if (offer.model !== request.model) return [];
        const place = { node: key, operator: key, roundTripMs: connected.roundTripMs, reliability: 0.9 };
        const { text = '', scope = '' } = request.beginning ?? {};
        const hashes = prefixHashes(hideScope(scope), text);
        const cachedTokens = PREFIX_BLOCK_TOKENS * prefixes.cachedBlocks(offer.model, driver.self, hashes);
        const load = offer.load && { ...offer.load, cachedTokens };
        return [change({ ...offer, ...place, load, serves: 'open' })];
      });
    });
  const listed = (tier: PrivacyTier): Set<KeyId> =>
    new Set(hosts.flatMap(({ key }) => (beliefs.get(key)?.tier === tier ? [key] : [])));
  return {
    ...{ hub, driver, outcomes, hosts },
    replicas: {
      ...createRemoteAnswers({
        ...{ network: driver, clock, randomBytes: drawnBytes(), hideScope, commitmentOf },
        onCommitment: (node, commitment) => void commitments.set(node, commitment),
      }),
      ...createRemoteCompletions({ network: driver, clock }),
      models: () =>
        hosts.flatMap(({ key, guests }) =>
          guests.offers().map(({ model, name, contextTokens, upstream }) => {
            const { tier = 'own' } = beliefs.get(key) ?? {};
            return { name, sha256: model, contextTokens, tier, ...(upstream && { upstream: true }) };
          }),
        ),
      isWithheld: () => false,
      candidates: async (request) => candidates(request),
      policy: () => ({ lists: { own: listed('own'), trusted: listed('trusted') }, msPerUnit: 0 }),
      report: (outcome) => void outcomes.push(outcome),
    },
    host: async ({ name, guests, rules = DEFAULT_GUEST_RULES, sees = 'own' }, belief = {}) => {
      const key = keyOf(name);
      const network = hub.open({ key });
      const log = createMemoryLog();
      const limits = new AnswerLimits(rules, { clock, places: () => placesOf(guests) });
      const randomBytes = drawnBytes();
      const prefixes = new Prefixes();
      const hosting = {
        ...{ network, clock, log, limits, randomBytes, seats: guests },
        commitments: new Commitments({ clock, randomBytes }),
        onRead: ({ guest: { operator }, model, scope, beginning, sessionsMax: most }: ReadHere) =>
          prefixes.remember({ model, operator, most, hashes: prefixHashes(scope, beginning) }),
        guestOf: (node: KeyId) => (sees === null ? null : { node, operator: node, tier: sees }),
      };
      openAnswerHost(hosting);
      openCompletionHost(hosting);
      await driver.dial({ peer: key, addresses: network.addresses() }, { signal: never });
      const host = { name, key, network, guests, log, limits, prefixes };
      hosts.push(host);
      beliefs.set(key, { tier: 'own', ...belief });
      return host;
    },
    [Symbol.asyncDispose]: async () => {
      await driver[Symbol.asyncDispose]();
      for (const { network } of hosts) await network[Symbol.asyncDispose]();
    },
  };
}
