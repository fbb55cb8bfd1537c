/** The HTTP face of a node: the APIs that programs are written for, health and metrics, behind one guard. */
import { FilonError, isFilonError } from '@filon/core/errors';
import type { PrivacyTier } from '@filon/core/serving/tier';
import { Hono } from 'hono';
import type { Access } from '../access/access.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { DurableAnswers, RunningAnswers } from '../serve/durable/durable-answers.ts';
import type { Serving } from '../serve/serving.ts';
import { type GateDeps, gate } from './access/gate.ts';
import { INSIDE, type PeerOf } from './access/peer.ts';
import { requireControl, seesInside, servingOf } from './access/principal.ts';
import { accessRoutes } from './access/routes.ts';
import { anthropicRoutes } from './anthropic/routes.ts';
import { dress } from './dress.ts';
import { errorResponseFor } from './error-words.ts';
import type { GatewayErrorDetails } from './http/errors.ts';
import type { GuardRules } from './http/guard.ts';
import { Intake } from './http/intake.ts';
import { type GatewayLimits, MAX_TOKENS_MAX } from './http/limits.ts';
import { Metrics } from './http/metrics.ts';
import { RecentFaults } from './http/recent-faults.ts';
import { ollamaRoutes } from './ollama/routes.ts';
import { openAiRoutes } from './openai/routes.ts';
import type { MethodsAt, Parts } from './openapi/operations.ts';
import { openApiRoutes } from './openapi/routes.ts';
import type { Jobs } from './panel/jobs.ts';
import type { PanelNode } from './panel/panel-node.ts';
import { RecentWays } from './panel/recent-ways.ts';
import { panelRoutes } from './panel/routes.ts';
import { webRoutes } from './web/routes.ts';

export interface GatewayDeps extends GuardRules {
  serving: Serving;
  /** Answers that outlive their connection; without it none does. */
  answers?: (DurableAnswers & RunningAnswers) | undefined;
  /** Keys and sessions; without it only this machine may call. */
  access?: Access | undefined;
  /** Whose machines may compute what callers without a key do not say. Absent: the operator's own. */
  tier?: PrivacyTier | undefined;
  /** Tokens that one answer may come to; what a budget must have room for when a request does not say. */
  answerTokensMax?: number | undefined;
  /** How the gateway is reached; without it, by nobody but this process. */
  reach?: Pick<GateDeps, 'peerOf' | 'lanHosts' | 'proxied'> | undefined;
  clock: Clock;
  log: Log;
  limits: GatewayLimits;
  /** Request ids are made from it. */
  randomBytes: (count: number) => Uint8Array;
  /** What the pages' own API works on; without it there is none. */
  panel?: { node: PanelNode; jobs: Jobs } | undefined;
  /** Of the node, for the API's document. */
  version?: string | undefined;
  /** Where the built page is, or will be; without one there is no page. */
  webFolder?: string | undefined;
  /** Addresses of other gateways, which the page may go on at. */
  gateways?: readonly string[] | undefined;
}

export function createGateway(deps: GatewayDeps): Hono {
  const { clock, log, limits, randomBytes, answers = null } = deps;
  const metrics = new Metrics();
  const faults = new RecentFaults(clock);
  const ways = new RecentWays(clock);
  const app = new Hono();
  app.use('*', dress(deps), gate(gateDeps({ ...deps, serving: ways.noting(deps.serving) })));
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    const readiness = await servingOf(c).readiness();
    const { ready } = readiness;
    return c.json(seesInside(c) ? readiness : { ready }, ready ? 200 : 503);
  });
  app.get('/metrics', (c) => {
    if (!seesInside(c)) requireControl(c);
    return c.text(metrics.text(servingOf(c).stats()));
  });
  app.route('/', openApiRoutes(partsOf(deps), deps.version ?? '0'));
  const intake = new Intake({ clock, log, limits, metrics, faults });
  app.route('/v1', anthropicRoutes(servingOf, intake));
  app.route('/api', ollamaRoutes(servingOf, { intake, clock }));
  app.route('/v1', openAiRoutes({ servingOf, intake, clock, randomBytes, answers }));
  if (deps.panel !== undefined) {
    app.route('/filon/v1', panelRoutes({ ...deps.panel, intake, faults, ways, answers }));
  }
  if (deps.access !== undefined) app.route('/', accessRoutes(gateDeps(deps), deps.access));
  if (deps.webFolder !== undefined) app.route('/', webRoutes(deps.webFolder, deps.gateways));
  let allowedAt: MethodsAt | null = null;
  app.notFound(async (c) => {
    // The table of operations costs memory and time that a node without wrong requests never needs.
    const { methodsAt, operationsOf } = await import('./openapi/operations.ts');
    allowedAt ??= methodsAt(operationsOf(partsOf(deps)));
    return errorResponseFor(c.req.raw, unknownRoute(c.req, allowedAt(c.req.path)));
  });
  app.onError((error, c) => {
    if (!isFilonError(error)) log.error('request.failed', { name: error.name, stack: framesOf(error) });
    return errorResponseFor(c.req.raw, error);
  });
  return app;
}

function gateDeps(deps: GatewayDeps): GateDeps {
  const { access = null, answerTokensMax = MAX_TOKENS_MAX, reach = NOWHERE } = deps;
  return { ...deps, ...reach, access, answerTokensMax };
}

const inside: PeerOf = () => INSIDE;
const NOWHERE = { peerOf: inside, lanHosts: new Set<string>(), proxied: false };

function partsOf({ panel, access, webFolder }: GatewayDeps): Parts {
  return { panel: panel !== undefined, access: access !== undefined, web: webFolder !== undefined };
}

function unknownRoute(
  { method, path }: { method: string; path: string },
  allowed: string | null,
): FilonError {
  if (allowed !== null) {
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
