/** A listening gateway over the scripted engine. */
import { createSystemClock } from '@filon/node/adapters/local/clock';
import { createMemoryStore } from '@filon/node/adapters/memory/store';
import { DEFAULT_GATEWAY_LIMITS, type GatewayLimits } from '@filon/node/gateway/http/limits';
import { type OpenGateway, openGateway } from '@filon/node/gateway/listen';
import { Jobs } from '@filon/node/gateway/panel/jobs';
import type { NetworkView } from '@filon/node/gateway/panel/network-view';
import type { Store } from '@filon/node/ports/store';
import { DEFAULT_DURABLE_LIMITS } from '@filon/node/serve/durable/limits';
import { openDurableAnswers } from '@filon/node/serve/durable/open-durable-answers';
import { createFixedModels } from './fixed-models.ts';
import {
  MODEL,
  openScriptedServing,
  type ScriptedServing,
  type ScriptedServingOptions,
} from './scripted-serving.ts';
import { type Servers, servedElsewhere } from './served-elsewhere.ts';

export interface ScriptedGateway extends ScriptedServing, AsyncDisposable {
  /** Where answers are kept. */
  store: Store;
  gateway: OpenGateway;
  /** With `/v1` at the end. */
  baseURL: string;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
}

export interface ScriptedGatewayOptions extends ScriptedServingOptions {
  limits?: Partial<GatewayLimits>;
  origins?: string[];
  /** 0, and absent: any free one. */
  port?: number;
  /** PEM; absent: plain HTTP. */
  tls?: { cert: string; key: string };
  /** Where answers are kept: what an earlier gateway left. */
  store?: Store;
  /** Where the built page is. */
  webFolder?: string;
  /** That the page may go on at. */
  gateways?: string[];
  /** What the node knows of its swarm; absent: the pages' own API is not there. */
  network?: NetworkView;
  /** Who computes each answer; absent: this node. */
  servers?: Servers;
}

export async function openScriptedGateway(options: ScriptedGatewayOptions = {}): Promise<ScriptedGateway> {
  const { limits = {}, origins = [], clock = createSystemClock(), port = 0, webFolder, ...rest } = options;
  const { store = createMemoryStore(), network, servers, tls, gateways, ...script } = rest;
  const scripted = await openScriptedServing({ ...script, clock });
  const { log, engine } = scripted;
  const serving = servers === undefined ? scripted.serving : servedElsewhere(scripted.serving, servers);
  const answers = await openDurableAnswers(DEFAULT_DURABLE_LIMITS, {
    ...{ store, clock, log, serving: () => serving },
    readiness: () => serving.readiness(),
  });
  // Never the same twice, after a restart over the same answers neither.
  let drawn = store.list('answers').length << 16;
  const gateway = await openGateway(
    { host: '127.0.0.1', port, hosts: [], origins, tls, stopMs: 1_000 },
    {
      ...{ serving, answers, log, clock, webFolder, gateways },
      panel: network && {
        jobs: new Jobs(clock),
        node: { ...PANEL, engine, control: serving, clock, network },
      },
      limits: { ...DEFAULT_GATEWAY_LIMITS, ...limits },
      randomBytes: (count) => bytesOf(++drawn, count),
    },
  );
  const baseURL = `${gateway.url}/v1`;
  return {
    ...scripted,
    store,
    gateway,
    baseURL,
    post: (path, body, headers = {}) =>
      fetch(`${baseURL}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      }),
    [Symbol.asyncDispose]: async () => {
      scripted.engine.kill();
      await answers[Symbol.asyncDispose]();
      await Promise.all([gateway[Symbol.asyncDispose](), serving[Symbol.asyncDispose]()]);
    },
  };
}

const PANEL = {
  models: createFixedModels([]),
  about: { version: '1.2.3', defaultModel: MODEL },
  residentBytes: () => 1_000_000,
  diskFreeBytes: async () => 2 ** 40,
  trainings: () => Promise.reject(new TypeError('nothing trains here')),
};

/** A number below 256 is each of the bytes. */
function bytesOf(number: number, count: number): Uint8Array {
  return new Uint8Array(count).map((_, index) =>
    number < 256 ? number : (number >> ((index % 4) * 8)) & 0xff,
  );
}
