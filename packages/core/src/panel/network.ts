/**
 * What the Network page and the chat hear of the swarm, under `/filon/v1`. Times: ms since 1970. Keys, operators, round
 * trips and bytes are what this node knows; models, speeds, prices and devices are what each node says of itself.
 */
import type { TokenPrice } from '../serving/completion.ts';
import type { PrivacyTier } from '../serving/tier.ts';
import type { KeyId } from '../swarm/key-id.ts';

/** The ones that matter most; `totals` counts all of them. */
export const PANEL_PEERS_MAX = 256;
export const PANEL_MODELS_MAX = 16;
export const PANEL_WAYS_MAX = 32;
/** Nodes of one answer that are told; the last ones, with the first. */
export const PANEL_STEPS_MAX = 8;
export const PANEL_OFFERS_MAX = 256;

/** For a million tokens, in millionths of a unit. */
export type PanelPrice = TokenPrice;

/** A model that a node has ready. */
export interface PanelServed {
  name: string;
  /** null: in fast mode. */
  numericClass: string | null;
  /** It passes requests on to an endpoint that is no node: the narrowest tier that reaches it. null: it computes itself. */
  upstream: PrivacyTier | null;
  /** 0: its upstream does not say. */
  contextTokens: number;
  /** Of one session alone, as its node measured it; null: not measured. */
  tokensPerSecond: number | null;
  /** null: it asks for nothing. */
  price: PanelPrice | null;
  sessionsMax: number;
  /** Sessions that compute and that wait, when it was asked last; null: it was not. */
  load: { active: number; queued: number } | null;
}

export interface PanelMachine {
  key: KeyId;
  /** Short, for people; no proof of anything. */
  name: string;
  /** null: not known. */
  operator: KeyId | null;
  /** null: it has not said. */
  version: string | null;
  canRelay: boolean;
  /** In words: `2 x NVIDIA P104-100`. */
  devices: string[];
  models: PanelServed[];
}

/** `reach`: how others get here. `none`: not at all; `unknown`: nobody has tried yet. */
export interface PanelSelf extends PanelMachine {
  reach: 'direct' | 'punched' | 'relayed' | 'none' | 'unknown';
  addresses: string[];
}

export interface PanelPeer extends PanelMachine {
  /** The narrowest tier that reaches it: one's own, of a trusted operator, anybody's. */
  tier: PrivacyTier;
  /** null: it is known by what it announced, and not connected. */
  connection: {
    reach: 'direct' | 'punched' | 'relayed';
    roundTripMs: number | null;
    receivedBytes: number;
    sentBytes: number;
  } | null;
  /** When this node heard of it last. */
  seenMs: number | null;
  /** When what it announced ends; null: nothing of it holds. */
  expiresMs: number | null;
  /** It said that it stops, and nothing since. */
  hasLeft: boolean;
  /** This node's own memory of it, 0 to 1; null: none yet. */
  reliability: number | null;
}

export interface PanelSwarm {
  name: string;
  key: KeyId;
  /** Of this node's membership. */
  expiresMs: number;
  isMember: boolean;
  mayInvite: boolean;
  /** Whether some member, this node or another, can be reached from everywhere; null: not known. */
  hasReachable: boolean | null;
}

/** What the node keeps of it at one moment. */
export interface NetworkLook {
  /** null: this node is in none. */
  swarm: PanelSwarm | null;
  self: PanelSelf;
  /** All that are known, in any order. */
  peers: readonly PanelPeer[];
}

/** Who computed a part of an answer. */
export interface PanelStep {
  /** null: this node. */
  node: KeyId | null;
  name: string;
  tier: PrivacyTier;
  numericClass: string | null;
  /** It passed the request on to an endpoint that is no node. */
  isUpstream: boolean;
}

/** The way that an answer took: not a word of what was asked or said. */
export interface PanelWay {
  /** Counts the answers of this process. */
  id: number;
  /** When it ended. */
  atMs: number;
  model: string;
  tookMs: number;
  tokens: number;
  /** How often it stood still because whoever computed it was gone. */
  pauses: number;
  /** In order; more than one: the next went on where the one before was lost. */
  steps: PanelStep[];
}

/** Of all peers that are known. */
export interface PanelTotals {
  peers: number;
  connected: number;
  /** Of this node and the connected ones, each with its fastest model and one session. */
  tokensPerSecond: number;
}

/** `GET network`. */
export interface PanelNetwork {
  atMs: number;
  /** null: this node is in none. */
  swarm: PanelSwarm | null;
  /** null: this node has no network. */
  self: PanelSelf | null;
  peers: PanelPeer[];
  totals: PanelTotals;
  /** The newest first. */
  ways: PanelWay[];
}

/** What a model could be had for on machines of one tier, this node aside. */
export interface PanelTierOffer {
  tier: PrivacyTier;
  nodes: number;
  /** Of the fastest; null: none was measured. */
  tokensPerSecond: number | null;
  /** No node of the tier asks for more; null: all of them for nothing. */
  priceMax: PanelPrice | null;
}

/** `GET offers`, for everybody who may chat; no tier wider than the caller's. */
export interface PanelOffers {
  /** Name of the swarm; null: none, and then no offers. */
  swarm: string | null;
  /** The widest tier that the caller may choose. */
  tierMax: PrivacyTier;
  /** `contextTokens`: 0: not known. */
  models: { name: string; contextTokens: number; tiers: PanelTierOffer[] }[];
}
