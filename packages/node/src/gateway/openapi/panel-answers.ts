/** What the node's own pages are answered, for the API's document. The compiler holds each schema to the type that is sent. */
import type { Fit } from '@filon/core/model/fit';
import type {
  PanelDevice,
  PanelFault,
  PanelJob,
  PanelJobs,
  PanelModel,
  PanelSession,
  PanelStatus,
} from '@filon/core/panel/messages';
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

export const panelCancelled: z.ZodType = z.object({ cancelled: text });
export const panelUnloaded: z.ZodType = z.object({ unloaded: text });
export const panelRemoved: z.ZodType = z.object({ removed: text });
