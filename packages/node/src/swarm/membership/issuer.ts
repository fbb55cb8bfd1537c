/**
 * Letting others in: invites, and certificates for those who use them or renew. An invite is used in the same transaction
 * that is on the disk before its certificate leaves, so it lets in one node, whatever is raced or killed; that node may
 * ask again with it, because an answer may get lost.
 */
import {
  CERTIFICATE_MS,
  type Certificate,
  certificates,
  INVITER_CERTIFICATE_MS,
} from '@filon/core/swarm/certificate';
import { enrolments } from '@filon/core/swarm/enrolment';
import { membershipRefused } from '@filon/core/swarm/errors';
import { decodeInvite, encodeInvite, type InvitePeer, TOKEN_BYTES } from '@filon/core/swarm/invite';
import { joinRequests, vouchers } from '@filon/core/swarm/join-request';
import type { KeyId } from '@filon/core/swarm/key-id';
import { decodeProof, encodeProof, type Member, readProof } from '@filon/core/swarm/proof';
import type { Signer } from '@filon/core/swarm/signed';
import type { InviteRow } from '../../ports/store.ts';
import { tokenSigner } from './identity.ts';
import { membershipError } from './membership-errors.ts';
import { INVITE_MS, INVITE_MS_MAX, INVITES_MAX } from './membership-limits.ts';
import type { Standing, StandingDeps } from './standing.ts';

export type RandomBytes = (count: number) => Uint8Array;

export interface InviteOptions {
  /** Milliseconds; a day by default. */
  validMs?: number;
  /** Whoever uses it may invite others, where the swarm's rules let chosen members. Only the root key's node can. */
  mayInvite?: boolean;
  /** Whoever uses it becomes a machine of this node's operator. */
  enrols?: boolean;
}

export interface MadeInvite {
  invite: string;
  /** By which it can be taken back; null: it is for anybody, in a swarm that is open. */
  id: KeyId | null;
  expiresMs: number;
}

export type InviteView = InviteRow & { id: KeyId };

export class Issuer {
  readonly #deps: StandingDeps & { standing: Standing; randomBytes: RandomBytes };

  constructor(deps: StandingDeps & { standing: Standing; randomBytes: RandomBytes }) {
    this.#deps = deps;
  }

  /** By which right this node signs certificates; null: by none. */
  right(): 'root' | 'inviter' | null {
    const { standing } = this.#deps;
    if (standing.rootKey() !== null) return 'root';
    return standing.own()?.member.mayInvite ? 'inviter' : null;
  }

  /** Whether it lets others in, by the swarm's rules. */
  mayInvite(): boolean {
    const right = this.right();
    return right === 'root' || (right === 'inviter' && this.#deps.standing.charter?.inviters !== 'root');
  }

  /**
   * In an open swarm, one without rights of its own is for anybody, as often as they like. Codes: SWARM_NONE,
   * SWARM_MAY_NOT_INVITE, SWARM_NOT_ROOT, SWARM_NOT_OPERATOR, SWARM_INVITES_FULL, INVITE_TOO_LONG.
   */
  invite(options: InviteOptions, peers: readonly InvitePeer[]): MadeInvite {
    const { standing, identity, store, clock, randomBytes } = this.#deps;
    const { validMs = INVITE_MS, mayInvite = false, enrols = false } = options;
    const own = standing.own();
    if (validMs > INVITE_MS_MAX)
      throw membershipError({ code: 'INVITE_TOO_LONG', validMs, validMsMax: INVITE_MS_MAX });
    if (own === null) throw membershipError({ code: 'SWARM_NONE' });
    const { swarm, name } = own;
    if (!this.mayInvite()) throw membershipError({ code: 'SWARM_MAY_NOT_INVITE', swarm });
    if (mayInvite && this.right() !== 'root') throw membershipError({ code: 'SWARM_NOT_ROOT', swarm });
    const { operator } = standing;
    if (enrols && operator !== identity.operator.key)
      throw membershipError({ code: 'SWARM_NOT_OPERATOR', operator });
    const nowMs = clock.nowMs();
    const expiresMs = Math.floor((nowMs + validMs) / 1000) * 1000;
    const isForAnybody = standing.charter?.open === true && !mayInvite && !enrols;
    const token = isForAnybody ? null : randomBytes(TOKEN_BYTES);
    const id = token === null ? null : tokenSigner(token, identity).key;
    if (id !== null) {
      store.transaction(() => {
        this.#forgetExpired(nowMs);
        if (store.list('invites').length >= INVITES_MAX)
          throw membershipError({ code: 'SWARM_INVITES_FULL', invitesMax: INVITES_MAX });
        store.put('invites', id, { createdMs: nowMs, expiresMs, mayInvite, enrols, usedBy: null });
      });
    }
    const issuer = identity.node.key;
    const about = { swarm, name, token, expiresMs, issuer, operator: enrols ? operator : null, peers };
    return { invite: encodeInvite(about), id, expiresMs };
  }

  invites(): InviteView[] {
    const nowMs = this.#deps.clock.nowMs();
    return this.#deps.store
      .list('invites')
      .map(({ key, value }) => ({ id: key, ...value }))
      .filter(({ expiresMs }) => expiresMs > nowMs);
  }

  /** Of a word that this node printed; null: it is for anybody, in a swarm that is open. Code: INVITE_MALFORMED. */
  idOf(word: string): KeyId | null {
    const { token } = decodeInvite(word);
    return token === null ? null : tokenSigner(token, this.#deps.identity).key;
  }

  /** Whether there was one. */
  takeBack(id: KeyId): boolean {
    const { store } = this.#deps;
    if (store.get('invites', id) === undefined) return false;
    store.delete('invites', id);
    return true;
  }

  /**
   * A proof for whoever signed the request. Codes: those of records, SWARM_NONE, SWARM_MAY_NOT_INVITE, INVITE_REFUSED,
   * MEMBERSHIP_REFUSED.
   */
  admit(request: Uint8Array, voucher: Uint8Array | null): Uint8Array {
    const { standing, verify } = this.#deps;
    const own = standing.own();
    if (own === null) throw membershipError({ code: 'SWARM_NONE' });
    const { swarm } = own;
    if (!this.mayInvite()) throw membershipError({ code: 'SWARM_MAY_NOT_INVITE', swarm });
    if (voucher === null && !standing.charter?.open) throw membershipError({ code: 'INVITE_REFUSED' });
    const { node, enrolment } = joinRequests.open(request, verify, ({ value, signer }) => {
      if (value.swarm !== swarm) throw membershipRefused(signer, 'swarm');
      if (value.node !== signer) throw membershipRefused(signer, 'node');
      if (standing.isRevoked(signer)) throw membershipRefused(signer, 'revoked');
    }).value;
    // Before the invite is used up: what fails on it is not the invite's fault.
    const operator = this.#operatorOf(node, enrolment);
    const { mayInvite, enrols } =
      voucher === null ? { mayInvite: false, enrols: false } : this.#use(voucher, { swarm, node });
    if (enrols) return this.#certify(node, mayInvite, this.#enrol(node));
    return this.#certify(node, mayInvite, { operator, enrolment });
  }

  /** A newer proof for the node of this one. Codes: those of proofs, SWARM_NONE, SWARM_MAY_NOT_INVITE. */
  renew(proof: Uint8Array, node: KeyId): Uint8Array {
    const { standing, identity } = this.#deps;
    const check = { ...standing.check(node), renewer: identity.node.key };
    const right = this.right();
    if (right === null || (right === 'inviter' && standing.own() === null))
      throw membershipError({ code: 'SWARM_MAY_NOT_INVITE', swarm: check.swarm });
    const member = readProof(proof, check);
    const { enrolment } = decodeProof(proof);
    const wasChosen = member.byRoot && member.mayInvite;
    return this.#certify(node, wasChosen, { operator: member.operator, enrolment });
  }

  /** This node's own certificate, by the root key, as the swarm is made or by itself later. */
  certifySelf(swarm: KeyId, root: Signer): Uint8Array {
    const { identity, standing } = this.#deps;
    const about = { swarm, node: identity.node.key, operator: standing.operator, mayInvite: true };
    return this.#seal(about, { root, enrolment: standing.enrolment() });
  }

  #certify(node: KeyId, wanted: boolean, about: { operator: KeyId; enrolment: Uint8Array }): Uint8Array {
    const { standing } = this.#deps;
    const { swarm } = standing.check(null);
    const root = standing.rootKey();
    const inviters = standing.charter?.inviters;
    const mayInvite = root !== null && (inviters === 'members' || (inviters === 'chosen' && wanted));
    const { operator, enrolment } = about;
    return this.#seal({ swarm, node, operator, mayInvite }, { root, enrolment });
  }

  #seal(
    about: Pick<Certificate, 'swarm' | 'node' | 'operator' | 'mayInvite'>,
    { root, enrolment }: { root: Signer | null; enrolment: Uint8Array },
  ): Uint8Array {
    const { identity, clock, standing } = this.#deps;
    const issuedMs = clock.nowMs();
    const expiresMs = issuedMs + (about.mayInvite ? INVITER_CERTIFICATE_MS : CERTIFICATE_MS);
    const certificate = certificates.seal({ ...about, issuedMs, expiresMs }, root ?? identity.node);
    const member: Member | null = root === null ? standing.member : null;
    const issuer = member === null ? null : decodeProof(member.proof).certificate;
    return encodeProof({ certificate, issuer, enrolment });
  }

  #operatorOf(node: KeyId, enrolment: Uint8Array): KeyId {
    return enrolments.open(enrolment, this.#deps.verify, ({ value, signer }) => {
      const isOwnWord = signer === value.operator && value.node === node;
      if (!isOwnWord) throw membershipRefused(node, 'operator');
      if (this.#deps.standing.disowned.has(value)) throw membershipRefused(node, 'disowned');
    }).value.operator;
  }

  #enrol(node: KeyId): { operator: KeyId; enrolment: Uint8Array } {
    const { identity, clock } = this.#deps;
    const operator = identity.operator.key;
    return {
      operator,
      enrolment: enrolments.seal({ operator, node, issuedMs: clock.nowMs() }, identity.operator),
    };
  }

  #use(voucher: Uint8Array, { swarm, node }: { swarm: KeyId; node: KeyId }): InviteRow {
    const { store, verify, clock } = this.#deps;
    const usable = (id: KeyId): InviteRow => {
      const row = store.get('invites', id);
      const isOpen = row && row.expiresMs > clock.nowMs() && (row.usedBy ?? node) === node;
      if (!isOpen) throw membershipError({ code: 'INVITE_REFUSED' });
      return row;
    };
    const { signer } = vouchers.open(voucher, verify, (opened) => {
      const isFor = opened.value.swarm === swarm && opened.value.node === node;
      if (!isFor) throw membershipError({ code: 'INVITE_REFUSED' });
      usable(opened.signer);
    });
    return store.transaction(() => {
      const row = usable(signer);
      store.put('invites', signer, { ...row, usedBy: node });
      return row;
    });
  }

  #forgetExpired(nowMs: number): void {
    const { store } = this.#deps;
    for (const { key, value } of store.list('invites')) {
      if (value.expiresMs <= nowMs) store.delete('invites', key);
    }
  }
}
