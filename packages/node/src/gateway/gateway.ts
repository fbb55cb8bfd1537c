/** The HTTP face of a node: the APIs that programs are written for, health and metrics, behind one guard. */
import { FilonError, isFilonError } from '@filon/core/errors';
import { type Context, Hono, type Next } from 'hono';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { DurableAnswers } from '../serve/durable/durable-answers.ts';
import type { Serving } from '../serve/serving.ts';
import { admit, LOCAL, servingOf } from './access/principal.ts';
import { anthropicRoutes } from './anthropic/routes.ts';
import { errorResponseFor, isAnthropic } from './error-words.ts';
import type { GatewayErrorDetails } from './http/errors.ts';
import { corsOrigin, type GuardRules, guard } from './http/guard.ts';
import { Intake } from './http/intake.ts';
import type { GatewayLimits } from './http/limits.ts';
import { Metrics } from './http/metrics.ts';
import { RecentFaults } from './http/recent-faults.ts';
import { ollamaRoutes } from './ollama/routes.ts';
import { openAiRoutes } from './openai/routes.ts';
import type { Jobs } from './panel/jobs.ts';
import type { PanelNode } from './panel/panel-node.ts';
import { panelRoutes } from './panel/routes.ts';
import { webRoutes } from './web/routes.ts';

export interface GatewayDeps extends GuardRules {
  serving: Serving;
  /** Answers that outlive their connection; without it none does. */
  answers?: DurableAnswers | undefined;
  clock: Clock;
  log: Log;
  limits: GatewayLimits;
  /** Request ids are made from it. */
  randomBytes: (count: number) => Uint8Array;
  /** What the pages' own API works on; without it there is none. */
  panel?: { node: PanelNode; jobs: Jobs } | undefined;
  /** Where the built page is, or will be; without one there is no page. */
  webFolder?: string | undefined;
}

/** Paths and the one method that each answers to; `GET` stands for `HEAD` too. */
const METHODS: ReadonlyMap<string, string> = new Map([
  ['/', 'GET'],
  ['/v1/chat/completions', 'POST'],
  ['/v1/completions', 'POST'],
  ['/v1/embeddings', 'POST'],
  ['/v1/responses', 'POST'],
  ['/v1/models', 'GET'],
  ['/v1/messages', 'POST'],
  ['/v1/messages/count_tokens', 'POST'],
  ...['chat', 'generate', 'embed', 'embeddings', 'show'].map((name) => [`/api/${name}`, 'POST'] as const),
  ...['tags', 'ps', 'version'].map((name) => [`/api/${name}`, 'GET'] as const),
  ['/healthz', 'GET'],
  ['/readyz', 'GET'],
  ['/metrics', 'GET'],
]);

export function createGateway(deps: GatewayDeps): Hono {
  const { serving, clock, log, limits, randomBytes, answers = null } = deps;
  const metrics = new Metrics();
  const faults = new RecentFaults(clock);
  const app = new Hono();
  app.use('*', (c, next) => guarded(c, next, deps));
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    const readiness = await serving.readiness();
    return c.json(readiness, readiness.ready ? 200 : 503);
  });
  app.get('/metrics', (c) => c.text(metrics.text(serving.stats())));
  const intake = new Intake({ clock, log, limits, metrics, faults });
  app.route('/v1', anthropicRoutes(servingOf, intake));
  app.route('/api', ollamaRoutes(servingOf, { intake, clock }));
  app.route('/v1', openAiRoutes({ servingOf, intake, clock, randomBytes, answers }));
  if (deps.panel !== undefined) {
    app.route('/filon/v1', panelRoutes({ ...deps.panel, intake, faults }));
  }
  if (deps.webFolder !== undefined) app.route('/', webRoutes(deps.webFolder));
  app.notFound((c) => errorResponseFor(c.req.raw, unknownRoute(c.req.method, c.req.path)));
  app.onError((error, c) => {
    if (!isFilonError(error)) log.error('request.failed', { name: error.name, stack: framesOf(error) });
    return errorResponseFor(c.req.raw, error);
  });
  return app;
}

async function guarded(c: Context, next: Next, deps: GatewayDeps): Promise<Response | undefined> {
  const headers = c.req.header();
  guard(headers, deps);
  const origin = corsOrigin(headers['origin'], deps);
  if (origin !== null && c.req.method === 'OPTIONS') return preflight(origin);
  admit(c, { principal: LOCAL, serving: deps.serving });
  await next();
  const requestId = Buffer.from(deps.randomBytes(12)).toString('base64url');
  c.header('x-request-id', requestId);
  if (isAnthropic(c.req.raw)) c.header('request-id', requestId);
  c.header('x-content-type-options', 'nosniff');
  if (origin !== null) {
    c.header('access-control-allow-origin', origin);
    c.header('vary', 'origin');
  }
  return undefined;
}

/** Only for origins that the operator listed: others get no CORS header at all. */
function preflight(origin: string): Response {
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, POST, DELETE',
      'access-control-allow-headers': 'authorization, content-type',
      'access-control-max-age': '600',
      vary: 'origin',
    },
  });
}

function unknownRoute(method: string, path: string): FilonError {
  const allowed = METHODS.get(path);
  if (allowed !== undefined) {
    const details = { code: 'GATEWAY_METHOD_WRONG', method, allowed } as const;
    return new FilonError<GatewayErrorDetails>(details, `${path} takes ${allowed}, not ${method}`);
  }
  return new FilonError<GatewayErrorDetails>(
    { code: 'GATEWAY_ROUTE_UNKNOWN', method, path: path.slice(0, 200) },
    `there is nothing at ${path.slice(0, 200)}; the API is under /v1`,
  );
}

function framesOf(error: Error): string[] {
  return error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
}
