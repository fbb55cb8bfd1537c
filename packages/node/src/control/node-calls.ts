/** The calls of a running node, in its own process. */
import { FilonError } from '@filon/core/errors';
import type { LoadedModel } from '@filon/core/serving/session';
import type { Access } from '../access/access.ts';
import type { Config } from '../config/settings.ts';
import type { Clock } from '../ports/clock.ts';
import type { Engine, Progress, Waiting } from '../ports/engine.ts';
import type { Models, StoredModel } from '../ports/models.ts';
import type { Serving, ServingControl } from '../serve/serving.ts';
import type { UpstreamPlaces } from '../serve/upstream/places.ts';
import type { Trainings } from '../train/pipeline.ts';
import { createAccessCalls, type Reach } from './access-calls.ts';
import { benchModel } from './bench.ts';
import type { CallOptions, Control, NodeStatus, RunningModel } from './calls.ts';
import type { ControlErrorDetails } from './errors.ts';
import { createModelCalls, findModel } from './model-calls.ts';
import { createSwarmControl } from './swarm-control.ts';
import type { Place } from './swarm-place.ts';
import { createTrainCalls } from './train-calls.ts';
import { createUpstreamCalls } from './upstream-calls.ts';

export interface NodeCallsConfig extends Reach {
  version: string;
  home: string;
  /** sha256 of the certificate; null without TLS. */
  fingerprint: string | null;
  settings: Config;
}

export interface NodeCallsDeps {
  clock: Clock;
  engine: Engine;
  models: Models;
  serving: Serving & ServingControl;
  access: Access;
  place: Place;
  upstreams: UpstreamPlaces;
  trainings(): Promise<Trainings>;
  /** Finds and proves exact settings; null where the engine cannot. */
  certify: ((model: StoredModel, options: Waiting & Progress) => Promise<unknown>) | null;
  /** Whether a stop was asked for. */
  stopping(): boolean;
  /** Asks for one; does not wait. */
  stop(): void;
}

export function createNodeCalls(config: NodeCallsConfig, deps: NodeCallsDeps): Control {
  const { models, engine, serving } = deps;
  const startedMs = deps.clock.monotonicMs();
  const swarm = createSwarmControl({ ...deps, ...config });
  return {
    ...swarm,
    ...createAccessCalls(deps.access, config),
    ...createUpstreamCalls(deps.upstreams),
    ...createTrainCalls(deps),
    ...createModelCalls({
      models,
      loaded: () => engine.status().loaded,
      upstreams: () => deps.upstreams.list(),
      elsewhere: () => deps.place.swarm?.replicas.models() ?? [],
      unload: (model, options) => serving.unload(model.name, options),
    }),
    status: async (input, options) => ({
      ...(await status(config, deps, startedMs)),
      swarm: await swarm.swarm(input, options),
    }),
    running: () => running(deps),
    load: async ({ name }, options) => {
      const model = await findModel(models, name);
      const loaded = await serving.load(model.name, {
        signal: options.signal,
        onProgress: shares(options, name),
      });
      return { ...loaded, name: model.name, sessions: 0 };
    },
    unload: async ({ name }, { signal }) => {
      const model = await findModel(models, name);
      loadedOf(engine, model);
      await serving.unload(model.name, { signal });
      return { name: model.name };
    },
    certify: async ({ name }, options) => {
      const model = await findModel(models, name);
      if (deps.certify === null) throw cannotCertify();
      const onProgress = shares(options, name);
      const certificate = await deps.certify(model, { signal: options.signal, onProgress });
      return { name: model.name, certificate };
    },
    bench: async (input, options) => {
      const model = await findModel(models, input.name);
      return benchModel(deps, { model: loadedOf(engine, model), name: model.name, input }, options);
    },
    shutdown: async () => {
      deps.stop();
      return { pid: process.pid, graceSeconds: config.settings.stopGraceSeconds };
    },
  };
}

async function status(
  config: NodeCallsConfig,
  deps: NodeCallsDeps,
  startedMs: number,
): Promise<Omit<NodeStatus, 'swarm'>> {
  const readiness = await deps.serving.readiness();
  return {
    version: config.version,
    pid: process.pid,
    home: config.home,
    url: config.url,
    lanUrls: config.lanUrls(),
    fingerprint: config.fingerprint,
    state: deps.stopping() ? 'stopping' : 'running',
    uptimeSeconds: Math.round((deps.clock.monotonicMs() - startedMs) / 1000),
    ...readiness,
    defaultModel: config.settings.defaultModel,
    residentBytes: process.memoryUsage.rss(),
    engine: deps.engine.status(),
    serving: deps.serving.stats(),
  };
}

async function running(deps: NodeCallsDeps): Promise<RunningModel[]> {
  const { loaded, sessions } = deps.engine.status();
  const stored = await deps.models.list();
  return loaded.map((model) => ({
    ...model,
    name: stored.find((one) => one.sha256 === model.model)?.name ?? model.model.slice(0, 12),
    sessions: sessions.find((one) => one.model === model.model)?.count ?? 0,
  }));
}

function shares(options: CallOptions, text: string): (share: number) => void {
  return (share) => options.onProgress?.({ kind: 'share', share, text });
}

function loadedOf(engine: Engine, stored: StoredModel): LoadedModel {
  const loaded = engine.status().loaded.find((model) => model.model === stored.sha256);
  if (loaded !== undefined) return loaded;
  throw new FilonError<ControlErrorDetails>(
    { code: 'CONTROL_MODEL_NOT_LOADED', model: stored.name },
    `The model ${stored.name} is not in memory. \`filon ps\` lists what is; \`filon run ${stored.name} "Hello"\` loads it.`,
  );
}

function cannotCertify(): FilonError<ControlErrorDetails> {
  return new FilonError<ControlErrorDetails>(
    { code: 'CONTROL_UNSUPPORTED', call: 'certify' },
    'This node cannot certify models: its engine has no exact mode.',
  );
}
