/**
 * What a node knows of the others, at work: its announcements go out, those of others come in, peers are asked and
 * checked. Answering peers, and asking them for answers, is elsewhere and builds on this.
 */
import type { Candidate, RoutePolicy } from '@filon/core/serving/routing';
import type { Device } from '@filon/core/serving/session';
import { tierAllows, tierOf } from '@filon/core/serving/tier';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Signer } from '@filon/core/swarm/signed';
import type { Clock } from '../ports/clock.ts';
import type { Waiting } from '../ports/engine.ts';
import type { Log } from '../ports/log.ts';
import type { Network } from '../ports/network.ts';
import type { GuestSeats, Replicas, SeatOutcome } from '../ports/replicas.ts';
import type { Store } from '../ports/store.ts';
import type { Guest } from './answering/answer-limits.ts';
import { Commitments } from './answering/commitments.ts';
import { Canaries, type Holder } from './candidates/canaries.ts';
import { canaryAsker } from './candidates/canary-asker.ts';
import { Finder } from './candidates/finder.ts';
import { serveLoad } from './candidates/load-host.ts';
import { LoadProbe } from './candidates/load-probe.ts';
import { Prefixes } from './candidates/prefixes.ts';
import { experienceOf, Reliability } from './candidates/reliability.ts';
import { speedTest } from './candidates/speed-test.ts';
import { Anchors } from './directory/anchors.ts';
import { type AnnouncedSettings, Announcer } from './directory/announcer.ts';
import { Directory } from './directory/directory.ts';
import { GOODBYE_MS, LINKS_OUT } from './directory/directory-limits.ts';
import type { Placed } from './directory/diverse.ts';
import { recordReader } from './directory/read-record.ts';
import { Spread } from './directory/spread.ts';
import { Topology } from './directory/topology.ts';
import { deadline } from './membership/deadline.ts';
import type { MemberEvent, Members } from './membership/members.ts';
import { verifyEd25519 } from './membership/verify.ts';

export interface OpenDirectoryDeps {
  network: Network;
  members: Pick<Members, 'find' | 'learn' | 'own' | 'watch'>;
  /** Members that were met in an earlier life, with where. */
  kept?: () => readonly Placed[];
  /** This node's own key. */
  signer: Signer;
  store: Store;
  clock: Clock;
  log: Log;
  seats: GuestSeats;
  /** A seat at another node, for canaries. */
  take: Replicas['take'];
  devices: (options: Waiting) => Promise<readonly Device[]>;
  /** sha256 of the files on the disk. */
  stored: () => Promise<readonly string[]>;
  settings: () => AnnouncedSettings;
  policy: () => RoutePolicy;
  /** Of a scope: what others may know of it. */
  hideScope: (scope: string) => Uint8Array;
  /** 0 to below 1. */
  draw: () => number;
  randomBytes: (count: number) => Uint8Array;
}

export interface OpenDirectory extends AsyncDisposable {
  directory: Directory;
  finder: Finder;
  reliability: Reliability;
  canaries: Canaries;
  probe: LoadProbe;
  commitments: Commitments;
  prefixes: Prefixes;
  announcer: Announcer;
  spread: Spread;
  /** null: this node does not answer that peer. */
  guestOf(peer: KeyId): Guest | null;
  /** What became of a seat elsewhere. */
  report(outcome: SeatOutcome): void;
  /** Tells the others that this node stops; it announces nothing and links with nobody afterwards. Waits for a moment. */
  goodbye(): Promise<void>;
}

export function openDirectory(deps: OpenDirectoryDeps): OpenDirectory {
  const { network, members, store, clock, log, seats, policy, draw, randomBytes } = deps;
  const lists = (): RoutePolicy['lists'] => policy().lists;
  const shared = { network, clock, log, draw };
  const directory = new Directory({ clock, lists, open: recordReader({ members, verify: verifyEd25519 }) });
  const reliability = new Reliability({ clock, store });
  const probe = new LoadProbe({ network, clock });
  const anchors = new Anchors({ clock, store });
  const commitments = new Commitments({ clock, randomBytes });
  const prefixes = new Prefixes();
  const canaries = new Canaries({
    ...{ ask: canaryAsker(deps), reliability, clock, log, draw, randomBytes },
    holders: (of) => holders(of, { directory, seats, self: network.self }),
  });
  const onFound = (found: readonly Candidate[]): void => canaries.considered(found.flatMap(holderOf));
  const { hideScope } = deps;
  const finder = new Finder({ ...shared, hideScope, directory, reliability, probe, policy, onFound });
  const topology = new Topology({
    ...{ ...shared, members, directory, anchors, lists },
    isMember: () => members.own() !== null,
    ...(deps.kept && { kept: deps.kept }),
  });
  const spread = new Spread({ ...shared, directory, admits: (...asked) => topology.admits(...asked) });
  const announcer = new Announcer({
    ...deps,
    directory,
    measure: (model, options) => speedTest(model, { seats, draw, randomBytes }, options),
  });
  const guestOf = (peer: KeyId): Guest | null => findGuest(peer, deps);
  const parts = new AsyncDisposableStack();
  parts.use(serveLoad({ network, seats, commitments, prefixes, clock, guestOf }));
  parts.use(members.watch((event) => onMember(event, { directory, anchors, topology, spread, finder })));
  for (const part of [spread, topology, canaries, announcer]) parts.use(part);
  topology.start(spread);
  announcer.start();
  return {
    ...{ directory, finder, reliability, canaries, probe, commitments, prefixes, announcer, spread, guestOf },
    report: (outcome) => report(outcome, { directory, finder, reliability, canaries }),
    goodbye: async () => {
      const id = await announcer.sayGoodbye();
      if (id === null) return;
      await topology[Symbol.asyncDispose]();
      using limit = deadline(clock, GOODBYE_MS);
      await spread.farewell(id, limit);
      log.info('swarm.goodbye');
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

function onMember(
  { kind, member }: MemberEvent,
  deps: { directory: Directory; anchors: Anchors; topology: Topology; spread: Spread; finder: Finder },
): void {
  const { directory, anchors, topology, spread, finder } = deps;
  const { node } = member;
  if (kind === 'gone') {
    directory.remove(node);
    anchors.forget(node);
    return;
  }
  if (kind === 'met') finder.back(node);
  const ours = spread.links().filter((link) => link.kind === 'ours');
  if (ours.length < LINKS_OUT) topology.nudge();
}

/** This node's operator alone, whom that one trusts, or any member: as the settings say. */
function findGuest(peer: KeyId, { members, settings, policy }: OpenDirectoryDeps): Guest | null {
  const member = members.find(peer);
  if (!member) return null;
  const { operator } = member;
  const tier = tierOf(operator, policy().lists);
  return tierAllows(settings().serves, tier) ? { node: peer, operator, tier } : null;
}

function report(
  outcome: SeatOutcome,
  deps: Pick<OpenDirectory, 'directory' | 'finder' | 'reliability' | 'canaries'>,
): void {
  const { directory, finder, reliability, canaries } = deps;
  const { node, model } = outcome;
  if (outcome.kind === 'refused') finder.avoid(node);
  const experience = experienceOf(outcome);
  if (experience === null) return;
  reliability.note(node, experience);
  const models = directory.find(node)?.announcement.models ?? [];
  for (const one of models) {
    if (one.model !== model || one.numericClass === null) continue;
    const holder = { node, model, numericClass: one.numericClass };
    if (experience === 'served') canaries.answered(holder);
    else canaries.failed(holder);
  }
}

function holders(
  { model, numericClass }: Pick<Holder, 'model' | 'numericClass'>,
  { directory, seats, self }: { directory: Directory; seats: GuestSeats; self: KeyId },
): Holder[] {
  const isOne = (offer: Pick<Candidate, 'model' | 'numericClass'>): boolean =>
    offer.model === model && offer.numericClass === numericClass;
  const here = seats.offers().some((offer) => offer.ready && isOne(offer));
  const others = directory
    .serving(model)
    .filter(({ node, announcement }) => node !== self && announcement.models.some(isOne))
    .map(({ node }) => ({ node, model, numericClass }));
  return [...(here ? [{ node: null, model, numericClass }] : []), ...others];
}

/** What can be checked by its bytes. */
function holderOf({ node, model, numericClass }: Candidate): Holder[] {
  return numericClass === null ? [] : [{ node, model, numericClass }];
}
