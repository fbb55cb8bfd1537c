/**
 * This node's place in its swarm: making one, letting others in, joining, renewing, revoking, leaving. A node is in one
 * swarm at most.
 */
import {
  type Charter,
  charters,
  type Inviters,
  withoutRevoked,
  withRevoked,
} from '@filon/core/swarm/charter';
import { ADDRESSES_MAX, decodeInvite, INVITE_PEERS_MAX, type InvitePeer } from '@filon/core/swarm/invite';
import type { KeyId } from '@filon/core/swarm/key-id';
import { keyName } from '@filon/core/swarm/key-name';
import type { ToldMember } from '@filon/core/swarm/membership-messages';
import type { Member } from '@filon/core/swarm/proof';
import type { Signer } from '@filon/core/swarm/signed';
import type { Waiting } from '../../ports/engine.ts';
import type { Log } from '../../ports/log.ts';
import type { Network, PeerAddress, PeerConnection } from '../../ports/network.ts';
import { deadline } from './deadline.ts';
import { reasonOf } from './exchange.ts';
import { type InviteOptions, type InviteView, Issuer, type MadeInvite, type RandomBytes } from './issuer.ts';
import { joinBy } from './joining.ts';
import { MemberLinks } from './member-links.ts';
import type { Members, OwnMembership } from './members.ts';
import { membershipError } from './membership-errors.ts';
import { JOIN_MS, LOOK_EVERY_MS, RENEWAL_PAUSE_MS, RENEWAL_PAUSE_MS_MAX } from './membership-limits.ts';
import { gainsRight, isDue, type RenewalDeps, renewBy } from './renewal.ts';
import type { Roster } from './roster.ts';
import type { Lost, StandingDeps } from './standing.ts';

/** Of a word that is not known, in what is said about it. */
const INVITE_SHOWN_CHARS_MAX = 64;

export interface MembershipDeps extends StandingDeps {
  roster: Roster;
  network: Network;
  log: Log;
  randomBytes: RandomBytes;
  /** At least 0, below 1. */
  random: () => number;
}

export interface SwarmRules {
  open: boolean;
  inviters: Inviters;
}

export interface SwarmStatus extends SwarmRules {
  swarm: KeyId;
  name: string;
  /** This node's own; it may have expired. */
  member: Member;
  /** Why it does not hold now; null: it does. */
  lost: Lost | null;
  holdsRoot: boolean;
  mayInvite: boolean;
  charterVersion: number;
  revoked: Charter['revoked'];
}

export interface MemberView {
  node: KeyId;
  operator: KeyId;
  mayInvite: boolean;
  byRoot: boolean;
  expiresMs: number;
  isSelf: boolean;
  /** null: not connected now. */
  connection: PeerConnection | null;
}

export class Membership implements AsyncDisposable {
  readonly #deps: MembershipDeps;
  readonly #issuer: Issuer;
  readonly #links: MemberLinks;
  readonly #over = new AbortController();
  readonly #looking: Promise<void>;
  /** Changes of this node's own membership, one after another. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: MembershipDeps) {
    this.#deps = deps;
    this.#issuer = new Issuer({ ...deps, ...deps.roster });
    this.#links = new MemberLinks({ ...deps, ...deps.roster, issuer: this.#issuer });
    this.#looking = this.#look();
  }

  get members(): Members {
    return this.#deps.roster.list;
  }

  /** null: in no swarm. */
  status(): SwarmStatus | null {
    const { standing } = this.#deps.roster;
    const { charter, member } = standing;
    if (charter === null || member === null) return null;
    const { swarm, name, open, inviters, version, revoked } = charter;
    return {
      ...{ swarm, name, open, inviters, charterVersion: version, revoked, member },
      lost: standing.lost(),
      holdsRoot: standing.rootKey() !== null,
      mayInvite: this.#issuer.mayInvite(),
    };
  }

  /** This node first, then those that are connected. */
  list(): MemberView[] {
    const { roster, network } = this.#deps;
    const own = roster.standing.member;
    const others = roster.list.list().filter(({ node }) => node !== own?.node);
    const connections = new Map(network.peers().map((connection) => [connection.peer, connection]));
    return [...(own === null ? [] : [own]), ...others]
      .map(({ node, operator, mayInvite, byRoot, expiresMs }) => ({
        ...{ node, operator, mayInvite, byRoot, expiresMs, isSelf: node === own?.node },
        connection: connections.get(node) ?? null,
      }))
      .sort((a, b) => rankOf(a) - rankOf(b));
  }

  /** Members that are kept on the disk, be their membership over by time; not those that are out. */
  metBefore(): { node: KeyId; operator: KeyId; seenMs: number }[] {
    const { known, standing } = this.#deps.roster;
    return known.met().filter(({ node, ...enrolment }) => {
      return !standing.isRevoked(node) && !standing.disowned.has({ node, ...enrolment });
    });
  }

  /** A new swarm, whose root key stays in this node's home. Code: SWARM_MEMBER_ALREADY. */
  async create(
    name: string,
    rules: SwarmRules = { open: false, inviters: 'chosen' },
  ): Promise<OwnMembership> {
    return await this.#inTurn(async () => {
      this.#refuseSecond(null);
      const { identity, clock, roster, log } = this.#deps;
      const root = identity.createSwarmKey();
      const swarm = root.key;
      const about = { swarm, name, version: 1, issuedMs: clock.nowMs(), revoked: [] };
      const charter = charters.seal({ ...about, ...rules }, root);
      const proof = this.#issuer.certifySelf(swarm, root);
      const own = roster.standing.adopt(swarm, { proof, charter }, { operator: identity.operator.key });
      log.info('swarm.created', { swarm, name });
      return own;
    });
  }

  /**
   * A word that lets one node in. Codes: SWARM_NONE, SWARM_MAY_NOT_INVITE, SWARM_NOT_ROOT, SWARM_NOT_OPERATOR,
   * SWARM_INVITES_FULL, INVITE_TOO_LONG.
   */
  invite(options: InviteOptions = {}): MadeInvite {
    return this.#issuer.invite(options, this.#places());
  }

  /** Those that have not expired. */
  invites(): InviteView[] {
    return this.#issuer.invites();
  }

  /** By its name, its id, or the word itself. Codes: INVITE_UNKNOWN, INVITE_MALFORMED. */
  findInvite(text: string): InviteView {
    const id = text.startsWith('filoninvite') ? this.#issuer.idOf(text) : text;
    const found = this.invites().filter((invite) => invite.id === id || keyName(invite.id) === id);
    const [invite] = found;
    if (invite === undefined || found.length > 1)
      throw membershipError({ code: 'INVITE_UNKNOWN', invite: text.slice(0, INVITE_SHOWN_CHARS_MAX) });
    return invite;
  }

  /** Whether there was such an invite. Whoever used it stays a member: see {@link revoke}. */
  takeBack(id: KeyId): boolean {
    return this.#issuer.takeBack(id);
  }

  /**
   * Becomes a member, and has proved it to whoever let it in. In the same swarm already: becomes a machine of the invite's
   * operator, if it has one, and nothing else. Codes: INVITE_MALFORMED, INVITE_EXPIRED, SWARM_MEMBER_ALREADY,
   * SWARM_JOIN_FAILED, SWARM_LATE.
   */
  async join(text: string, { signal }: Waiting): Promise<OwnMembership> {
    const invite = decodeInvite(text);
    return await this.#inTurn(async () => {
      this.#refuseSecond(invite.swarm);
      const { standing } = this.#deps.roster;
      const now = standing.own();
      if (now !== null && (invite.operator ?? standing.operator) === standing.operator) return now;
      using limit = deadline(this.#deps.clock, JOIN_MS, AbortSignal.any([signal, this.#over.signal]));
      const { own, by, welcome } = await joinBy(invite, { ...this.#deps, standing }, limit);
      this.#deps.log.info('swarm.joined', { swarm: own.swarm, name: own.name, by: by.peer });
      for (const told of welcome.members) this.#hearOf(told);
      await this.#links.greet(by.peer).catch(() => undefined);
      void this.#links.greetAll();
      return own;
    });
  }

  /**
   * Ends a node's membership for good, here at once, elsewhere as the charter spreads. Codes: SWARM_NONE, SWARM_NOT_ROOT,
   * SWARM_SELF, SWARM_REVOKED_FULL.
   */
  revoke(node: KeyId): void {
    if (node === this.#deps.identity.node.key) throw membershipError({ code: 'SWARM_SELF', node });
    this.#amend((charter, atMs) => withRevoked(charter, { node, atMs }));
  }

  /** Takes a revocation back: the node may join again, with a new invite. Codes: SWARM_NONE, SWARM_NOT_ROOT. */
  readmit(node: KeyId): void {
    this.#amend((charter, atMs) => withoutRevoked(charter, { node, atMs }));
  }

  /**
   * A rig of this node's operator is its own no more, and no member by its enrolment: here at once, elsewhere as it is
   * passed on. Codes: SWARM_NONE, SWARM_SELF, SWARM_NOT_OPERATOR, SWARM_DISOWNED_FULL.
   */
  disown(node: KeyId): void {
    const { identity, roster } = this.#deps;
    const { standing } = roster;
    if (node === identity.node.key) throw membershipError({ code: 'SWARM_SELF', node });
    if (standing.own() === null) throw membershipError({ code: 'SWARM_NONE' });
    const { operator } = standing;
    if (operator !== identity.operator.key) throw membershipError({ code: 'SWARM_NOT_OPERATOR', operator });
    this.#links.applyDisowned(standing.disowned.add(node, identity.operator));
  }

  /**
   * For new certificates; those that are out stay as they are. null: as it is; where nothing changes, no charter is made.
   * Codes: SWARM_NONE, SWARM_NOT_ROOT.
   */
  setRules(rules: { [R in keyof SwarmRules]?: SwarmRules[R] | null }): void {
    const now = this.#deps.roster.standing.charter;
    if (now === null) throw membershipError({ code: 'SWARM_NONE' });
    const { open, inviters } = { open: rules.open ?? now.open, inviters: rules.inviters ?? now.inviters };
    if (open === now.open && inviters === now.inviters) return;
    this.#amend((charter, issuedMs) => ({
      ...{ ...charter, open, inviters, issuedMs, version: charter.version + 1 },
    }));
  }

  /** Asks for a new certificate now. Codes: SWARM_NONE, SWARM_OUT, SWARM_RENEWAL_FAILED. */
  async renew({ signal }: Waiting): Promise<OwnMembership> {
    return await this.#inTurn(async () => {
      const { roster, log } = this.#deps;
      const onCharter = (charter: Uint8Array, from: KeyId): void => this.#links.acceptCharter(charter, from);
      const onDisowned: RenewalDeps['onDisowned'] = (records, from) =>
        this.#links.takeDisowned(records, from);
      const how = { issuer: this.#issuer, onCharter, onDisowned };
      const own = await renewBy({ ...this.#deps, ...roster, ...how }, { signal });
      log.info('swarm.renewed', { expiresMs: own.member.expiresMs });
      void this.#links.greetAll();
      return own;
    });
  }

  /** Connects to a member and proves itself; see {@link MemberLinks.meet}. */
  async meet(address: PeerAddress, options: Waiting): Promise<Member> {
    return await this.#links.meet(address, options);
  }

  /** This node is a member no more, and nobody's machine but its own operator's. The swarm's root key is kept. */
  async leave(): Promise<void> {
    await this.#inTurn(async () => {
      const { roster, log } = this.#deps;
      if (roster.standing.swarm === null) throw membershipError({ code: 'SWARM_NONE' });
      roster.standing.leave(() => {
        for (const { id } of this.invites()) this.takeBack(id);
        roster.known.clear();
      });
      roster.list.clear();
      this.#links.dropAll();
      log.info('swarm.left');
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#links[Symbol.asyncDispose]();
    await this.#looking;
    await this.#turn.catch(() => undefined);
  }

  #refuseSecond(swarm: KeyId | null): void {
    const { charter } = this.#deps.roster.standing;
    if (charter !== null && charter.swarm !== swarm)
      throw membershipError({ code: 'SWARM_MEMBER_ALREADY', swarm: charter.swarm, name: charter.name });
  }

  #amend(change: (charter: Charter, nowMs: number) => Charter): void {
    const { roster, clock } = this.#deps;
    const { standing } = roster;
    const { charter } = standing;
    if (charter === null) throw membershipError({ code: 'SWARM_NONE' });
    const root: Signer | null = standing.rootKey();
    if (root === null) throw membershipError({ code: 'SWARM_NOT_ROOT', swarm: charter.swarm });
    standing.acceptCharter(charters.seal(change(charter, clock.nowMs()), root));
    this.#links.applyCharter(null);
  }

  /** This node, then members that others can dial and that can pass a joiner's request on to it. */
  #places(): InvitePeer[] {
    const { network, roster } = this.#deps;
    const self = { peer: network.self, addresses: network.addresses().slice(0, ADDRESSES_MAX) };
    const connected = network
      .peers()
      .filter(({ peer }) => roster.list.find(peer) !== null)
      .map(({ peer }) => roster.known.address(peer));
    return [self, ...connected].filter(({ addresses }) => addresses.length > 0).slice(0, INVITE_PEERS_MAX);
  }

  #hearOf({ proof, addresses }: ToldMember): void {
    const { list, known } = this.#deps.roster;
    try {
      known.note(list.learn(proof), { addresses, holdsRoot: false });
    } catch (error) {
      this.#deps.log.info('swarm.refused', { peer: null, code: reasonOf(error) });
    }
  }

  async #look(): Promise<void> {
    const { clock, roster, log, random } = this.#deps;
    const { signal } = this.#over;
    let pauseMs = RENEWAL_PAUSE_MS;
    let nextMs = clock.monotonicMs();
    while (!signal.aborted) {
      roster.list.sweep();
      const { member } = roster.standing;
      const wants = member !== null && (isDue(member, clock.nowMs()) || gainsRight(roster));
      if (wants && clock.monotonicMs() >= nextMs) {
        const failure = await this.renew({ signal }).then(() => null, reasonOf);
        if (signal.aborted) return;
        if (failure !== null) log.warn('swarm.renewal-failed', { code: failure });
        pauseMs = failure === null ? RENEWAL_PAUSE_MS : Math.min(2 * pauseMs, RENEWAL_PAUSE_MS_MAX);
        nextMs = clock.monotonicMs() + pauseMs * (0.75 + random() / 2);
      }
      const untilNextMs = Math.max(1, Math.min(LOOK_EVERY_MS, roster.list.msToNextEnd()));
      await clock.sleep(untilNextMs, { signal }).catch(() => undefined);
    }
  }

  async #inTurn<R>(work: () => Promise<R>): Promise<R> {
    const turn = this.#turn.catch(() => undefined).then(work);
    this.#turn = turn;
    return await turn;
  }
}

function rankOf({ isSelf, connection }: MemberView): number {
  if (isSelf) return 0;
  return connection === null ? 2 : 1;
}
