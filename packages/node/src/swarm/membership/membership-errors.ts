/** What belonging to a swarm fails with; beside these the codes of core's `swarm/errors.ts` and `wire/errors.ts`. */
import { FilonError } from '@filon/core/errors';
import type { KeyId } from '@filon/core/swarm/key-id';

export type MembershipErrorDetails =
  /** This node is in no swarm, or its membership has expired. */
  | { code: 'SWARM_NONE' }
  /** This node, or the member that let it in, was revoked. */
  | { code: 'SWARM_OUT' }
  /** It is in one, and can be in one only. */
  | { code: 'SWARM_MEMBER_ALREADY'; swarm: KeyId; name: string }
  /** Only the node with the swarm's root key can. */
  | { code: 'SWARM_NOT_ROOT'; swarm: KeyId }
  /** Not about oneself. */
  | { code: 'SWARM_SELF'; node: KeyId }
  /** The swarm's rules do not let this node invite. */
  | { code: 'SWARM_MAY_NOT_INVITE'; swarm: KeyId }
  /** The operator's key is not here: this node was itself enrolled by somebody. */
  | { code: 'SWARM_NOT_OPERATOR'; operator: KeyId }
  | { code: 'SWARM_INVITES_FULL'; invitesMax: number }
  /** This operator has disowned as many rigs as others keep. */
  | { code: 'SWARM_DISOWNED_FULL'; disownedMax: number }
  | { code: 'INVITE_TOO_LONG'; validMs: number; validMsMax: number }
  /** Of no use: wrong, used, expired or taken back; which of these is not said. */
  | { code: 'INVITE_REFUSED' }
  /** This node made no such invite, or it has expired. */
  | { code: 'INVITE_UNKNOWN'; invite: string }
  /** The member that made the invite cannot be reached by the one that was asked. */
  | { code: 'SWARM_ISSUER_UNREACHABLE'; issuer: KeyId }
  /** Too much at once from there. */
  | { code: 'SWARM_BUSY' }
  /** Nobody whom the invite names let this node in; `reason` is the last code. */
  | { code: 'SWARM_JOIN_FAILED'; swarm: string; reason: string }
  /** Nobody who could renew it was reached. */
  | { code: 'SWARM_RENEWAL_FAILED'; tried: number }
  | { code: 'TRUST_FULL'; operatorsMax: number }
  /** Another operator on the list is called so. */
  | { code: 'TRUST_NAME_TAKEN'; name: string; operator: KeyId };

type Code = MembershipErrorDetails['code'];

const INVITE_NO_USE = 'The invite is wrong, used, expired or taken back. Ask for a new one.';
const TOO_MANY_ASK = 'Too many ask at once from this part of the network. Try again in a minute.';
const MEMBERS_DO_NOT_ANSWER =
  'See that the node that made the invite runs and can be reached from here, and try again.';
/** What to do about the codes that a member answers with. */
const JOIN_ADVICE: Readonly<Partial<Record<string, string>>> = {
  INVITE_REFUSED: INVITE_NO_USE,
  SWARM_OUT:
    'This node was revoked, and an invite does not undo that. Ask the operator of the node that made the swarm for `filon swarm readmit` with the name of this node; then an invite works again.',
  SWARM_MAY_NOT_INVITE:
    'The rules of the swarm do not let the member that made this invite let others in. Ask the operator of the node that made the swarm for an invite.',
  SWARM_BUSY: TOO_MANY_ASK,
};

const WORDS: { [C in Code]: (details: Extract<MembershipErrorDetails, { code: C }>) => string } = {
  SWARM_NONE: () =>
    'This node is in no swarm now. Make one with `filon swarm create NAME`, or join one with `filon up --join INVITE`.',
  SWARM_OUT: () =>
    'This node was revoked, or the member that let it in was, or its operator disowned it. The operator of the node that made the swarm can undo a revocation with `filon swarm readmit`; its own operator takes it back with `filon rigs enrol`.',
  SWARM_MEMBER_ALREADY: ({ name }) =>
    `This node is a member of the swarm ${name} and can be in one only. Leave it first with \`filon swarm leave\`.`,
  SWARM_NOT_ROOT: ({ swarm }) =>
    `Only the node that made the swarm can do this: it has the root key ${swarm}. Do it there.`,
  SWARM_SELF: () =>
    'This is the node that you are asking. To end its own membership use `filon swarm leave`.',
  SWARM_MAY_NOT_INVITE: () =>
    'The rules of the swarm do not let this node invite others. Ask the operator of the node that made it.',
  SWARM_NOT_OPERATOR: ({ operator }) =>
    `This node was itself enrolled by operator ${operator}, whose key is not here. Invite rigs from one of its other nodes.`,
  SWARM_INVITES_FULL: ({ invitesMax }) =>
    `${invitesMax} invites wait to be used or to expire. Take some back, or wait.`,
  SWARM_DISOWNED_FULL: ({ disownedMax }) =>
    `This operator has disowned ${disownedMax} rigs, and that is as many as others remember. Let the operator of the node that made the swarm revoke this one.`,
  INVITE_TOO_LONG: ({ validMs, validMsMax }) =>
    `An invite cannot be valid for ${validMs / 3_600_000} hours; at most for ${validMsMax / 3_600_000}.`,
  INVITE_REFUSED: () => INVITE_NO_USE,
  INVITE_UNKNOWN: ({ invite }) =>
    `This node knows no invite ${JSON.stringify(invite)} that is still good. \`filon swarm invites\` lists them; an invite is taken back on the node that made it.`,
  SWARM_ISSUER_UNREACHABLE: ({ issuer }) =>
    `The member that made the invite, ${issuer}, cannot be reached now. Try again when it is up.`,
  SWARM_BUSY: () => TOO_MANY_ASK,
  SWARM_JOIN_FAILED: ({ swarm, reason }) =>
    `No member of the swarm ${swarm} let this node in (${reason}). ${JOIN_ADVICE[reason] ?? MEMBERS_DO_NOT_ANSWER}`,
  SWARM_RENEWAL_FAILED: ({ tried }) =>
    tried === 0
      ? 'No member that could renew the membership is known. It is tried again.'
      : `None of ${tried} members renewed the membership. It is tried again.`,
  TRUST_FULL: ({ operatorsMax }) => `${operatorsMax} operators are trusted already. Remove some first.`,
  TRUST_NAME_TAKEN: ({ name, operator }) =>
    `Another operator on the list is called ${JSON.stringify(name)}: ${operator}. Choose another name with --name.`,
};

export function membershipError<D extends MembershipErrorDetails>(
  details: D,
  options?: { cause?: unknown },
): FilonError<D> {
  const words = WORDS[details.code] as (details: MembershipErrorDetails) => string;
  return new FilonError(details, words(details), options);
}
