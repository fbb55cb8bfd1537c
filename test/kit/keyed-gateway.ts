/** The gateway's app over the scripted engine, with keys, as a caller from any address meets it. */
import { randomBytes } from 'node:crypto';
import { type Access, createAccess } from '@filon/node/access/access';
import type { NewKey } from '@filon/node/access/keys';
import { createManualClock, type ManualClock } from '@filon/node/adapters/memory/clock';
import { createMemoryStore } from '@filon/node/adapters/memory/store';
import type { Peer } from '@filon/node/gateway/access/peer';
import { createGateway } from '@filon/node/gateway/gateway';
import { DEFAULT_GATEWAY_LIMITS } from '@filon/node/gateway/http/limits';
import type { Store } from '@filon/node/ports/store';
import { storedModel } from './fixed-models.ts';
import {
  MODEL,
  openScriptedServing,
  type ScriptedServing,
  type ScriptedServingOptions,
} from './scripted-serving.ts';

export const HOST = '127.0.0.1:4141';
/** What the network calls this node. */
export const LAN_HOST = '192.0.2.7:4141';
export const OTHER_MODEL = 'scripted-2m';

export const HERE: Peer = { kind: 'network', address: '127.0.0.1', loopback: true, here: HOST };
export const PHONE: Peer = { kind: 'network', address: '192.0.2.9', loopback: false, here: LAN_HOST };

export const CHAT: Readonly<Record<string, unknown>> = {
  ...{ model: MODEL, messages: [{ role: 'user', content: 'ore' }], max_tokens: 8 },
};

export interface KeyedGatewayOptions extends ScriptedServingOptions {
  price?: string;
  origins?: string[];
  proxied?: boolean;
}

export interface Asked {
  peer?: Peer;
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface KeyedGateway extends ScriptedServing {
  access: Access;
  store: Store;
  clock: ManualClock;
  key(limits?: Partial<NewKey>): string;
  /** From this machine unless told otherwise; JSON when there is a body that is no text. */
  ask(path: string, asked?: Asked): Promise<Response>;
}

export async function openKeyedGateway(options: KeyedGatewayOptions = {}): Promise<KeyedGateway> {
  const { price = '0', origins = [], proxied = false, ...scripted } = options;
  const clock = createManualClock({ nowMs: 1_700_000_000_000 });
  const store = createMemoryStore();
  const access = createAccess({ pricePerMillionTokens: price }, { store, clock, randomBytes });
  const stored = [storedModel(MODEL), storedModel(OTHER_MODEL, 'b')];
  const opened = await openScriptedServing({ stored, ...scripted, clock });
  let peer: Peer = HERE;
  const app = createGateway({
    ...{ serving: opened.serving, log: opened.log, clock, access, randomBytes },
    limits: DEFAULT_GATEWAY_LIMITS,
    hosts: new Set([HOST, 'localhost:4141']),
    origins: new Set(origins),
    reach: { peerOf: () => peer, lanHosts: new Set(['rig.local:4141']), proxied },
    answerTokensMax: 512,
  });
  let made = 0;
  return {
    ...{ ...opened, access, store, clock },
    key: (limits = {}) => {
      made += 1;
      const none = { models: null, budgetTokens: null, budgetMoney: null, requestsPerMinute: null };
      return access.keys.add({ ...none, name: `key ${made}`, tier: 'own', expiresInMs: null, ...limits })
        .secret;
    },
    ask: async (path, { peer: from = HERE, method, body, headers = {} } = {}) => {
      peer = from;
      const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
      const host = from.kind === 'network' ? from.here : 'localhost';
      return await app.request(path, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: { host, ...type, ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
    },
  };
}

export function bearer(secret: string): Record<string, string> {
  return { authorization: `Bearer ${secret}` };
}
