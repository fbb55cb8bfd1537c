/**
 * The only place where the parts meet, and the only one that reads the environment. Parts are imported when they are
 * needed: most commands need none of them.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { FilonError } from '@filon/core/errors';
import type { Access } from './access/access.ts';
import { createSystemClock } from './adapters/local/clock.ts';
import type { FileLogConfig } from './adapters/local/log.ts';
import type { WorkerEngine } from './adapters/worker/engine.ts';
import type { Makers, OpenNode } from './cli/context.ts';
import { EXIT_INTERRUPTED, runProgram } from './cli/program.ts';
import type { Config } from './config/settings.ts';
import type { KeyControl, ModelControl, TrustControl } from './control/calls.ts';
import type { GatewayDeps } from './gateway/gateway.ts';
import type { OpenGateway } from './gateway/listen.ts';
import type { Jobs } from './gateway/panel/jobs.ts';
import type { PanelNode } from './gateway/panel/panel-node.ts';
import type { Certificate } from './home/certificate.ts';
import type { HomeIdentity } from './home/identity.ts';
import type { HomePaths } from './home/paths.ts';
import type { DataFiles } from './ports/data-files.ts';
import type { Log } from './ports/log.ts';
import type { Models } from './ports/models.ts';
import type { Store } from './ports/store.ts';
import type { ServingConfig } from './serve/config.ts';
import type { OpenDurableAnswers } from './serve/durable/open-durable-answers.ts';
import { filesOf } from './serve/model-files.ts';
import type { OpenServing, ServingDeps } from './serve/pipeline.ts';
import type { Serving } from './serve/serving.ts';
import type { UpstreamPlaces } from './serve/upstream/places.ts';

interface Place {
  paths: HomePaths;
  settings: Config;
}

const ROOT = join(import.meta.dirname, '..', '..', '..');
const VERSION = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
/** What pip may see: how to reach a package index, and nothing of ours. */
const PIP_VARIABLES = /^(PATH|HOME|LANG|LC_ALL|PIP_.*|(HTTPS?|NO|ALL)_PROXY|SSL_CERT_(FILE|DIR))$/i;
const PROBE_TIMEOUT_MS = 15_000;
const LOAD_TIMEOUT_MS = 900_000;
const STALL_MS = 120_000;
/** After the answers have ended: what their readers have not taken yet. */
const FLUSH_MS = 2000;
/** A handle that somebody forgot must not keep a finished command alive. */
const LINGER_MS = 3000;

const clock = createSystemClock();
const makers: Makers = {
  openNode,
  openModelCalls,
  openKeyCalls,
  openTrustCalls,
  probeDevices,
  openDataFiles,
};

/** A node in this process, at work when this resolves. Disposing of it lets answers end first. */
async function openNode(place: Place & { signal: AbortSignal }): Promise<OpenNode> {
  const { paths, settings } = place;
  await using stack = new AsyncDisposableStack();
  const { takeHomeLock } = await import('./home/lock.ts');
  const lock = stack.use(await takeHomeLock(paths, { purpose: 'node' }));
  const log = stack.use(await openLog(place));
  const identity = await openKeys(place, log);
  const store = stack.use(await openStore(paths));
  const models = stack.use(await openModels(paths, store));
  const workers = stack.use(await openEngine(place, { store, log }));
  stack.use(findDevices(workers, log));
  const { openLocalRig } = await import('./adapters/local/rig.ts');
  const rig = stack.use(await openLocalRig({ store, clock, cards: (options) => workers.devices(options) }));
  const { createLeasedEngine } = await import('./rig/leased-engine.ts');
  const leased = createLeasedEngine({ engine: workers, rig, log });
  const { openSwarmPlace, measured } = await import('./open-swarm.ts');
  const { engine, rates } = measured(leased, { store, clock });
  const upstreams = stack.use(await openUpstreams(place, { store, log }));
  const { createGiveBack } = await import('./give-back.ts');
  const giveBack = stack.use(createGiveBack(globalThis.gc, clock));
  const swarm = openSwarmPlace({
    ...{ settings, version: VERSION, identity, store, clock, log, engine, models },
    onOpened: () => {
      flushCompileCache();
      giveBack.soon();
    },
  });
  const { replicas } = swarm;
  const serving = stack.use(await openServing(settings, { engine, models, log, rates, replicas, upstreams }));
  stack.use(swarm);
  await swarm.start(serving.guests());
  const access = await openAccess(settings, store);
  const answers = stack.use(await openAnswers(settings, { serving, access, store, log }));
  const { openTrainingsPlace } = await import('./open-trainings.ts');
  const { trainings } = stack.use(openTrainingsPlace({ paths, settings, rig, models, clock, log }));
  const panel = await openPanel(place, { engine, models, control: serving, network: swarm, trainings });
  stack.use(panel.jobs);
  const gateway = stack.use(await openGateway(place, { serving, answers, access, log, panel }));
  const stop = new AbortController();
  const { createNodeCalls } = await import('./control/node-calls.ts');
  const control = createNodeCalls(
    { version: VERSION, home: paths.home, settings, ...gateway },
    {
      ...{ clock, engine, models, serving, access, upstreams, place: swarm },
      trainings,
      certify: (model, options) =>
        workers.certify({ ...filesOf(model), device: deviceOf(settings) }, options),
      stopping: () => stop.signal.aborted || place.signal.aborted,
      stop: () => stop.abort(new FilonError({ code: 'NODE_STOP_ASKED' }, 'A stop was asked for.')),
    },
  );
  const { openControlServer } = await import('./control/server.ts');
  stack.use(await openControlServer({ path: paths.socket }, { control, log }));
  // First of all: answers end while the doors are still open, so that late callers hear why.
  stack.defer(async () => {
    answers.retire();
    await Promise.all([swarm.goodbye(), serving[Symbol.asyncDispose]()]);
  });
  lock.announce(gateway.url);
  // Kept now, not at the exit, which may be a kill: the next start is faster and needs less memory.
  flushCompileCache();
  log.info('node.started', { version: VERSION, pid: process.pid, url: gateway.url });
  giveBack.soon();
  const parts = stack.move();
  const close = async (): Promise<void> => {
    log.info('node.stopping');
    await parts.disposeAsync();
  };
  return { control, url: gateway.url, stopAsked: stop.signal, [Symbol.asyncDispose]: close };
}

/** Made at the first start. */
async function openKeys({ paths, settings }: Place, log: Log): Promise<HomeIdentity> {
  const { openIdentity } = await import('./home/identity.ts');
  const { keyPassphraseFile } = settings;
  const identity = openIdentity(paths, {
    passphraseFile: keyPassphraseFile === '' ? null : keyPassphraseFile,
  });
  log.info('node.identity', { node: identity.node.key, operator: identity.operator.key });
  return identity;
}

/** Drivers take their time: asked at once, they have answered when the first model is loaded. */
function findDevices(engine: WorkerEngine, log: Log): Disposable {
  const over = new AbortController();
  engine.devices({ signal: over.signal }).then(
    (devices) => log.info('devices.found', { devices: devices.map(({ id, name }) => ({ id, name })) }),
    (error: unknown) => {
      if (!over.signal.aborted) log.warn('devices.missing', { error });
    },
  );
  return { [Symbol.dispose]: () => over.abort() };
}

async function openModelCalls(place: Place & { purpose: string }): Promise<ModelControl & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { takeHomeLock } = await import('./home/lock.ts');
  stack.use(await takeHomeLock(place.paths, { purpose: place.purpose }));
  const store = stack.use(await openStore(place.paths));
  const models = stack.use(await openModels(place.paths, store));
  const { createModelCalls } = await import('./control/model-calls.ts');
  const calls = createModelCalls({ models, loaded: () => [], unload: async () => {} });
  const parts = stack.move();
  return { ...calls, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

async function openKeyCalls(place: Place & { purpose: string }): Promise<KeyControl & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { takeHomeLock } = await import('./home/lock.ts');
  stack.use(await takeHomeLock(place.paths, { purpose: place.purpose }));
  const store = stack.use(await openStore(place.paths));
  const { createKeyCalls } = await import('./control/access-calls.ts');
  const calls = createKeyCalls(await openAccess(place.settings, store));
  const parts = stack.move();
  return { ...calls, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

async function openTrustCalls({
  paths,
  purpose,
}: {
  paths: HomePaths;
  purpose: string;
}): Promise<TrustControl & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { takeHomeLock } = await import('./home/lock.ts');
  stack.use(await takeHomeLock(paths, { purpose }));
  const store = stack.use(await openStore(paths));
  const [{ createTrustCalls }, { TrustList }, { knownOperatorOf }] = await Promise.all([
    import('./control/trust-calls.ts'),
    import('./swarm/membership/trust.ts'),
    import('./swarm/membership/known-operators.ts'),
  ]);
  const calls = createTrustCalls({
    trust: new TrustList({ store, clock }),
    operatorOf: (text) => knownOperatorOf(text, { store, clock }),
  });
  const parts = stack.move();
  return { ...calls, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

async function probeDevices(place: Place & { signal: AbortSignal }): ReturnType<Makers['probeDevices']> {
  const { createMemoryStore } = await import('./adapters/memory/store.ts');
  const { createMemoryLog } = await import('./adapters/memory/log.ts');
  await using engine = await openEngine(place, { store: createMemoryStore(), log: createMemoryLog() });
  return await engine.devices({ signal: place.signal });
}

async function openDataFiles({ paths }: { paths: HomePaths }): Promise<DataFiles> {
  const { createDataFiles } = await import('./adapters/data/data-files.ts');
  const { createDataFetcher } = await import('./adapters/models/fetch-data.ts');
  return createDataFiles({ fetchData: createDataFetcher({ folder: join(paths.data, 'fetched'), clock }) });
}

async function openLog({ paths, settings }: Place): Promise<Log & AsyncDisposable> {
  const { openFileLog } = await import('./adapters/local/log.ts');
  const config: FileLogConfig = {
    path: paths.log,
    level: settings.logLevel,
    fileBytesMax: settings.logFileBytesMax,
    filesMax: settings.logFilesMax,
  };
  const log = await openFileLog(config, { clock });
  process.on('uncaughtExceptionMonitor', (error) => log.error('node.crashed', { error, stack: error.stack }));
  return log;
}

async function openStore(paths: HomePaths): Promise<Store & AsyncDisposable> {
  const { openSqliteStore } = await import('./adapters/sqlite/store.ts');
  return openSqliteStore({ path: paths.database });
}

async function openModels(paths: HomePaths, store: Store): Promise<Models & AsyncDisposable> {
  const { openModels: open } = await import('./adapters/models/open-models.ts');
  const visible = Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && PIP_VARIABLES.test(name) ? [[name, value] as const] : [],
  );
  const pipEnvironment = Object.fromEntries(visible);
  const { loadCatalogue } = await import('./adapters/models/load-catalogue.ts');
  return open({ home: paths.home, catalogue: await loadCatalogue(), pipEnvironment }, { store, clock });
}

async function openEngine(place: Place, deps: { store: Store; log: Log }): Promise<WorkerEngine> {
  const { openWorkerEngine } = await import('./adapters/worker/engine.ts');
  const { libraryFolders } = await import('./home/library-folders.ts');
  const { threads } = place.settings;
  return openWorkerEngine(
    {
      libraryDirectories: libraryFolders(place.paths),
      threads: threads === 0 ? null : threads,
      probeTimeoutMs: PROBE_TIMEOUT_MS,
      loadTimeoutMs: LOAD_TIMEOUT_MS,
      stallMs: STALL_MS,
    },
    deps,
  );
}

async function openServing(
  settings: Config,
  deps: Pick<ServingDeps, 'engine' | 'models' | 'log' | 'rates' | 'replicas'> & { upstreams: UpstreamPlaces },
): Promise<OpenServing> {
  const { openServing: open } = await import('./serve/pipeline.ts');
  const { withUpstreams } = await import('./serve/upstream/upstream-serving.ts');
  const { jsonObjectGrammar, jsonSchemaToGbnf } = await import('@filon/core/schema/json-schema-to-gbnf');
  const grammars = { ofSchema: jsonSchemaToGbnf, json: jsonObjectGrammar() };
  const config = servingConfig(settings);
  const serving = await open(config, { ...deps, clock, grammars, randomBytes });
  return withUpstreams(config, { ...deps, serving, places: deps.upstreams, clock, randomBytes });
}

function servingConfig(settings: Config): ServingConfig {
  return {
    mode: settings.mode,
    device: deviceOf(settings),
    contextTokens: settings.contextTokens,
    sessionsMax: settings.sessionsMax,
    queueMax: settings.queueMax,
    queueWaitMs: settings.queueWaitSeconds * 1000,
    modelsLoadedMax: settings.modelsLoadedMax,
    keepAliveMs: settings.modelKeepAliveMinutes === 0 ? null : settings.modelKeepAliveMinutes * 60_000,
    stopMs: settings.stopGraceSeconds * 1000,
  };
}

async function openUpstreams(place: Place, deps: { store: Store; log: Log }): Promise<UpstreamPlaces> {
  const { createHttpUpstreams } = await import('./adapters/upstream/http-upstreams.ts');
  const { createUpstreamKeyFiles } = await import('./home/upstream-keys.ts');
  const { UpstreamPlaces: Places } = await import('./serve/upstream/places.ts');
  const { SpeedMeter } = await import('./swarm/candidates/speed-meter.ts');
  return new Places({
    ...{ ...deps, clock, upstreams: createHttpUpstreams(), meter: new SpeedMeter({ ...deps, clock }) },
    keys: createUpstreamKeyFiles(place.paths.upstreamKeys),
  });
}

async function openAccess(settings: Config, store: Store): Promise<Access> {
  const { createAccess } = await import('./access/access.ts');
  return createAccess(settings, { store, clock, randomBytes });
}

async function openAnswers(
  settings: Config,
  deps: { serving: Serving; access: Access; store: Store; log: Log },
): Promise<OpenDurableAnswers> {
  const { openDurableAnswers } = await import('./serve/durable/open-durable-answers.ts');
  const { DEFAULT_DURABLE_LIMITS } = await import('./serve/durable/limits.ts');
  const { servingForOwner } = await import('./gateway/access/gate.ts');
  const answerTokensMax = settings.contextTokens;
  return openDurableAnswers(DEFAULT_DURABLE_LIMITS, {
    ...{ store: deps.store, clock, log: deps.log, readiness: () => deps.serving.readiness() },
    serving: (owner) => servingForOwner(owner, { ...deps, answerTokensMax }),
  });
}

async function openGateway(
  place: Place,
  deps: Pick<GatewayDeps, 'serving' | 'answers' | 'access' | 'log' | 'panel'>,
): Promise<OpenGateway & { fingerprint: string | null }> {
  const { openGateway: open } = await import('./gateway/listen.ts');
  const { DEFAULT_GATEWAY_LIMITS } = await import('./gateway/http/limits.ts');
  const { host, port, bodyBytesMax, requestsMax, contextTokens, swarmTier } = place.settings;
  const limits = { ...DEFAULT_GATEWAY_LIMITS, bodyBytesMax, requestsMax };
  limits.bodiesBytesMax = Math.max(limits.bodiesBytesMax, bodyBytesMax);
  const tls = await openCertificate(place);
  const lists = { hosts: listOf(place.settings.hosts), origins: listOf(place.settings.origins) };
  const socketPath = place.paths.apiSocket;
  const webFolder = join(ROOT, 'packages', 'web', 'dist');
  const gateway = await open(
    { host, port, ...lists, socketPath, stopMs: FLUSH_MS, tls, proxied: place.settings.tls === 'off' },
    {
      ...deps,
      clock,
      limits,
      randomBytes,
      webFolder,
      gateways: listOf(place.settings.gateways),
      version: VERSION,
      answerTokensMax: contextTokens,
      tier: swarmTier,
    },
  );
  return { ...gateway, fingerprint: tls?.fingerprint ?? null };
}

/** One that was given counts everywhere, the node's own only where others may listen in. */
async function openCertificate({ paths, settings }: Place): Promise<Certificate | undefined> {
  const { host, tls, tlsCert, tlsKey } = settings;
  const { isLoopback } = await import('./gateway/access/peer.ts');
  if (tls === 'off') return undefined;
  const { ownCertificate, readCertificate } = await import('./home/certificate.ts');
  if (tlsCert !== '' || tlsKey !== '') return readCertificate({ cert: tlsCert, key: tlsKey });
  return isLoopback(host) ? undefined : await ownCertificate(paths, clock.nowMs());
}

function listOf(text: string): string[] {
  return text === '' ? [] : text.split(',');
}

/** What the pages may see and do, and the work that they begin. */
async function openPanel(
  { paths, settings }: Place,
  parts: Pick<PanelNode, 'engine' | 'models' | 'control' | 'network' | 'trainings'>,
): Promise<{ node: PanelNode; jobs: Jobs }> {
  const { Jobs } = await import('./gateway/panel/jobs.ts');
  const { freeBytesOnDisk } = await import('./adapters/models/disk-space.ts');
  const node = {
    ...{ ...parts, clock, about: { version: VERSION, defaultModel: settings.defaultModel } },
    residentBytes: () => process.memoryUsage.rss(),
    diskFreeBytes: () => freeBytesOnDisk(paths.models),
  };
  return { node, jobs: new Jobs(clock) };
}

function deviceOf(settings: Config): string | null {
  return settings.device === 'auto' ? null : settings.device;
}

/** The first signal asks for an end, the second one is it. */
function untilInterrupted(): AbortSignal {
  const asked = new AbortController();
  const stop = (): void => {
    if (asked.signal.aborted) process.exit(EXIT_INTERRUPTED);
    asked.abort(new FilonError({ code: 'CLI_INTERRUPTED' }, 'Stopped before it was done.'));
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop);
  return asked.signal;
}

// Whoever reads our output may stop reading.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit(1));
process.exitCode = await runProgram({
  version: VERSION,
  argv: process.argv.slice(2),
  environment: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  clock,
  signal: untilInterrupted(),
  program: import.meta.filename,
  root: ROOT,
  makers,
});
setTimeout(() => process.exit(), LINGER_MS).unref();
