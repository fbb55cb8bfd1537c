/**
 * Routing in values: what is known of each place that could compute a request, what is asked, and what comes out. Pure:
 * the same values give the same plan on every machine. `routing-cost.ts` says what a candidate costs, `routing-rank.ts`
 * who is refused and who is first.
 */
import type { KeyId } from '../swarm/key-id.ts';
import type { OperatorLists, PrivacyTier } from './tier.ts';

/** Measured tokens a second of one session when `sessions` of them run together. */
export interface LoadRate {
  /** From 1. */
  sessions: number;
  prefill: number;
  decode: number;
}

/** For one token, in 10^-12 of a unit of the swarm's currency. */
export interface Price {
  promptPico: bigint;
  answerPico: bigint;
}

/** What a candidate said of itself a moment ago, when it was asked. */
export interface CurrentLoad {
  /** Sessions that compute now. */
  active: number;
  queued: number;
  /** Its estimate of how long a new request waits for a slot. */
  queueMs: number;
  /** Of the prompt's tokens, how many it has in its cache for this asker. */
  cachedTokens: number;
}

/** That a place passes requests on to an endpoint that is no node, as its node says: neither where it is, nor its key. */
export interface UpstreamOffer {
  /** Whose machine the endpoint is, as seen by its node's operator. */
  tier: PrivacyTier;
  /** Whom it answers at most. */
  serves: PrivacyTier;
  /** It can go on with the begun answer of a chat. */
  continuesChats: boolean;
}

/** One place that could compute: a whole model on one node. */
export interface Candidate {
  /** null: this node. */
  node: KeyId | null;
  /** null: not known; then it is anybody's. */
  operator: KeyId | null;
  /** sha256 of the variant's file; of an upstream: what stands for its name. */
  model: string;
  /** What its node calls it. For people: nothing is chosen by it. */
  name: string;
  /** Same class, same logits, bit by bit; null: it serves in fast mode. */
  numericClass: string | null;
  /** Loaded, warmed up and self-tested. What is not can still be used on this node, after `loadMs`. */
  ready: boolean;
  /** Until it would be ready; 0 where it is. */
  loadMs: number;
  contextTokens: number;
  /** Sessions that decode together at most. */
  sessionsMax: number;
  /** By `sessions`, which grow. None: not measured yet. */
  rates: readonly LoadRate[];
  /** null: it was not asked, or did not answer in time. */
  load: CurrentLoad | null;
  /** null: not measured; 0 for this node. */
  roundTripMs: number | null;
  /** null: it asks for nothing. */
  price: Price | null;
  /** Whom it answers at most: its own operator, those that its operator trusts, anybody. */
  serves: PrivacyTier;
  /** This node's own memory of it, 0 to 1: the share of its requests that went well, the newest counting most. */
  reliability: number;
  /** Whether a session can go on there by its tokens; an upstream cannot. */
  replayable: boolean;
  /** Absent: its node computes itself. */
  upstream?: UpstreamOffer;
}

/** What is to be placed. */
export interface RouteRequest {
  /** sha256 of the variant's file. */
  model: string;
  promptTokens: number;
  /** Tokens that the answer is expected to have; those that it may have must fit into the context as well. */
  answerTokens: number;
  tier: PrivacyTier;
  /** Only candidates with a numeric class; where `numericClass` is given, only those of that class. */
  exact: boolean;
  /** Of the place that began the session: candidates of the same class come first. null: it has not begun, or in fast mode. */
  numericClass: string | null;
  /** Where the session's prefix is (null: on this node). It stays there unless another place is much cheaper. */
  stayAt?: KeyId | null;
  /** What the prompt begins with, in characters, for whose caches: where it may have been read before. */
  beginning?: { text: string; scope: string };
  /** Nodes that failed this request, or that the caller is done with (null: this node). */
  excluded: ReadonlySet<KeyId | null>;
  /** A session that has begun: only candidates that can go on by its tokens. */
  resuming: boolean;
}

/** What this operator wants of a route. */
export interface RoutePolicy {
  lists: OperatorLists;
  /** How long a wait one unit of the currency is worth, in milliseconds; 0: prices do not count. */
  msPerUnit: number;
}

/** Of a node that is in no swarm. */
export const ALONE: RoutePolicy = { lists: { own: new Set(), trusted: new Set() }, msPerUnit: 0 };

/**
 * Milliseconds. `totalMs`, by which candidates are ranked, is the sum of the times over `reliability`: what fails has to
 * be done again. The price comes on top.
 */
export interface RouteCost {
  /** Until the request is there and its first token back. */
  roundTripMs: number;
  queueMs: number;
  loadMs: number;
  /** The whole prompt at the rate of the current load. */
  prefillMs: number;
  /** Of `prefillMs`, what the cached prefix saves; 0 or less. */
  savedMs: number;
  decodeMs: number;
  /** What the price is worth in time. */
  priceMs: number;
  reliability: number;
  totalMs: number;
}

export type Refusal =
  | 'other-model'
  | 'excluded'
  /** The tier that was asked for does not reach its operator. */
  | 'tier'
  /** It answers its own operator alone. */
  | 'unwilling'
  | 'not-ready'
  | 'other-class'
  | 'not-replayable'
  | 'context'
  /** This node's memory of it is too bad for it to be used. */
  | 'unreliable';

export interface RankedCandidate {
  candidate: Candidate;
  /** The narrowest tier that reaches it. */
  tier: PrivacyTier;
  cost: RouteCost;
  /** It is first only because the session is there already. */
  stayed: boolean;
}

export interface RefusedCandidate {
  candidate: Candidate;
  refusal: Refusal;
}

export interface Routing {
  /** Best first: a chain of one stage each. The next one is where to go on when one fails. */
  ranked: readonly RankedCandidate[];
  refused: readonly RefusedCandidate[];
}
