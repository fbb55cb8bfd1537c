/**
 * Keyless callers are let in only with requests that no web page and no proxy can make for them: the `Host` is one of
 * ours (against DNS rebinding), the `Origin`, if there is one, too, and no header says that the request was passed on.
 */
import { FilonError } from '@filon/core/errors';
import type { GatewayErrorDetails } from './errors.ts';

export interface GuardRules {
  /** Names with port under which this gateway is reached, in lower case: `127.0.0.1:4141`. */
  hosts: ReadonlySet<string>;
  /** Origins of web pages that may call, beside our own. */
  origins: ReadonlySet<string>;
}

const PASSED_ON = [
  'forwarded',
  'via',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-original-host',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
];

type Rule = Extract<GatewayErrorDetails, { code: 'GATEWAY_FORBIDDEN' }>['rule'];

/** Codes: GATEWAY_FORBIDDEN. Header names in lower case. */
export function guard(headers: Readonly<Record<string, string>>, rules: GuardRules): void {
  const { host, origin, 'sec-fetch-site': site } = headers;
  if (host === undefined || !rules.hosts.has(host.toLowerCase())) {
    throw forbidden('host', `this node does not answer to the name '${host ?? ''}'`);
  }
  const known = origin !== undefined && isKnownOrigin(origin, rules);
  if (origin !== undefined && !known) {
    throw forbidden('origin', `pages of ${origin} may not call this node`);
  }
  // Browsers send no Origin with some requests that one site makes to another.
  if (site === 'cross-site' && !known) throw forbidden('site', 'other sites may not call this node');
  const passedOn = Object.keys(headers).find(
    (name) => PASSED_ON.includes(name) || name.startsWith('x-forwarded'),
  );
  if (passedOn !== undefined) {
    throw forbidden(
      'forwarded',
      `without a key only direct callers are answered, and this has '${passedOn}'`,
    );
  }
}

/** The origin to name in CORS headers: only those that the operator listed. */
export function corsOrigin(origin: string | undefined, rules: GuardRules): string | null {
  return origin !== undefined && rules.origins.has(origin.toLowerCase()) ? origin : null;
}

function isKnownOrigin(origin: string, { hosts, origins }: GuardRules): boolean {
  const lower = origin.toLowerCase();
  return origins.has(lower) || (lower.startsWith('http://') && hosts.has(lower.slice('http://'.length)));
}

function forbidden(rule: Rule, message: string): FilonError {
  return new FilonError<GatewayErrorDetails>({ code: 'GATEWAY_FORBIDDEN', rule }, message);
}
