/** Finds out who makes a request: by key, by session, or because it comes from this machine; nobody otherwise. */
import { FilonError } from '@filon/core/errors';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import type { Access } from '../../access/access.ts';
import type { BrowserSession } from '../../access/browser-sessions.ts';
import type { AccessErrorDetails } from '../../access/errors.ts';
import { KEY_PREFIX, type Key } from '../../access/keys.ts';
import type { Log } from '../../ports/log.ts';
import type { GatewayErrorDetails } from '../http/errors.ts';
import {
  type GuardRules,
  guard,
  guardHost,
  guardNames,
  guardOrigin,
  guardSameOrigin,
  type Headers,
} from '../http/guard.ts';
import type { Peer } from './peer.ts';
import { LOCAL, type Principal } from './principal.ts';

export const SESSION_COOKIE = 'filon_session';

export interface AuthenticateDeps extends GuardRules {
  /** null: nobody has a key or a session. */
  access: Access | null;
  log: Log;
  /** Further names of this machine on its network, with port. Not for callers without a key: others may claim them. */
  lanHosts: ReadonlySet<string>;
  /** Callers from this machine need a key like all others: they may be a proxy. */
  proxied: boolean;
}

export type Found =
  | { kind: 'key'; key: Key }
  | { kind: 'browser'; session: BrowserSession }
  | { kind: 'local' }
  | { kind: 'nobody' };

/** Codes: ACCESS_KEY_WRONG, ACCESS_ATTEMPTS, GATEWAY_FORBIDDEN, GATEWAY_CONTENT_TYPE. */
export function authenticate(context: Context, peer: Peer, deps: AuthenticateDeps): Found {
  const headers = context.req.header();
  const rules = rulesFor(peer, deps);
  const local = peer.kind === 'inside' || (peer.loopback && !deps.proxied);
  const secret = presentedKey(headers);
  // Clients that must send some key send any word; only what claims to be one of ours is judged on this machine.
  if (secret !== null && (!local || secret.startsWith(KEY_PREFIX))) {
    const key = deps.access?.keys.find(secret) ?? null;
    if (key === null) throw refused(peer, 'ACCESS_KEY_WRONG', deps);
    guardOrigin(headers, rules);
    return { kind: 'key', key };
  }
  if (peer.kind === 'inside') return { kind: 'local' };
  const cookie = getCookie(context, SESSION_COOKIE);
  const session = cookie === undefined ? null : (deps.access?.sessions.find(cookie) ?? null);
  if (session !== null) {
    guardBrowser(context, headers, rules);
    return { kind: 'browser', session };
  }
  if (isVisit(context, headers)) {
    guardHost(headers, rules);
    return { kind: 'nobody' };
  }
  if (local) {
    guard(headers, deps);
    return { kind: 'local' };
  }
  guardNames(headers, rules);
  return { kind: 'nobody' };
}

/** For callers that show who they are: also the names that others may claim. */
function rulesFor(peer: Peer, deps: AuthenticateDeps): GuardRules {
  const here = peer.kind === 'network' ? [peer.here] : [];
  return { ...deps, hosts: new Set([...deps.hosts, ...deps.lanHosts, ...here]) };
}

export function principalFrom(found: Exclude<Found, { kind: 'nobody' }>): Principal {
  if (found.kind === 'local') return LOCAL;
  if (found.kind === 'key') {
    const { id, name } = found.key;
    return { kind: 'key', owner: `key:${id}`, control: false, id, name };
  }
  const { id, kind } = found.session;
  return kind === 'login'
    ? { kind: 'browser', owner: 'local', control: true, session: id }
    : { kind: 'browser', owner: `session:${id}`, control: false, session: id };
}

/** Counts a wrong key or code; the error to throw for it. */
export function refused(
  peer: Peer,
  code: 'ACCESS_KEY_WRONG' | 'ACCESS_CODE_WRONG',
  { access, log }: Pick<AuthenticateDeps, 'access' | 'log'>,
): FilonError {
  const address = peer.kind === 'network' ? peer.address : 'inside';
  const waitMs = access?.attempts.failed(address) ?? 0;
  if (waitMs === 0) {
    log.info('access.refused', { code, address });
    return new FilonError<AccessErrorDetails>({ code }, REFUSALS[code]);
  }
  const retryAfterSeconds = Math.ceil(waitMs / 1000);
  return new FilonError<AccessErrorDetails>(
    { code: 'ACCESS_ATTEMPTS', retryAfterSeconds },
    `too many wrong keys or codes came from this address; try again in ${retryAfterSeconds} s`,
  );
}

const REFUSALS = {
  ACCESS_KEY_WRONG: 'this key is not one of this node, or no longer; `filon keys add` on the node makes one',
  ACCESS_CODE_WRONG:
    'this code is wrong, used or too old; `filon login` or `filon pair` on the node makes one',
} as const;

/** Of OpenAI's clients and Ollama's, or of Anthropic's. */
function presentedKey(headers: Headers): string | null {
  const [, bearer] = /^bearer\s+(.*)$/i.exec(headers['authorization'] ?? '') ?? [];
  const secret = (bearer ?? headers['x-api-key'] ?? '').trim();
  return secret === '' ? null : secret;
}

/** What a cookie may do: whatever does not change anything, and the rest for our own pages alone. */
function guardBrowser(context: Context, headers: Headers, rules: GuardRules): void {
  guardNames(headers, rules);
  if (isReading(context)) return;
  guardSameOrigin(headers, rules);
  const found = headers['content-type'] ?? null;
  const [type = ''] = (found ?? '').split(';');
  const bare = found === null && (headers['content-length'] ?? '0') === '0';
  if (bare || type.trim().toLowerCase() === 'application/json' || context.req.path === '/pair') return;
  throw new FilonError<GatewayErrorDetails>(
    { code: 'GATEWAY_CONTENT_TYPE', found },
    `the content type is '${found ?? ''}'; send application/json`,
  );
}

/** Somebody follows a link of another site to us: they see our pages, as nobody. */
function isVisit(context: Context, headers: Headers): boolean {
  return (
    isReading(context) &&
    headers['origin'] === undefined &&
    headers['sec-fetch-site'] === 'cross-site' &&
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document'
  );
}

export function isReading({ req }: Context): boolean {
  return req.method === 'GET' || req.method === 'HEAD';
}
