/** Limits of what a node keeps of the others' announcements, and of how they spread. */

/** Announcements in all. */
export const NODES_MAX = 4096;
/** Of one operator that is on none of this operator's lists. */
export const NODES_PER_OPERATOR_MAX = 512;
/** A node may announce itself anew so many times in a row, and once more after each interval. */
export const ISSUES_IN_A_ROW_MAX = 12;
export const ISSUE_EVERY_MS = 10_000;
/** Ids of records that were refused, so that they are not fetched again and again. */
export const REFUSED_IDS_MAX = 32_768;

/** Links that this node makes, and those that others may make with it. */
export const LINKS_OUT = 6;
export const LINKS_IN_MAX = 12;
/** Of those that others made. */
export const LINKS_IN_PER_OPERATOR_MAX = 4;
/** Links beyond these that end after a moment, so that newcomers learn whom else there is. */
export const GUESTS_MAX = 4;
export const GUEST_MS = 20_000;
/** One link is exchanged for another each so often, so that nobody is shut in for ever. */
export const LINK_EXCHANGE_MS = 600_000;
export const LINK_CHECK_MS = 15_000;
/** Ids that are new go out together after so long. */
export const FLUSH_MS = 1000;
/** A record that was wanted and did not come is wanted of somebody else. */
export const WANT_TIMEOUT_MS = 10_000;
export const WANTED_OF_PEER_MAX = 1024;
/** Ids that are remembered of what a peer has. Fewer than REFUSED_IDS_MAX, so that no old one is taken for news. */
export const PEER_IDS_MAX = 8192;
/** Of one peer over all its links: so much at once, and so much a second. */
export const LINK_BYTES_AT_ONCE: number = 4 * 1024 * 1024;
export const LINK_BYTES_PER_SECOND = 65_536;
/** A node that stops waits so long for its links to take its goodbye. */
export const GOODBYE_MS = 1500;
/** A peer that takes nothing for so long loses its link. */
export const LINK_SEND_TIMEOUT_MS = 30_000;
/** Messages that wait to be sent to one peer. */
export const LINK_BACKLOG_MAX = 256;
/** What a peer that broke the protocol waits before it is let in again. */
export const BROKEN_REFUSE_MS = 600_000;
/** Peers whose pace is remembered after their link ended. */
export const PACED_PEERS_MAX = 1024;
