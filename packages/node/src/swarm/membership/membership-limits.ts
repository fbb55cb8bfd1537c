/** Every bound of memberships that is not a setting. */

export const INVITE_MS = 86_400_000;
export const INVITE_MS_MAX: number = 30 * 86_400_000;
/** Not used yet, or used and not expired. */
export const INVITES_MAX = 256;

/** Members that are known with their proofs. */
export const MEMBERS_MAX = 4096;
/** Of those, kept on the disk with where they were reached. */
export const MEMBERS_KEPT_MAX = 1024;
export const TRUSTED_OPERATORS_MAX = 1000;

/** For a peer to prove that it is a member, or to have become one. Then its connection ends. */
export const PROVE_MS = 20_000;
/** For one message and its answer. */
export const EXCHANGE_MS = 8000;
/** To join by one invite, whomever it names. */
export const JOIN_MS = 15_000;
/** The next member that an invite names is asked when the last has not answered within it. */
export const NEXT_AFTER_MS = 750;
/** What a member passes on for a joiner. */
export const FORWARD_MS: number = EXCHANGE_MS - 1000;

export const CHANNELS_PER_PEER_MAX = 4;
/** Messages of those who are no members: of one subnet, and of all. */
export const STRANGER_MESSAGES_PER_MINUTE = 60;
export const STRANGERS_MESSAGES_PER_MINUTE = 600;
export const MEMBER_MESSAGES_PER_MINUTE = 60;
/** New ones of one member: each costs a signature, and goes on to all that are connected. */
export const DISOWNINGS_PER_MINUTE = 256;
/** Subnets and members whose rates are remembered. */
export const RATES_MAX = 4096;

/** How often ends of certificates, and the need of a renewal, are looked at. */
export const LOOK_EVERY_MS = 15_000;
export const RENEWAL_PAUSE_MS = 30_000;
export const RENEWAL_PAUSE_MS_MAX = 1_800_000;
export const ISSUERS_TRIED_MAX = 5;
/** Members that a charter is sent to at the same time. */
export const SENDS_MAX = 8;
/** Clocks of two members that differ by more are told of. */
export const CLOCK_DIFFERENCE_MS = 60_000;
