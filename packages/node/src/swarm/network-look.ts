/** The swarm at one moment, as commands and pages show it: of what is known here. Asks nobody. */
import type { AnnouncedModel, Announcement } from '@filon/core/directory/announcement';
import type {
  NetworkLook,
  PanelPeer,
  PanelPrice,
  PanelSelf,
  PanelServed,
  PanelSwarm,
} from '@filon/core/panel/network';
import type { Candidate, Price } from '@filon/core/serving/routing';
import { type OperatorLists, type PrivacyTier, tierOf, tierThrough } from '@filon/core/serving/tier';
import { isPrivateAddress, parseAddress } from '@filon/core/swarm/address';
import type { KeyId } from '@filon/core/swarm/key-id';
import { keyName } from '@filon/core/swarm/key-name';
import type { Clock } from '../ports/clock.ts';
import type { Network, PeerConnection, Reachability } from '../ports/network.ts';
import type { GuestSeats } from '../ports/replicas.ts';
import type { AnnouncedSettings } from './directory/announcer.ts';
import type { AnnouncedNode } from './directory/directory.ts';
import type { Roster } from './membership/roster.ts';
import type { OpenSwarm } from './open-swarm.ts';

export interface LookDeps {
  swarm: OpenSwarm;
  roster: Roster;
  network: Network;
  reachability: () => Reachability;
  seats: GuestSeats;
  settings: () => AnnouncedSettings;
  lists: () => OperatorLists;
  clock: Clock;
}

export function networkLook(deps: LookDeps): NetworkLook {
  const peers = peersOf(deps);
  return { swarm: swarmOf(deps, peers), self: selfOf(deps), peers };
}

function swarmOf({ swarm, reachability }: LookDeps, peers: readonly PanelPeer[]): PanelSwarm | null {
  const status = swarm.membership.status();
  if (status === null) return null;
  const { name, member, lost, mayInvite } = status;
  const isReachable = reachability().reached.some(isPublic) || someReachable(swarm, peers);
  return {
    ...{ name, key: status.swarm, expiresMs: member.expiresMs, isMember: lost === null, mayInvite },
    hasReachable: isReachable || (reachability().state === 'unknown' && peers.length === 0 ? null : false),
  };
}

/** By what they say themselves. */
function someReachable({ others }: OpenSwarm, peers: readonly PanelPeer[]): boolean {
  return peers.some(({ key }) =>
    (others.directory.find(key)?.announcement.addresses ?? []).some(
      (address) => isPublic(address) && parseAddress(address)?.relay === null,
    ),
  );
}

function selfOf({ network, roster, reachability, seats, settings, swarm }: LookDeps): PanelSelf {
  const { version, canRelay, price } = settings();
  const said = swarm.others.announcer.said();
  return {
    ...{ key: network.self, name: keyName(network.self), operator: roster.standing.operator },
    ...{ version, canRelay, devices: devicesOf(said?.devices ?? []) },
    models: seats
      .offers()
      .filter(({ ready }) => ready)
      .map((offer) => servedOf({ ...offer, price: offer.price ?? price }, offer.load, 'own')),
    reach: reachOf(reachability()),
    addresses: [...network.addresses()],
  };
}

function reachOf({ state, relays }: Reachability): PanelSelf['reach'] {
  if (state === 'reachable') return 'direct';
  if (relays.length > 0) return 'relayed';
  return state === 'unreachable' ? 'none' : 'unknown';
}

/** Members that are known or connected, and whoever announced itself. */
function peersOf(deps: LookDeps): PanelPeer[] {
  const { swarm, roster, network } = deps;
  const { directory } = swarm.others;
  const connections = new Map(network.peers().map((connection) => [connection.peer, connection]));
  const members = roster.list.list().map(({ node }) => node);
  const keys = new Set([...members, ...directory.nodes().map(({ node }) => node)]);
  keys.delete(network.self);
  return [...keys].map((key) => peerOf(key, connections.get(key) ?? null, deps));
}

function peerOf(key: KeyId, connection: PeerConnection | null, deps: LookDeps): PanelPeer {
  const { swarm, roster, lists } = deps;
  const { directory, reliability, probe } = swarm.others;
  const announced = directory.find(key);
  const operator = roster.list.find(key)?.operator ?? announced?.operator ?? null;
  const { served, failed, wrong } = reliability.history(key);
  const said = announced?.announcement ?? null;
  const tier = tierOf(operator, lists());
  const forUs = (said?.models ?? []).filter(({ upstream }) => tier === 'own' || upstream?.serves !== 'own');
  return {
    ...{ key, name: keyName(key), operator, tier },
    ...{ version: said?.version ?? null, canRelay: said?.canRelay ?? false },
    devices: devicesOf(said?.devices ?? []),
    models: forUs.map((model) => servedOf(model, probe.last(key, model.model), tier)),
    connection: connection === null ? null : connectionOf(connection),
    ...seen(key, { announced, connection }, deps),
    hasLeft: directory.hasLeft(key),
    reliability: served + failed + wrong === 0 ? null : reliability.of(key),
  };
}

/** One that is gone has neither of the two, and was met all the same. */
function seen(
  key: KeyId,
  { announced, connection }: { announced: AnnouncedNode | null; connection: PeerConnection | null },
  { clock, roster }: LookDeps,
): Pick<PanelPeer, 'seenMs' | 'expiresMs'> {
  const sinceStartMs = clock.nowMs() - clock.monotonicMs();
  const met = roster.known.find(key)?.seenMs ?? null;
  const heard = announced === null ? null : announced.heardMs + sinceStartMs;
  const times = [met, heard, connection === null ? null : clock.nowMs()].filter((time) => time !== null);
  return {
    seenMs: times.length === 0 ? null : Math.max(...times),
    expiresMs: announced === null ? null : announced.untilMs + sinceStartMs,
  };
}

function connectionOf({ reach, roundTripMs, receivedBytes, sentBytes }: PeerConnection) {
  return { reach, roundTripMs, receivedBytes, sentBytes };
}

function servedOf(
  model: AnnouncedModel | Candidate,
  load: { active: number; queued: number } | null,
  tierOfNode: PrivacyTier,
): PanelServed {
  const { name, numericClass, sessionsMax, rates, price, upstream } = model;
  const contextTokens = model.contextTokens === Number.MAX_SAFE_INTEGER ? 0 : model.contextTokens;
  return {
    ...{ name, numericClass, contextTokens, sessionsMax, price: priceOf(price) },
    upstream: upstream === undefined ? null : tierThrough(tierOfNode, upstream.tier),
    tokensPerSecond: rates[0]?.decode ?? null,
    load: load === null ? null : { active: load.active, queued: load.queued },
  };
}

function priceOf(price: Price | null): PanelPrice | null {
  return price === null
    ? null
    : { promptPico: Number(price.promptPico), answerPico: Number(price.answerPico) };
}

function devicesOf(devices: Announcement['devices']): string[] {
  return devices.map(({ count, name }) => (count === 1 ? name : `${count} x ${name}`));
}

function isPublic(text: string): boolean {
  const address = parseAddress(text);
  return address !== null && !isPrivateAddress(address);
}
