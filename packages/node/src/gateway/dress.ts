/** What every answer of the gateway wears, refusals too: an id, and CORS for listed origins alone. */
import type { Context, MiddlewareHandler } from 'hono';
import { isAnthropic } from './error-words.ts';
import { corsOrigin, type GuardRules } from './http/guard.ts';

export interface DressDeps extends GuardRules {
  randomBytes: (count: number) => Uint8Array;
}

export function dress(deps: DressDeps): MiddlewareHandler {
  return async (c, next) => {
    const origin = corsOrigin(c.req.header('origin'), deps);
    if (origin !== null && c.req.method === 'OPTIONS') return preflight(origin, c);
    await next();
    const requestId = Buffer.from(deps.randomBytes(12)).toString('base64url');
    c.header('x-request-id', requestId);
    if (isAnthropic(c.req.raw)) c.header('request-id', requestId);
    c.header('x-content-type-options', 'nosniff');
    // Vendors' clients ask again after any 429, and no waiting fills a budget.
    if (c.res.headers.get('x-filon-error') === 'ACCESS_BUDGET') c.header('x-should-retry', 'false');
    if (origin !== null) {
      c.header('access-control-allow-origin', origin);
      c.header('vary', 'origin', { append: true });
    }
    return undefined;
  };
}

/** Others get no CORS header at all. Nobody has shown a key yet: browsers ask this without one. */
function preflight(origin: string, c: Context): Response {
  const asked = c.req.header('access-control-request-headers') ?? '';
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, POST, DELETE',
      // Vendors' clients send headers of their own.
      'access-control-allow-headers': /^[\w\s,-]{1,1000}$/.test(asked)
        ? asked
        : 'authorization, content-type, x-api-key',
      'access-control-max-age': '600',
      vary: 'origin, access-control-request-headers',
    },
  });
}
