/**
 * What may be asked of a running node. The node implements every call, the client sends it over the control socket, and
 * both have this one shape; so the command line does the same whether the node is this process or another.
 */
import type { CatalogueEntry } from '@filon/core/model/catalogue';
import type { LoadedModel } from '@filon/core/serving/session';
import { z } from 'zod';
import type { EngineStatus } from '../ports/engine.ts';
import type { PullOptions, PullProgress, StoredModel } from '../ports/models.ts';
import type { RemoteModel } from '../ports/replicas.ts';
import type { ServingStats } from '../serve/serving.ts';
import type { UpstreamView } from '../serve/upstream/places.ts';
import { ACCESS_INPUTS, type AccessCalls } from './access-calls.ts';
import { SWARM_INPUTS, type SwarmCalls, type SwarmView } from './swarm-calls.ts';
import { TRAIN_INPUTS, type TrainCalls, type TrainProgress } from './train-calls.ts';
import { UPSTREAM_INPUTS, type UpstreamCalls } from './upstream-calls.ts';

export interface NodeStatus {
  version: string;
  pid: number;
  home: string;
  /** Base of the HTTP API, without a slash at the end. */
  url: string;
  /** As callers on the network reach it; none on loopback. */
  lanUrls: string[];
  /** sha256 of the certificate; null without TLS. */
  fingerprint: string | null;
  state: 'running' | 'stopping';
  uptimeSeconds: number;
  /** Whether some model could answer now, and in words why not. */
  ready: boolean;
  reason: string;
  defaultModel: string;
  /** Of the node process; workers not counted. */
  residentBytes: number;
  engine: EngineStatus;
  serving: ServingStats;
  /** null: in none. */
  swarm: SwarmView | null;
}

export interface RunningModel extends LoadedModel {
  name: string;
  /** That hold a slot now. */
  sessions: number;
}

export interface ModelList {
  stored: (StoredModel & { loaded: boolean })[];
  /** That other nodes of the swarm have ready. */
  elsewhere: readonly RemoteModel[];
  /** That endpoints of this node serve. */
  upstreams: readonly UpstreamView[];
  catalogue: readonly CatalogueEntry[];
}

export interface ModelDetails {
  name: string;
  stored: StoredModel | null;
  catalogue: CatalogueEntry | null;
  loaded: LoadedModel | null;
  /** As other nodes have it ready; null: none is known that does. */
  elsewhere: RemoteModel | null;
}

export interface Speed {
  sessions: number;
  promptTokens: number;
  generatedTokens: number;
  /** Prompt tokens of all sessions, over the time until the last first token. */
  prefillTokensPerSecond: number;
  /** Tokens of all sessions a second, while all of them generate. */
  decodeTokensPerSecond: number;
  /** Until the last session had its first token. */
  firstTokenMs: number;
}

export interface BenchReport {
  model: string;
  device: string;
  mode: 'fast' | 'exact';
  runs: Speed[];
}

export type CallProgress =
  | { kind: 'pull'; pull: PullProgress }
  /** 0 to 1. */
  | { kind: 'share'; share: number; text: string }
  | TrainProgress;

const NAME_CHARS_MAX = 1024;
const name = z
  .string('it is no text')
  .min(1, 'it is empty')
  .max(NAME_CHARS_MAX, `it has more than ${NAME_CHARS_MAX} characters`);
const named: z.ZodType<{ name: string }> = z.object({ name });
const nothing: z.ZodType<Record<string, never>> = z.object({});

export interface PullInput {
  name: string;
  repin?: boolean | undefined;
  lora?: PullOptions['lora'];
}

const pullInput: z.ZodType<PullInput> = z.object({
  ...{ name, repin: z.boolean().optional() },
  lora: z.object({ base: name, name: name.nullable() }).optional(),
});

export interface BenchInput {
  name: string;
  /** One run for each number of sessions. */
  sessions: number[];
  promptTokens: number;
  generatedTokens: number;
}

const benchInput: z.ZodType<BenchInput> = z.object({
  name,
  sessions: z.array(z.int().min(1).max(64)).min(1).max(8),
  promptTokens: z.int().min(1).max(1_000_000),
  generatedTokens: z.int().min(1).max(100_000),
});

interface Call<In, Out> {
  input: In;
  output: Out;
}

export interface Calls extends AccessCalls, SwarmCalls, TrainCalls, UpstreamCalls {
  status: Call<Record<string, never>, NodeStatus>;
  running: Call<Record<string, never>, RunningModel[]>;
  models: Call<Record<string, never>, ModelList>;
  show: Call<{ name: string }, ModelDetails>;
  /** Progress: `pull`. `repin` takes a file that its publisher changed. */
  pull: Call<PullInput, StoredModel>;
  remove: Call<{ name: string }, StoredModel>;
  /** Progress: `share`. */
  load: Call<{ name: string }, RunningModel>;
  unload: Call<{ name: string }, { name: string }>;
  /** Progress: `share`. The certificate as the engine keeps it. */
  certify: Call<{ name: string }, { name: string; certificate: unknown }>;
  /** Progress: `share`. */
  bench: Call<BenchInput, BenchReport>;
  /** Ends the node as a signal does; answers before it does. */
  shutdown: Call<Record<string, never>, { pid: number; graceSeconds: number }>;
}

export type CallName = keyof Calls;

export const CALL_INPUTS: { readonly [C in CallName]: z.ZodType<Calls[C]['input']> } = {
  status: nothing,
  running: nothing,
  models: nothing,
  show: named,
  pull: pullInput,
  remove: named,
  load: named,
  unload: named,
  certify: named,
  bench: benchInput,
  shutdown: nothing,
  ...ACCESS_INPUTS,
  ...SWARM_INPUTS,
  ...TRAIN_INPUTS,
  ...UPSTREAM_INPUTS,
};

export interface CallOptions {
  signal: AbortSignal;
  onProgress?: (progress: CallProgress) => void;
}

export type Control = {
  readonly [C in CallName]: (input: Calls[C]['input'], options: CallOptions) => Promise<Calls[C]['output']>;
};

/** The calls that need no running node. */
export type ModelControl = Pick<Control, 'models' | 'show' | 'pull' | 'remove'>;
/** Those about whom the operator trusts need none either, */
export type TrustControl = Pick<Control, 'trusted' | 'trust' | 'distrust'>;
/** nor do those about who may call. */
export type KeyControl = Pick<Control, 'keys' | 'addKey' | 'removeKey' | 'browsers' | 'endBrowsers'>;
