/** Runs for the Training page. Whoever comes here may control the node: see routes.ts. docs/protocol/panel.md */
import type { PanelRecipe } from '@filon/core/panel/training';
import type { RunView } from '@filon/core/training/run';
import { type Context, Hono } from 'hono';
import type { Clock } from '../../ports/clock.ts';
import type { EventStream } from '../http/event-stream.ts';
import type { Intake, Work } from '../http/intake.ts';
import { openAiErrors } from '../openai/error-shape.ts';
import type { PanelNode, PanelTrainings } from './panel-node.ts';

export interface RunRoutesDeps {
  node: Pick<PanelNode, 'clock' | 'trainings'>;
  intake: Intake;
}

const RUN_CHARACTERS_MAX = 80;
/** A step takes a moment, and a curve is no film. */
const LOOK_EVERY_MS = 1000;

export function runRoutes(deps: RunRoutesDeps): Hono {
  const { node, intake } = deps;
  const app = new Hono();
  const post = (c: Context, work: Work): Promise<Response> =>
    intake.answer(c.req.raw, { route: 'panel', words: openAiErrors('model'), work });
  const changed = (c: Context, change: (trainings: PanelTrainings) => Promise<RunView>): Promise<Response> =>
    post(c, async () => {
      const [{ panelRun }, trainings] = await Promise.all([shown(), node.trainings()]);
      return { kind: 'json', value: panelRun(await change(trainings)) };
    });
  app.get('/recipes', async (c) => c.json(await recipes()));
  app.get('/runs', (c) =>
    follow(c, deps, async () => {
      const [{ panelRuns }, trainings] = await Promise.all([shown(), node.trainings()]);
      return () => panelRuns(trainings.list());
    }),
  );
  app.get('/runs/:run', (c) =>
    follow(c, deps, async () => {
      const [{ panelRunDetail }, trainings] = await Promise.all([shown(), node.trainings()]);
      const reader = trainings.reader(runOf(c));
      return async () => panelRunDetail(await reader.look());
    }),
  );
  app.post('/runs', (c) =>
    post(c, async (body) => {
      const [{ panelRun }, { trainOrderOf }] = await Promise.all([shown(), import('./run-order.ts')]);
      const order = trainOrderOf(body);
      return { kind: 'json', value: panelRun(await (await node.trainings()).start(order)) };
    }),
  );
  app.post('/runs/:run/stop', (c) => changed(c, (trainings) => trainings.stop(runOf(c))));
  app.post('/runs/:run/resume', (c) => changed(c, (trainings) => trainings.resume(runOf(c))));
  return app;
}

/** Most nodes never train, and need not have it in memory. */
function shown(): Promise<typeof import('./panel-runs.ts')> {
  return import('./panel-runs.ts');
}

async function recipes(): Promise<PanelRecipe[]> {
  const [{ panelRecipe }, { loadRecipe, recipeNames }] = await Promise.all([
    shown(),
    import('../../train/load-recipe.ts'),
  ]);
  const loaded = await Promise.all((await recipeNames()).map((name) => loadRecipe(name)));
  return loaded.map(({ recipe }) => panelRecipe(recipe));
}

function runOf(c: Context): string {
  return (c.req.param('run') ?? '').slice(0, RUN_CHARACTERS_MAX);
}

/** How it is now and at every change, until the page goes. */
function follow(
  c: Context,
  { intake, node: { clock } }: RunRoutesDeps,
  begin: () => Promise<() => unknown>,
): Promise<Response> {
  return intake.answer(c.req.raw, {
    ...{ route: 'panel', words: openAiErrors('model'), bodyless: true },
    work: async (_, { signal }) => {
      const look = await begin();
      return { kind: 'events', run: (events) => tell(events, look, { clock, signal }) };
    },
  });
}

async function tell(
  events: EventStream,
  look: () => unknown,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  let told = '';
  while (!signal.aborted) {
    const now = JSON.stringify(await look());
    if (now !== told) events.write(`data: ${now}\n\n`);
    told = now;
    const room = events.room();
    if (room !== null) await room;
    await clock.sleep(LOOK_EVERY_MS, { signal }).catch(() => undefined);
  }
}
