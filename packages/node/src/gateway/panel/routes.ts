/** The pages' own API, under `/filon/v1`: for browsers with an operator's session. docs/protocol/panel.md */
import { FilonError } from '@filon/core/errors';
import type { PanelJobs, PanelSession, PanelStopped } from '@filon/core/panel/messages';
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import type { Models, StoredModel } from '../../ports/models.ts';
import type { RunningAnswers } from '../../serve/durable/durable-answers.ts';
import { principalOf, requireControl, rightsOf, servingOf } from '../access/principal.ts';
import type { GatewayErrorDetails } from '../http/errors.ts';
import type { EventStream } from '../http/event-stream.ts';
import type { Intake, Work } from '../http/intake.ts';
import type { RecentFaults } from '../http/recent-faults.ts';
import { parseFields } from '../http/validate.ts';
import { openAiErrors } from '../openai/error-shape.ts';
import type { Jobs } from './jobs.ts';
import { modelCards } from './model-cards.ts';
import { nodeStatus } from './node-status.ts';
import { panelNetwork } from './panel-network.ts';
import type { PanelNode } from './panel-node.ts';
import { panelOffers } from './panel-offers.ts';
import type { RecentWays } from './recent-ways.ts';
import { runRoutes } from './run-routes.ts';

export interface PanelDeps {
  node: PanelNode;
  intake: Intake;
  jobs: Jobs;
  faults: RecentFaults;
  ways: RecentWays;
  /** null: none outlives its connection. */
  answers: RunningAnswers | null;
}

const NAME_CHARACTERS_MAX = 1024;
export const pullFields: z.ZodType<{ model: string }> = z.object({
  model: z.string().min(1).max(NAME_CHARACTERS_MAX),
});
/** Pages draw no faster than this. */
const TELL_EVERY_MS = 200;

export function panelRoutes(deps: PanelDeps): Hono {
  const { node, jobs } = deps;
  const app = new Hono();
  const startedMs = node.clock.monotonicMs();
  app.get('/session', (c) => c.json({ control: principalOf(c).control } satisfies PanelSession));
  app.get('/offers', (c) => c.json(panelOffers(node.network?.look() ?? null, rightsOf(c))));
  app.use('*', async (c, next) => {
    requireControl(c);
    await next();
  });
  app.route('/', runRoutes(deps));
  app.get('/models', async (c) => c.json(await modelCards(node, c.req.raw.signal)));
  app.get('/status', async (c) => {
    const parts = { node, serving: servingOf(c), answers: deps.answers, faults: deps.faults.list };
    return c.json(await nodeStatus(parts, { startedMs, signal: c.req.raw.signal }));
  });
  app.get('/network', (c) =>
    c.json(panelNetwork(node.network?.look() ?? null, deps.ways.list, node.clock.nowMs())),
  );
  app.get('/jobs', (c) => follow(c, deps));
  app.delete('/jobs/:id', (c) => {
    const job = c.req.param('id');
    if (!jobs.cancel(job)) throw unknownJob(job);
    return c.json({ cancelled: job });
  });
  app.delete('/answers/:number', async (c) => {
    const stopped = (await deps.answers?.stop(Number(c.req.param('number')))) ?? false;
    return c.json({ stopped } satisfies PanelStopped);
  });
  const post = (c: Context, work: Work): Promise<Response> =>
    deps.intake.answer(c.req.raw, { route: 'panel', words: openAiErrors('model'), work });
  app.post('/pulls', (c) =>
    post(c, async (body) => ({ kind: 'json', value: pull(deps, parseFields(pullFields, body)) })),
  );
  app.post('/models/:name/load', (c) =>
    post(c, async () => ({ kind: 'json', value: await load(deps, nameOf(c)) })),
  );
  app.post('/models/:name/unload', (c) =>
    post(c, async (_, { signal }) => {
      const { name } = await stored(node.models, nameOf(c));
      await node.control.unload(name, { signal });
      return { kind: 'json', value: { unloaded: name } };
    }),
  );
  app.delete('/models/:name', async (c) => {
    const model = await stored(node.models, nameOf(c));
    const inMemory = node.engine.status().loaded.some((loaded) => loaded.model === model.sha256);
    if (inMemory) await node.control.unload(model.name, { signal: c.req.raw.signal });
    await node.models.remove(model.name);
    return c.json({ removed: model.name });
  });
  return app;
}

function pull({ node, jobs }: PanelDeps, { model }: { model: string }): unknown {
  return jobs.start({ kind: 'pull', model }, ({ signal, onProgress }) =>
    node.models.pull(model, {
      signal,
      onProgress: ({ doneBytes, totalBytes }) => onProgress({ done: doneBytes, total: totalBytes }),
    }),
  );
}

async function load({ node, jobs }: PanelDeps, model: string): Promise<unknown> {
  const { name } = await stored(node.models, model);
  return jobs.start({ kind: 'load', model: name }, ({ signal, onProgress }) =>
    node.control.load(name, { signal, onProgress: (share) => onProgress({ done: share * 100, total: 100 }) }),
  );
}

/** All jobs, now and at every change, until the page goes. */
function follow(c: Context, { intake, jobs, node }: PanelDeps): Promise<Response> {
  const run = async (events: EventStream, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const { changed } = jobs;
      events.write(`data: ${JSON.stringify({ jobs: jobs.list() } satisfies PanelJobs)}\n\n`);
      const room = events.room();
      if (room !== null) await room;
      await changedOrGone(changed, signal);
      await node.clock.sleep(TELL_EVERY_MS, { signal }).catch(() => undefined);
    }
  };
  return intake.answer(c.req.raw, {
    ...{ route: 'panel', words: openAiErrors('model'), bodyless: true },
    work: async (_, { signal }) => ({ kind: 'events', run: (events) => run(events, signal) }),
  });
}

function changedOrGone(changed: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const leave = (): void => resolve();
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  void changed.then(leave);
  return promise.finally(() => signal.removeEventListener('abort', leave));
}

function nameOf(c: Context): string {
  return (c.req.param('name') ?? '').slice(0, NAME_CHARACTERS_MAX);
}

async function stored(models: Models, name: string): Promise<StoredModel> {
  const model = await models.find(name);
  if (model !== null) return model;
  throw new FilonError(
    { code: 'SERVE_MODEL_UNKNOWN', model: name },
    `there is no model '${name}' on this node`,
  );
}

function unknownJob(job: string): FilonError<GatewayErrorDetails> {
  const shown = job.slice(0, 40);
  return new FilonError({ code: 'PANEL_JOB_UNKNOWN', job: shown }, `there is no work '${shown}' under way`);
}
