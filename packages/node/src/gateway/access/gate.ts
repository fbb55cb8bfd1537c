/** The gate before every route: finds the principal and holds it to its limits. */

import type { BucketState } from '@filon/core/buckets';
import { FilonError } from '@filon/core/errors';
import type { PrivacyTier } from '@filon/core/serving/tier';
import { PASSED_ON_HEADER } from '@filon/core/upstream/kinds';
import type { Context, MiddlewareHandler } from 'hono';
import type { Access } from '../../access/access.ts';
import type { AccessErrorDetails } from '../../access/errors.ts';
import type { Key } from '../../access/keys.ts';
import type { Answer, Serving } from '../../serve/serving.ts';
import { type AuthenticateDeps, authenticate, type Found, isReading, principalFrom } from './authenticate.ts';
import { MeteredServing } from './metered-serving.ts';
import type { PeerOf } from './peer.ts';
import { admit, keyNeeded } from './principal.ts';
import { type Scope, scopedServing } from './scoped-serving.ts';
import { sayServers } from './served-by.ts';
import { rightsFrom, TIER_HEADER, tierOf } from './tier.ts';

export interface GateDeps extends AuthenticateDeps {
  serving: Serving;
  answerTokensMax: number;
  /** Whose machines may compute what callers without a key do not say. Absent: the operator's own. */
  tier?: PrivacyTier | undefined;
  peerOf: PeerOf;
  randomBytes: (count: number) => Uint8Array;
}

/** Ways in, which need no key. */
const DOORS: ReadonlySet<string> = new Set(['/login', '/pair']);

export function gate(deps: GateDeps): MiddlewareHandler {
  return async (c, next) => {
    const found = authenticate(c, deps.peerOf(c), deps);
    const rate = found.kind === 'key' && !isReading(c) ? takeRate(found.key, deps.access) : null;
    const answers: Answer[] = [];
    if (found.kind !== 'nobody') {
      const tier = tierOf({ header: c.req.header(TIER_HEADER), standard: deps.tier ?? 'own' }, found);
      const passedOn = c.req.header(PASSED_ON_HEADER) !== undefined;
      const onAnswer = (answer: Answer): void => void answers.push(answer);
      const serving = servingFor(found, { tier, passedOn, onAnswer }, deps);
      admit(c, { principal: principalFrom(found), serving, rights: rightsFrom(found) });
    } else if (!DOORS.has(c.req.path)) {
      if (!isReading(c)) throw keyNeeded();
      if (c.req.path === '/') return c.redirect('/pair');
    }
    await next();
    if (rate !== null) sayRate(c, rate);
    sayServers(c, answers[0]?.servedBy ?? []);
    return undefined;
  };
}

export type ServingDeps = Pick<GateDeps, 'access' | 'serving' | 'log' | 'answerTokensMax'>;

/**
 * For answers that outlive their request: serving as their owner may use it now. It is in the answer which tier it was
 * asked with. Code: ACCESS_KEY_WRONG.
 */
export function servingForOwner(owner: string, deps: ServingDeps): Pick<Serving, 'complete'> {
  const [kind, id = ''] = owner.split(':');
  const { access, serving } = deps;
  if (kind === 'local' || (kind === 'session' && access?.sessions.has(id)))
    return scopedServing(serving, { owner, tier: 'open' });
  const key = kind === 'key' ? (access?.keys.withId(id) ?? null) : null;
  if (key !== null) return servingFor({ kind: 'key', key }, { tier: key.tier }, deps);
  return {
    complete: () =>
      Promise.reject(
        new FilonError<AccessErrorDetails>(
          { code: 'ACCESS_KEY_WRONG' },
          'the key or the session that asked for this answer is gone',
        ),
      ),
  };
}

function servingFor(
  found: Exclude<Found, { kind: 'nobody' }>,
  scope: Omit<Scope, 'owner'>,
  deps: ServingDeps,
): Serving {
  const serving = scopedServing(deps.serving, { ...scope, owner: principalFrom(found).owner });
  if (found.kind !== 'key' || deps.access === null) return serving;
  return new MeteredServing(found.key, { ...deps, serving, meter: deps.access.meter });
}

/** Code: ACCESS_RATE. */
function takeRate({ id, name, requestsPerMinute }: Key, access: Access | null): BucketState | null {
  if (requestsPerMinute === null || access === null) return null;
  const state = access.rates.take(id, requestsPerMinute);
  if (state.taken) return state;
  const retryAfterSeconds = Math.ceil(state.waitMs / 1000);
  throw new FilonError<AccessErrorDetails>(
    { code: 'ACCESS_RATE', requestsPerMinute, retryAfterSeconds },
    `the key ${name} may make ${requestsPerMinute} requests a minute; try again in ${retryAfterSeconds} s`,
  );
}

/** As OpenAI says it. */
function sayRate(c: Context, { perMinute, left, fullMs }: BucketState): void {
  c.header('x-ratelimit-limit-requests', String(perMinute));
  c.header('x-ratelimit-remaining-requests', String(left));
  c.header('x-ratelimit-reset-requests', `${Math.ceil(fullMs / 1000)}s`);
}
