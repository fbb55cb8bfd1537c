/** The calls about the swarm: this node's place in it, who else is there, whom it trusts, and where requests would go. */
import type { AnnouncedDevice } from '@filon/core/directory/announcement';
import type { NetworkLook, PanelSelf, PanelSwarm } from '@filon/core/panel/network';
import type { RankedCandidate, RefusedCandidate } from '@filon/core/serving/routing';
import { type PrivacyTier, TIERS } from '@filon/core/serving/tier';
import type { Inviters } from '@filon/core/swarm/charter';
import { swarmName } from '@filon/core/swarm/charter';
import { INVITE_CHARS_MAX } from '@filon/core/swarm/invite';
import type { KeyId } from '@filon/core/swarm/key-id';
import { z } from 'zod';
import type { PeerConnection, Reachability } from '../ports/network.ts';
import type { RouteQuestion } from '../serve/serving.ts';
import type { MemberView } from '../swarm/membership/membership.ts';
import { INVITE_MS_MAX } from '../swarm/membership/membership-limits.ts';
import type { Lost } from '../swarm/membership/standing.ts';
import type { TrustedOperator } from '../swarm/membership/trust.ts';

/** This node's place in its swarm. */
export interface SwarmView {
  swarm: PanelSwarm & { open: boolean; inviters: Inviters; holdsRoot: boolean; lost: Lost | null };
  self: PanelSelf;
  reachability: Reachability;
  /** That are known with their proofs, this node among them. */
  members: number;
  /** Other nodes. */
  connected: number;
}

export interface MemberList {
  swarm: string;
  members: (MemberView & { name: string })[];
  revoked: { node: KeyId; name: string; atMs: number }[];
  /** Not used yet. */
  invites: { id: KeyId; expiresMs: number }[];
}

export interface InviteInput {
  /** Milliseconds; null: a day. */
  validMs: number | null;
  mayInvite: boolean;
  /** Whoever uses it becomes a machine of this operator. */
  enrols: boolean;
}

/** An invite that this node made and that has not expired. */
export interface MadeInvite {
  id: KeyId;
  /** As people call it. */
  name: string;
  createdMs: number;
  expiresMs: number;
  mayInvite: boolean;
  enrols: boolean;
  /** The node that used it; null: nobody has. */
  usedBy: { node: KeyId; name: string } | null;
}

/** null: as it is. */
export interface RulesInput {
  open: boolean | null;
  inviters: Inviters | null;
}

export interface RulesView {
  swarm: string;
  open: boolean;
  inviters: Inviters;
  /** Of the charter. */
  version: number;
  /** Whether this node can change them. */
  holdsRoot: boolean;
}

export interface InviteView {
  invite: string;
  expiresMs: number;
  swarm: string;
  /** Where the joiner will look for members; none: nobody can use it from elsewhere. */
  addresses: string[];
}

/** One rig of this node's operator, this one among them. */
export interface RigView {
  node: KeyId;
  name: string;
  isSelf: boolean;
  /**
   * `up`: connected. `heard`: its announcement holds. `left`: it said that it stops. `gone`: nothing is heard of it; also
   * where its membership has expired meanwhile.
   */
  state: 'up' | 'heard' | 'left' | 'gone';
  /** How it is reached; null: not connected, or this node. */
  reach: PeerConnection['reach'] | null;
  version: string | null;
  devices: string[];
  /** What it announced of its cards; alike ones once, with their count. */
  cards: AnnouncedDevice[];
  models: PanelSelf['models'];
  roundTripMs: number | null;
  /** When it was heard of last, milliseconds since 1970; null: never, or it is this node. */
  seenMs: number | null;
  problems: RigProblem[];
}

/**
 * `gone`, `left`: as its state. `unconnected`: it is heard of through others alone. `no-devices`: it announced none.
 * `no-model`: it has none ready. `busy`: somebody waits at one of its models. `version`: it runs another than this node.
 * `unreliable`: most of what this node asked of it of late failed.
 */
export type RigProblem =
  | 'gone'
  | 'left'
  | 'unconnected'
  | 'no-devices'
  | 'no-model'
  | 'busy'
  | 'version'
  | 'unreliable';

export interface RoutePlace {
  node: KeyId | null;
  name: string;
  /** It passes requests on to an endpoint that is no node. */
  upstream: boolean;
}

export interface RouteView {
  model: string;
  sha256: string;
  tier: PrivacyTier;
  promptTokens: number;
  answerTokens: number;
  /** Best first. */
  places: (Omit<RankedCandidate, 'candidate'> & RoutePlace)[];
  refused: (Pick<RefusedCandidate, 'refusal'> & RoutePlace)[];
}

/** `tier: null`: as what is asked without a word about it. */
export type RouteInput = Omit<RouteQuestion, 'tier'> & { tier: PrivacyTier | null };

type Nothing = Record<string, never>;

interface Call<In, Out> {
  input: In;
  output: Out;
}

export interface SwarmCalls {
  /** null: in none. */
  swarm: Call<Nothing, SwarmView | null>;
  /** Codes: SWARM_MEMBER_ALREADY, NETWORK_LISTEN_FAILED. */
  createSwarm: Call<{ name: string; open: boolean; inviters: Inviters | null }, SwarmView>;
  /** Codes: INVITE_*, SWARM_*, NETWORK_LISTEN_FAILED. `enrols`: only by a word that makes this a machine of its operator. */
  joinSwarm: Call<{ invite: string; enrols: boolean }, SwarmView>;
  /** Codes: SWARM_*. */
  invite: Call<InviteInput, InviteView>;
  invites: Call<Nothing, MadeInvite[]>;
  /** By name, id, or the word itself; it is of no use from then on. Codes: SWARM_NONE, INVITE_*. */
  takeBackInvite: Call<{ invite: string }, MadeInvite>;
  /** What holds then. Codes: SWARM_NONE; to change something SWARM_NOT_ROOT. */
  swarmRules: Call<RulesInput, RulesView>;
  members: Call<Nothing, MemberList>;
  /** By key or name. Codes: SWARM_*, CONTROL_NODE_UNKNOWN. */
  revoke: Call<{ node: string }, { node: KeyId; name: string }>;
  /** A rig of this operator, by key or name: its own no more, anywhere. Codes: SWARM_*, CONTROL_NODE_UNKNOWN. */
  disown: Call<{ node: string }, { node: KeyId; name: string }>;
  /** Undoes it; by key or name. Codes: SWARM_*, CONTROL_NODE_UNKNOWN. */
  readmit: Call<{ node: string }, { node: KeyId; name: string }>;
  /** Codes: SWARM_NONE. */
  leaveSwarm: Call<Nothing, { swarm: string }>;
  /** null: in no swarm. */
  peers: Call<Nothing, NetworkLook | null>;
  /** Asks them how busy they are. */
  rigs: Call<Nothing, RigView[]>;
  trusted: Call<Nothing, TrustedOperator[]>;
  /** `operator`: a key, or a node's key or name for its operator. Codes: TRUST_FULL, TRUST_NAME_TAKEN, CONTROL_NODE_UNKNOWN. */
  trust: Call<{ operator: string; name: string | null }, TrustedOperator>;
  /** By key, or the name in the list. Code: CONTROL_NODE_UNKNOWN. */
  distrust: Call<{ operator: string }, TrustedOperator>;
  /** Codes: SERVE_MODEL_UNKNOWN. */
  route: Call<RouteInput, RouteView>;
}

const KEY_OR_NAME_CHARS_MAX = 64;
const nothing: z.ZodType<Nothing> = z.object({});
const keyOrName = z.string().min(1).max(KEY_OR_NAME_CHARS_MAX);
const inviters = z.enum(['root', 'chosen', 'members']);
const tokens = z.int().min(1).max(10_000_000);

export const SWARM_INPUTS: { readonly [C in keyof SwarmCalls]: z.ZodType<SwarmCalls[C]['input']> } = {
  swarm: nothing,
  createSwarm: z.object({
    name: swarmName,
    open: z.boolean(),
    inviters: inviters.nullable(),
  }),
  joinSwarm: z.object({
    invite: z
      .string()
      .min(1)
      .max(2 * INVITE_CHARS_MAX),
    enrols: z.boolean(),
  }),
  invite: z.object({
    validMs: z.int().min(1000).max(INVITE_MS_MAX).nullable(),
    mayInvite: z.boolean(),
    enrols: z.boolean(),
  }),
  invites: nothing,
  takeBackInvite: z.object({
    invite: z
      .string()
      .min(1)
      .max(2 * INVITE_CHARS_MAX),
  }),
  swarmRules: z.object({ open: z.boolean().nullable(), inviters: inviters.nullable() }),
  members: nothing,
  revoke: z.object({ node: keyOrName }),
  readmit: z.object({ node: keyOrName }),
  disown: z.object({ node: keyOrName }),
  leaveSwarm: nothing,
  peers: nothing,
  rigs: nothing,
  trusted: nothing,
  trust: z.object({
    operator: keyOrName,
    name: z.string().min(1).max(KEY_OR_NAME_CHARS_MAX).nullable(),
  }),
  distrust: z.object({ operator: keyOrName }),
  route: z.object({
    model: z.string().min(1).max(1024),
    tier: z.enum(TIERS).nullable(),
    promptTokens: tokens,
    answerTokens: tokens,
  }),
};
