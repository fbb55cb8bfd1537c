/** A listening gateway over the scripted engine. */
import { createSystemClock } from '@filon/node/adapters/local/clock';
import { DEFAULT_GATEWAY_LIMITS, type GatewayLimits } from '@filon/node/gateway/http/limits';
import { type OpenGateway, openGateway } from '@filon/node/gateway/listen';
import {
  openScriptedServing,
  type ScriptedServing,
  type ScriptedServingOptions,
} from './scripted-serving.ts';

export interface ScriptedGateway extends ScriptedServing, AsyncDisposable {
  gateway: OpenGateway;
  /** With `/v1` at the end. */
  baseURL: string;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
}

export interface ScriptedGatewayOptions extends ScriptedServingOptions {
  limits?: Partial<GatewayLimits>;
  origins?: string[];
}

export async function openScriptedGateway(options: ScriptedGatewayOptions = {}): Promise<ScriptedGateway> {
  const { limits = {}, origins = [], clock = createSystemClock(), ...rest } = options;
  const scripted = await openScriptedServing({ ...rest, clock });
  const gateway = await openGateway(
    { host: '127.0.0.1', port: 0, hosts: [], origins, stopMs: 1_000 },
    {
      serving: scripted.serving,
      log: scripted.log,
      clock,
      limits: { ...DEFAULT_GATEWAY_LIMITS, ...limits },
      randomBytes: (count) => new Uint8Array(count),
    },
  );
  const baseURL = `${gateway.url}/v1`;
  return {
    ...scripted,
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
      await Promise.all([gateway[Symbol.asyncDispose](), scripted.serving[Symbol.asyncDispose]()]);
    },
  };
}
