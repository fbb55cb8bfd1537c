/** The pages' own API behind the real gate, over the scripted engine and models that the test scripts. */
import { randomBytes } from 'node:crypto';
import type { CatalogueEntry } from '@filon/core/model/catalogue';
import type { PanelJob, PanelJobs } from '@filon/core/panel/messages';
import { type Access, createAccess } from '@filon/node/access/access';
import { createMemoryStore } from '@filon/node/adapters/memory/store';
import type { Peer } from '@filon/node/gateway/access/peer';
import { createGateway, type GatewayDeps } from '@filon/node/gateway/gateway';
import { DEFAULT_GATEWAY_LIMITS } from '@filon/node/gateway/http/limits';
import { Jobs } from '@filon/node/gateway/panel/jobs';
import type { NetworkView } from '@filon/node/gateway/panel/network-view';
import type { PanelNode, PanelTrainings } from '@filon/node/gateway/panel/panel-node';
import type { Models, StoredModel } from '@filon/node/ports/models';
import { DEFAULT_DURABLE_LIMITS } from '@filon/node/serve/durable/limits';
import { openDurableAnswers } from '@filon/node/serve/durable/open-durable-answers';
import { createFixedModels, storedModel } from './fixed-models.ts';
import { HERE, HOST } from './keyed-gateway.ts';
import { realClock } from './models-means.ts';
import {
  MODEL,
  openScriptedServing,
  type ScriptedServing,
  type ScriptedServingOptions,
} from './scripted-serving.ts';
import { createScriptedTrainings } from './scripted-trainings.ts';
import { type Servers, servedElsewhere } from './served-elsewhere.ts';

export interface PanelGatewayOptions extends ScriptedServingOptions {
  catalogue?: CatalogueEntry[];
  pull?: Models['pull'];
  diskFreeBytes?: number;
  network?: NetworkView;
  trainings?: PanelTrainings;
  /** Who computes each answer; absent: this node. */
  servers?: Servers;
}

export interface PanelAsked {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  peer?: Peer;
}

/** What stands behind the API, whoever listens before it. */
export interface PanelParts extends ScriptedServing, AsyncDisposable {
  access: Access;
  /** On the disk, as the pages see it. */
  stored: Map<string, StoredModel>;
  /** Names that were asked for. */
  pulled: string[];
  gateway: Pick<
    GatewayDeps,
    'serving' | 'answers' | 'log' | 'clock' | 'access' | 'randomBytes' | 'limits' | 'panel'
  >;
}

export interface PanelGateway extends Omit<PanelParts, 'gateway'> {
  /** As any caller on this machine. */
  ask(path: string, asked?: PanelAsked): Promise<Response>;
  /** As the operator's own page. */
  operate(path: string, asked?: PanelAsked): Promise<Response>;
  /** What is told of the jobs, from now until this holds. */
  jobsUntil(holds: (jobs: readonly PanelJob[]) => boolean): Promise<PanelJob[][]>;
}

export async function openPanelParts(options: PanelGatewayOptions = {}): Promise<PanelParts> {
  const { catalogue = [], pull, diskFreeBytes = 2 ** 40, network = null, servers, ...rest } = options;
  const { trainings = createScriptedTrainings() } = options;
  const opened = await openScriptedServing({ clock: realClock, ...rest });
  const serving = servers === undefined ? opened.serving : servedElsewhere(opened.serving, servers);
  const access = createAccess(
    { pricePerMillionTokens: '0' },
    { store: createMemoryStore(), clock: realClock, randomBytes },
  );
  const answers = await openDurableAnswers(DEFAULT_DURABLE_LIMITS, {
    ...{ store: createMemoryStore(), clock: realClock, log: opened.log, serving: () => serving },
    readiness: () => serving.readiness(),
  });
  const stored = new Map([[MODEL, storedModel(MODEL)]]);
  const pulled: string[] = [];
  const jobs = new Jobs(realClock);
  const node: PanelNode = {
    ...{ engine: opened.engine, control: opened.serving, clock: realClock, network },
    trainings: async () => trainings,
    models: scriptedModels({ catalogue, stored, pulled, pull }),
    about: { version: '1.2.3', defaultModel: MODEL },
    residentBytes: () => 1_000_000,
    diskFreeBytes: async () => diskFreeBytes,
  };
  return {
    ...{ ...opened, access, stored, pulled },
    gateway: {
      ...{ serving, answers, log: opened.log, clock: realClock, access, randomBytes },
      ...{ limits: DEFAULT_GATEWAY_LIMITS, panel: { jobs, node } },
    },
    [Symbol.asyncDispose]: async () => {
      jobs[Symbol.dispose]();
      opened.engine.kill();
      await answers[Symbol.asyncDispose]();
      await opened.serving[Symbol.asyncDispose]();
    },
  };
}

export async function openPanelGateway(options: PanelGatewayOptions = {}): Promise<PanelGateway> {
  const { gateway, ...parts } = await openPanelParts(options);
  let peer: Peer = HERE;
  const app = createGateway({
    ...{ ...gateway, hosts: new Set([HOST]), origins: new Set() },
    reach: { peerOf: () => peer, lanHosts: new Set(), proxied: false },
  });
  const ask: PanelGateway['ask'] = async (path, { method, body, headers = {}, peer: from = HERE } = {}) => {
    peer = from;
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    return await app.request(path, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { host: from.kind === 'network' ? from.here : HOST, ...type, ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  };
  const own = { origin: `http://${HOST}`, 'sec-fetch-site': 'same-origin' };
  const entered = await ask('/login', { body: { code: parts.access.logins.create().code }, headers: own });
  const cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const operate: PanelGateway['operate'] = (path, { headers = {}, ...asked } = {}) =>
    ask(path, { ...asked, headers: { ...own, cookie, 'content-type': 'application/json', ...headers } });
  const jobsUntil: PanelGateway['jobsUntil'] = async (holds) =>
    followUntil(await operate('/filon/v1/jobs'), holds);
  return { ...parts, ask, operate, jobsUntil };
}

interface ModelsScript extends Pick<PanelGateway, 'stored' | 'pulled'> {
  catalogue: CatalogueEntry[];
  pull: Models['pull'] | undefined;
}

function scriptedModels({ catalogue, stored, pulled, pull }: ModelsScript): Models {
  const nothing = createFixedModels([]);
  return {
    catalogue: () => catalogue,
    list: async () => [...stored.values()],
    find: async (name) => stored.get(name) ?? null,
    pull: async (name, options) => {
      pulled.push(name);
      const model = await (pull ?? nothing.pull)(name, options);
      stored.set(model.name, model);
      return model;
    },
    remove: async (name) => void stored.delete(name),
  };
}

async function followUntil(
  response: Response,
  holds: (jobs: readonly PanelJob[]) => boolean,
): Promise<PanelJob[][]> {
  const told: PanelJob[][] = [];
  let rest = '';
  for await (const piece of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    const events = (rest + piece).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events.filter((one) => one.startsWith('data: '))) {
      const { jobs }: PanelJobs = JSON.parse(event.slice('data: '.length));
      told.push(jobs);
      if (holds(jobs)) return told;
    }
  }
  throw new RangeError(`the jobs ended with ${JSON.stringify(told.at(-1))}`);
}
