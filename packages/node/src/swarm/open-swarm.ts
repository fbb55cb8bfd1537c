/** A node among the others of its swarm, on a network that is open: a member that knows others, asks and answers them. */
import type { RoutePolicy } from '@filon/core/serving/routing';
import type { Device } from '@filon/core/serving/session';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../ports/clock.ts';
import type { Waiting } from '../ports/engine.ts';
import type { Log } from '../ports/log.ts';
import type { Network } from '../ports/network.ts';
import type { GuestSeats, Replicas, SeatWanted } from '../ports/replicas.ts';
import type { Store } from '../ports/store.ts';
import { openAnswerHost } from './answering/answer-host.ts';
import { AnswerLimits, DEFAULT_GUEST_RULES } from './answering/answer-limits.ts';
import { openCompletionHost } from './answering/completion-host.ts';
import type { ReadHere } from './answering/hosted-seat.ts';
import { createRemoteAnswers } from './answering/remote-answers.ts';
import { createRemoteCompletions } from './answering/remote-completion.ts';
import { scopeCloak } from './answering/scope-cloak.ts';
import { prefixHashes, type ReadPrompt } from './candidates/prefixes.ts';
import type { AnnouncedSettings } from './directory/announcer.ts';
import type { Placed } from './directory/diverse.ts';
import type { Identity } from './membership/identity.ts';
import { memberNetwork } from './membership/member-network.ts';
import { Membership } from './membership/membership.ts';
import type { Roster } from './membership/roster.ts';
import { verifyEd25519 } from './membership/verify.ts';
import { type OpenDirectory, openDirectory } from './open-directory.ts';

export interface OpenSwarmDeps {
  roster: Roster;
  identity: Identity;
  network: Network;
  store: Store;
  clock: Clock;
  log: Log;
  /** What peers get of this node. */
  seats: GuestSeats;
  devices: (options: Waiting) => Promise<readonly Device[]>;
  /** sha256 of the files on the disk. */
  stored: () => Promise<readonly string[]>;
  settings: () => AnnouncedSettings;
  policy: () => RoutePolicy;
  /** 0 to below 1. */
  random: () => number;
  randomBytes: (count: number) => Uint8Array;
}

export interface OpenSwarm extends AsyncDisposable {
  membership: Membership;
  others: OpenDirectory;
  replicas: Replicas;
}

type Reach = (node: KeyId, options: Waiting) => Promise<void>;

/** Disposing of it leaves the network open. */
export function openSwarm(deps: OpenSwarmDeps): OpenSwarm {
  const { clock, log, seats, identity, randomBytes, random } = deps;
  const parts = new AsyncDisposableStack();
  const membership = parts.use(new Membership({ ...deps, verify: verifyEd25519 }));
  const { members } = membership;
  const addressesOf = (peer: KeyId): readonly string[] => knownAddresses(peer, deps, others);
  const network = memberNetwork({ network: deps.network, membership, addressesOf });
  const reach: Reach = (node, options) => others.finder.reach(node, options);
  const hideScope = scopeCloak(identity.node);
  const { take } = createRemoteAnswers({
    ...{ network, clock, randomBytes, hideScope, reach },
    commitmentOf: (node) => others.probe.takeCommitment(node),
    onTake: (node, wanted) => onTake(node, wanted, others),
    onCommitment: (node, commitment) => others.probe.noteCommitment(node, commitment),
  });
  const { complete } = createRemoteCompletions({ network, clock, reach });
  const others: OpenDirectory = openDirectory({
    ...{ ...deps, network, members, take, hideScope, signer: identity.node, draw: random },
    kept: () => metBefore(deps.roster),
  });
  parts.use(others);
  const hosting = {
    ...{ network, clock, log, seats, randomBytes, commitments: others.commitments },
    limits: new AnswerLimits(DEFAULT_GUEST_RULES, { clock, places: () => placesOf(seats) }),
    guestOf: (peer: KeyId) => others.guestOf(peer),
    onRead: (read: ReadHere) => others.prefixes.remember(readPrompt(read)),
  };
  parts.use(openAnswerHost(hosting));
  parts.use(openCompletionHost(hosting));
  const replicas: Replicas = {
    models: () => others.finder.models(),
    isWithheld: (model) => others.finder.isWithheld(model),
    candidates: (...asked) => others.finder.candidates(...asked),
    policy: () => others.finder.policy(),
    take,
    complete,
    report: (outcome) => others.report(outcome),
  };
  return { membership, others, replicas, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

function placesOf(seats: GuestSeats): number {
  return seats.offers().reduce((sum, { sessionsMax }) => sum + sessionsMax, 0);
}

/** Until the seat is given back. */
function onTake(node: KeyId, wanted: SeatWanted, { probe, finder }: OpenDirectory): Disposable {
  const held = new DisposableStack();
  held.defer(() => finder.hasRoom(node));
  held.use(probe.taken(node, wanted));
  return held;
}

function readPrompt({ guest, model, scope, beginning, sessionsMax }: ReadHere): ReadPrompt {
  const hashes = prefixHashes(scope, beginning);
  return { model, operator: guest.operator, hashes, most: sessionsMax };
}

function knownAddresses(
  peer: KeyId,
  { roster }: OpenSwarmDeps,
  { directory }: OpenDirectory,
): readonly string[] {
  const announced = directory.find(peer)?.announcement.addresses ?? [];
  return announced.length > 0 ? announced : roster.known.address(peer).addresses;
}

function metBefore({ list, known }: Roster): Placed[] {
  return list
    .list()
    .map(({ node, operator }) => ({ node, operator, addresses: known.address(node).addresses }))
    .filter(({ addresses }) => addresses.length > 0);
}
