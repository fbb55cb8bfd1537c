/**
 * Callers without a key are let in only with requests that no web page and no proxy can make for them: the `Host` is one
 * of ours (against DNS rebinding), the `Origin`, if there is one, too, and no header says that the request was passed on.
 */
import { FilonError } from '@filon/core/errors';
import type { GatewayErrorDetails } from './errors.ts';
import { invalid } from './validate.ts';

export interface GuardRules {
  /** Names with port under which this gateway is reached, in lower case: `127.0.0.1:4141`. */
  hosts: ReadonlySet<string>;
  /** Origins of web pages that may call, beside our own. */
  origins: ReadonlySet<string>;
  /** Of our own pages, as browsers see them; `http` when absent. */
  schemes?: readonly ('http' | 'https')[];
}

/** Header names in lower case. */
export type Headers = Readonly<Record<string, string>>;

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

/** For callers without a key or a session. Codes: GATEWAY_FORBIDDEN. */
export function guard(headers: Headers, rules: GuardRules): void {
  guardNames(headers, rules);
  const passedOn = passedOnBy(headers);
  if (passedOn !== null) {
    throw forbidden(
      'forwarded',
      `without a key only direct callers are answered, and this has '${passedOn}'`,
    );
  }
}

/** Against DNS rebinding: a page whose name leads to us says that name. Codes: GATEWAY_FORBIDDEN. */
export function guardHost({ host }: Headers, rules: GuardRules): void {
  if (host !== undefined && rules.hosts.has(host.toLowerCase())) return;
  throw forbidden('host', `this node does not answer to the name '${host ?? ''}'`);
}

/** For every browser: by which name it came, and from whose page. Codes: GATEWAY_FORBIDDEN. */
export function guardNames(headers: Headers, rules: GuardRules): void {
  guardHost(headers, rules);
  guardOrigin(headers, rules);
  // Browsers send no Origin with some requests that one site makes to another.
  if (headers['sec-fetch-site'] === 'cross-site' && headers['origin'] === undefined) {
    throw forbidden('site', 'other sites may not call this node');
  }
}

/** Codes: GATEWAY_FORBIDDEN. */
export function guardOrigin({ origin }: Headers, rules: GuardRules): void {
  if (origin === undefined || isKnownOrigin(origin, rules)) return;
  throw forbidden('origin', `pages of ${origin} may not call this node`);
}

/** For what a cookie alone must not do: only our own pages ask it. Codes: GATEWAY_FORBIDDEN. */
export function guardSameOrigin({ host = '', origin, ...headers }: Headers, rules: GuardRules): void {
  const lower = origin?.toLowerCase();
  const own = schemesOf(rules).some((scheme) => lower === `${scheme}://${host.toLowerCase()}`);
  if (own || (origin === undefined && headers['sec-fetch-site'] === 'same-origin')) return;
  throw forbidden('same-origin', 'only pages of this node itself may ask this');
}

/** Of a request line that has a whole address: the same host as `Host`, and no user or password. Code: GATEWAY_REQUEST_INVALID. */
export function guardTarget(target: string, host: string | undefined): void {
  if (target.startsWith('/') || target === '*') return;
  const url = URL.parse(target);
  const asked = url && URL.parse(`${url.protocol}//${host ?? ''}`);
  if (url !== null && url.host === asked?.host && url.username === '' && url.password === '') return;
  throw invalid(
    null,
    'the address in the request line must have the host of `Host`, and no user or password',
  );
}

/** The first header that says that somebody passed the request on. */
export function passedOnBy(headers: Headers): string | null {
  const found = Object.keys(headers).find(
    (name) => PASSED_ON.includes(name) || name.startsWith('x-forwarded'),
  );
  return found ?? null;
}

/** The origin to name in CORS headers: only those that the operator listed. */
export function corsOrigin(origin: string | undefined, rules: GuardRules): string | null {
  return origin !== undefined && rules.origins.has(origin.toLowerCase()) ? origin : null;
}

function isKnownOrigin(origin: string, rules: GuardRules): boolean {
  const lower = origin.toLowerCase();
  if (rules.origins.has(lower)) return true;
  return schemesOf(rules).some(
    (scheme) => lower.startsWith(`${scheme}://`) && rules.hosts.has(lower.slice(`${scheme}://`.length)),
  );
}

function schemesOf({ schemes = ['http'] }: GuardRules): readonly string[] {
  return schemes;
}

function forbidden(rule: Rule, message: string): FilonError {
  return new FilonError<GatewayErrorDetails>({ code: 'GATEWAY_FORBIDDEN', rule }, message);
}
