/** Durable small facts, by table and key. Adapters: SQLite (real), memory (tests). Values are JSON. */
import type { ErrorObject } from '@filon/core/errors';
import type { LoadRate } from '@filon/core/serving/routing';
import type { PrivacyTier } from '@filon/core/serving/tier';
import type { UpstreamKind } from '@filon/core/upstream/kinds';

export interface Tables {
  /** Certified settings and benchmarks, by `${sha256}/${device}`. */
  certificates: unknown;
  /** Content hashes pinned at the first pull, by source. */
  pins: { sha256: string; bytes: number };
  /** Who holds a card, by device id. */
  leases: { holder: string; purpose: string; sinceMs: number; pid: number };
  /** Keys of the API, by id. */
  keys: KeyRow;
  /** What was used with a key, by its id. */
  usage: UsageRow;
  /** Browsers that were let in, by id. */
  browserSessions: BrowserSessionRow;
  /** Answers that are kept, by `${owner}/${id}`. */
  answers: AnswerRow;
  /** Longer texts of answers, in pieces, by `${owner}/${id}/${name}/${piece}`. */
  answerTexts: string;
  /** What came of an answer in one turn, by `${owner}/${id}/${part}`. */
  answerParts: AnswerPartRow;
  /** How peers did, by node. */
  reliability: ReliabilityRow;
  /** What this node computes, by `${sha256}/${numeric class, or fast}`; what its upstreams do, by `upstream:${id}/fast`. */
  speeds: SpeedRow;
  /** Peers to go to first after a start, by node. */
  anchors: AnchorRow;
  /** This node's swarm; the one row is `own`. */
  membership: MembershipRow;
  /** Invites that this node made, by the public key of their token. */
  invites: InviteRow;
  /** Other members, by their key. */
  members: MemberRow;
  /** Rigs that their operators disowned, by `${operator}/${node}`; records in base64. */
  disowned: { record: string };
  /** Operators that this one trusts, by their key. */
  trust: { name: string; addedMs: number };
  /** What this node passed on for others; the one row is `own`. */
  relayed: RelayRow;
  /** Endpoints that are not ours, by id. */
  upstreams: UpstreamRow;
}

/** Records in base64. */
export interface MembershipRow {
  swarm: string;
  proof: string;
  charter: string;
}

/** Times are milliseconds since 1970. The token itself is nowhere. */
export interface InviteRow {
  createdMs: number;
  expiresMs: number;
  mayInvite: boolean;
  /** Whether whoever uses it becomes a machine of this node's operator. */
  enrols: boolean;
  /** The node that used it. */
  usedBy: string | null;
}

export interface MemberRow {
  /** In base64. */
  proof: string;
  addresses: string[];
  seenMs: number;
  mayInvite: boolean;
  holdsRoot: boolean;
}

/** Times are milliseconds since 1970; null: no limit. The key itself is nowhere. */
export interface KeyRow {
  name: string;
  /** sha256 of the key, hex. */
  hash: string;
  createdMs: number;
  expiresMs: number | null;
  models: string[] | null;
  /** Of prompts and answers together. */
  budgetTokens: number | null;
  /** In 10^-12 of the currency's unit, decimal digits. */
  budgetMoneyPico: string | null;
  requestsPerMinute: number | null;
  tier: PrivacyTier;
}

export interface UsageRow {
  requests: number;
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  /** At the prices of their time, in 10^-12 of the currency's unit, decimal digits. */
  moneyPico: string;
  lastUsedMs: number | null;
}

export interface BrowserSessionRow {
  /** sha256 of the cookie's value, hex. */
  hash: string;
  /** By login link, which gives control, or by pairing code, which does not. */
  kind: 'login' | 'pairing';
  createdMs: number;
  expiresMs: number;
}

/** Times are milliseconds since 1970. */
export interface AnswerRow {
  owner: string;
  id: string;
  /** Grows from answer to answer, whatever the clock does. */
  order: number;
  /** Catalogue name. */
  model: string;
  background: boolean;
  state: 'running' | 'done' | 'failed' | 'cancelled';
  createdMs: number;
  endedMs: number | null;
  /** Processes that went on with it after the first. */
  restarts: number;
  /** Of its texts and parts; while it runs, of the texts alone. */
  bytes: number;
  error: ErrorObject | null;
}

export interface AnswerPartRow {
  /** Index of the first of `chunks`. */
  first: number;
  chunks: unknown[];
  /** By choice, in order; none once the answer has ended. */
  events: [choice: number, event: unknown][];
}

/** Times are milliseconds since 1970. */
export interface ReliabilityRow {
  /** At `atMs`; 0 to 1. */
  value: number;
  atMs: number;
  served: number;
  failed: number;
  /** Times that it gave wrong bytes. */
  wrong: number;
  /** Not used before; 0: it never gave wrong bytes. */
  shunnedUntilMs: number;
}

export interface SpeedRow {
  /** Measured, by `sessions`, which grow. */
  rates: LoadRate[];
  /** Milliseconds since 1970. */
  atMs: number;
}

/** Times are milliseconds since 1970. */
export interface AnchorRow {
  operator: string;
  /** Best first. */
  addresses: string[];
  /** When this node was first and last connected with it. */
  firstMs: number;
  lastMs: number;
}

export interface RelayRow {
  /** Ever. */
  bytes: number;
  /** In the 24 hours from `dayStartMs`, milliseconds since 1970. */
  bytesToday: number;
  dayStartMs: number;
}

/** Its key is not here: see home/upstream-keys.ts. */
export interface UpstreamRow {
  /** By which its model is asked for here. */
  name: string;
  /** As it calls that itself. */
  model: string;
  /** Base of its API, without a slash at the end. */
  url: string;
  kind: UpstreamKind;
  /** Whose machine it is, as its operator said. */
  tier: PrivacyTier;
  /** Whom of the swarm it answers at most, within what its node serves. Absent: an earlier version added it. */
  serves?: PrivacyTier;
  hasKey: boolean;
  /** sha256 of its certificate where no authority signed it; else null. */
  fingerprint: string | null;
  /** null: it does not say. */
  contextTokens: number | null;
  /** Requests that it gets at the same time. */
  sessionsMax: number;
  /** Milliseconds since 1970. */
  addedMs: number;
  /** A running mean; null: nothing was measured. */
  firstTokenMs: number | null;
}

export type TableName = keyof Tables;

/** From `from` on, up to and without `below`, in the order of code points. */
export interface KeyRange {
  from: string;
  below: string;
}

export interface Store {
  get<T extends TableName>(table: T, key: string): Tables[T] | undefined;
  put<T extends TableName>(table: T, key: string, value: Tables[T]): void;
  delete(table: TableName, key: string): void;
  deleteRange(table: TableName, range: KeyRange): void;
  /** In the order of keys. */
  list<T extends TableName>(table: T, range?: KeyRange): { key: string; value: Tables[T] }[];
  /**
   * All of the work, or none of it, whatever kills the process. `relaxed`: a power cut may take back what it did last,
   * in exchange for not waiting for the disk; of nested ones the outermost counts.
   */
  transaction<R>(work: () => R, options?: { relaxed: boolean }): R;
}
