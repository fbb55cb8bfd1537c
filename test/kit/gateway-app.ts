/** A gateway without a socket over the scripted engine, for thousands of requests. */
import { createSystemClock } from '@filon/node/adapters/local/clock';
import { createGateway } from '@filon/node/gateway/gateway';
import { DEFAULT_GATEWAY_LIMITS } from '@filon/node/gateway/http/limits';
import type { Log } from '@filon/node/ports/log';
import { openScriptedServing } from './scripted-serving.ts';

export type Payload = string | Uint8Array<ArrayBuffer>;

export interface GatewayApp {
  app: ReturnType<typeof createGateway>;
  /** As a proper caller posts JSON. */
  post(path: string, body: Payload): Promise<Response>;
}

export async function openGatewayApp(log: Log, bodyBytesMax: number): Promise<GatewayApp> {
  const clock = createSystemClock();
  const { serving } = await openScriptedServing({
    clock,
    config: { contextTokens: 256 },
    beforeToken: () => {},
  });
  const app = createGateway({
    ...{ serving, clock, log, limits: { ...DEFAULT_GATEWAY_LIMITS, bodyBytesMax } },
    randomBytes: (count) => new Uint8Array(count),
    hosts: new Set(['localhost:1']),
    origins: new Set(),
  });
  const headers = { host: 'localhost:1', 'content-type': 'application/json' };
  return { app, post: async (path, body) => await app.request(path, { method: 'POST', headers, body }) };
}
