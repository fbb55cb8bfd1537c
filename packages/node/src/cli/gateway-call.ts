/** One question to a gateway, over a connection of its own. */
import { type ClientRequest, type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { PrivacyTier } from '@filon/core/serving/tier';
import { openSocketPath } from '../home/socket-path.ts';
import type { Gateway } from './gateways.ts';

export interface GatewayAsk {
  body: string;
  tier: PrivacyTier | undefined;
  signal: AbortSignal;
  /** Another gateway would be asked: nobody waits for long for one that says nothing. */
  hasOthers: boolean;
}

/** A gateway begins its answer within 5 s, whatever it has to load. */
const BEGIN_WITHIN_MS = 10_000;
/** It sends a comment every 10 s when there is nothing to say. */
const SILENT_MS = 30_000;
const PATH = '/v1/chat/completions';

/** Rejects when there is no connection, or none that may be trusted; nothing is sent then. */
export async function callGateway(gateway: Gateway, ask: GatewayAsk): Promise<IncomingMessage> {
  const { signal, hasOthers, body, tier } = ask;
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(tier !== undefined && { 'filon-tier': tier }),
  };
  if (gateway.kind === 'home') {
    using opened = openSocketPath(gateway.socket);
    const where = { socketPath: opened.path, path: PATH, method: 'POST' };
    const sent = requestPlain({ ...where, headers: { ...headers, host: 'localhost' }, signal });
    return await responseOf(sent, { body, hasOthers, fingerprint: null });
  }
  const { url, key, fingerprint } = gateway;
  const options = {
    ...{ method: 'POST', agent: false, signal, rejectUnauthorized: fingerprint === null },
    headers: { ...headers, ...(key !== null && { authorization: `Bearer ${key}` }) },
  };
  const address = new URL(url.replace(/\/+$/, '') + PATH);
  const sent = (address.protocol === 'https:' ? requestTls : requestPlain)(address, options);
  return await responseOf(sent, { body, hasOthers, fingerprint });
}

function responseOf(
  sent: ClientRequest,
  { body, hasOthers, fingerprint }: { body: string; hasOthers: boolean; fingerprint: string | null },
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  if (hasOthers) sent.setTimeout(BEGIN_WITHIN_MS, () => sent.destroy(silent(BEGIN_WITHIN_MS)));
  sent.on('error', reject);
  sent.on('response', (response) => {
    response.on('error', () => undefined);
    if (hasOthers) sent.setTimeout(SILENT_MS, () => response.destroy(silent(SILENT_MS)));
    resolve(response);
  });
  if (fingerprint === null) sent.end(body);
  else {
    // Known by its fingerprint, before the key or the question is sent.
    sent.on('socket', (socket) => {
      if (!(socket instanceof TLSSocket)) sent.end(body);
      else socket.once('secureConnect', () => endIfKnown(sent, { socket, fingerprint, body }));
    });
  }
  return promise;
}

function endIfKnown(
  sent: ClientRequest,
  { socket, fingerprint, body }: { socket: TLSSocket; fingerprint: string; body: string },
): void {
  const shown = socket.getPeerCertificate().fingerprint256;
  if (shown === fingerprint) sent.end(body);
  else sent.destroy(new RangeError(`its certificate has the fingerprint ${shown}`));
}

function silent(ms: number): Error {
  return new RangeError(`it said nothing for ${ms / 1000} s`);
}
