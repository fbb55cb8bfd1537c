/** What the node's own pages are answered, for the API's document. The compiler holds each schema to the type that is sent. */
import type { Fit } from '@filon/core/model/fit';
import type {
  PanelAnswer,
  PanelDevice,
  PanelFault,
  PanelJob,
  PanelJobs,
  PanelModel,
  PanelSession,
  PanelStatus,
  PanelStopped,
} from '@filon/core/panel/messages';
import {
  PANEL_MODELS_MAX,
  PANEL_OFFERS_MAX,
  PANEL_PEERS_MAX,
  PANEL_STEPS_MAX,
  PANEL_WAYS_MAX,
  type PanelNetwork,
  type PanelOffers,
  type PanelPeer,
  type PanelPrice,
  type PanelSelf,
  type PanelServed,
  type PanelSwarm,
  type PanelWay,
} from '@filon/core/panel/network';
import { TIERS } from '@filon/core/serving/tier';
import { keyId } from '@filon/core/swarm/key-id';
import { z } from 'zod';

const count = z.int().min(0);
const text = z.string();
const amount = z.number();

export const panelSession: z.ZodType<PanelSession> = z.object({ control: z.boolean() });

const fit: z.ZodType<Fit> = z.union([
  z.object({ fits: z.literal(true) }),
  z.object({
    fits: z.literal(false),
    lacks: z.enum(['memory', 'disk']),
    neededBytes: amount,
    haveBytes: amount,
  }),
]);
const loaded = z.object({
  sessions: count,
  sessionsMax: count,
  device: text,
  mode: z.enum(['fast', 'exact']),
});
const panelModel: z.ZodType<PanelModel> = z.object({
  name: text,
  title: text,
  licence: text.nullable(),
  architecture: text,
  contextTokens: count,
  bytes: count,
  stored: z.boolean(),
  loaded: loaded.nullable(),
  fit,
  untried: z.boolean(),
});
export const panelModels: z.ZodType<PanelModel[]> = z.array(panelModel);

export const panelJob: z.ZodType<PanelJob> = z.object({
  id: text,
  kind: z.enum(['pull', 'load']),
  model: text,
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  done: amount,
  total: amount.nullable(),
  perSecond: amount.nullable(),
  leftMs: amount.nullable(),
  error: z.object({ code: text, message: text }).nullable(),
});
export const panelJobs: z.ZodType<PanelJobs> = z.object({ jobs: z.array(panelJob) });

const device: z.ZodType<PanelDevice> = z.object({
  id: text,
  name: text,
  backend: text,
  memoryBytes: count,
  freeBytes: count,
  worker: z.enum(['none', 'idle', 'starting', 'up', 'backing-off', 'crash-loop']),
  deaths: count,
});
const answer: z.ZodType<PanelAnswer> = z.object({
  number: count,
  model: text,
  startedMs: amount,
  followers: count,
});
export const panelStopped: z.ZodType<PanelStopped> = z.object({ stopped: z.boolean() });
const fault: z.ZodType<PanelFault> = z.object({ atMs: amount, route: text, code: text, message: text });

export const panelStatus: z.ZodType<PanelStatus> = z.object({
  version: text,
  uptimeSeconds: count,
  ready: z.boolean(),
  reason: text,
  defaultModel: text,
  residentBytes: count,
  devices: z.array(device),
  sessions: z.array(z.object({ model: text, count })),
  answers: z.array(answer),
  active: count,
  queued: count,
  queueMax: count,
  counters: z.object({
    generatedTokens: count,
    promptTokens: count,
    cachedTokens: count,
    answered: count,
    refused: count,
    resumed: count,
    workerDeaths: count,
  }),
  faults: z.array(fault),
});

const tier = z.enum(['own', 'trusted', 'open']);
const price: z.ZodType<PanelPrice> = z.object({ promptPico: count, answerPico: count });
const served: z.ZodType<PanelServed> = z.object({
  name: text,
  numericClass: text.nullable(),
  upstream: tier
    .nullable()
    .describe('It passes requests on to an endpoint that is no node: the narrowest tier that reaches it.'),
  contextTokens: count,
  tokensPerSecond: amount.nullable(),
  price: price.nullable(),
  sessionsMax: count,
  load: z.object({ active: count, queued: count }).nullable(),
});
const machine = z.object({
  key: keyId,
  name: text,
  operator: keyId.nullable(),
  version: text.nullable(),
  canRelay: z.boolean(),
  devices: z.array(text).max(PANEL_MODELS_MAX),
  models: z.array(served).max(PANEL_MODELS_MAX),
});
const self: z.ZodType<PanelSelf> = machine.extend({
  reach: z.enum(['direct', 'punched', 'relayed', 'none', 'unknown']),
  addresses: z.array(text),
});
const peer: z.ZodType<PanelPeer> = machine.extend({
  tier,
  connection: z
    .object({
      reach: z.enum(['direct', 'punched', 'relayed']),
      roundTripMs: amount.nullable(),
      receivedBytes: count,
      sentBytes: count,
    })
    .nullable(),
  seenMs: amount.nullable(),
  expiresMs: amount.nullable(),
  hasLeft: z.boolean(),
  reliability: amount.min(0).max(1).nullable(),
});
const swarm: z.ZodType<PanelSwarm> = z.object({
  name: text,
  key: keyId,
  expiresMs: amount,
  isMember: z.boolean(),
  mayInvite: z.boolean(),
  hasReachable: z.boolean().nullable(),
});
const way: z.ZodType<PanelWay> = z.object({
  id: count,
  atMs: amount,
  model: text,
  tookMs: amount,
  tokens: count,
  pauses: count,
  steps: z
    .array(
      z.object({
        node: keyId.nullable(),
        name: text,
        tier,
        numericClass: text.nullable(),
        isUpstream: z.boolean(),
      }),
    )
    .min(1)
    .max(PANEL_STEPS_MAX),
});
export const panelNetwork: z.ZodType<PanelNetwork> = z.object({
  atMs: amount,
  swarm: swarm.nullable(),
  self: self.nullable(),
  peers: z.array(peer).max(PANEL_PEERS_MAX),
  totals: z.object({ peers: count, connected: count, tokensPerSecond: amount }),
  ways: z.array(way).max(PANEL_WAYS_MAX),
});

export const panelOffers: z.ZodType<PanelOffers> = z.object({
  swarm: text.nullable(),
  tierMax: tier,
  models: z
    .array(
      z.object({
        name: text,
        contextTokens: count,
        tiers: z
          .array(
            z.object({
              tier,
              nodes: count,
              tokensPerSecond: amount.nullable(),
              priceMax: price.nullable(),
            }),
          )
          .max(TIERS.length),
      }),
    )
    .max(PANEL_OFFERS_MAX),
});

export const panelCancelled: z.ZodType = z.object({ cancelled: text });
export const panelUnloaded: z.ZodType = z.object({ unloaded: text });
export const panelRemoved: z.ZodType = z.object({ removed: text });
