import {
  PANEL_RUNS_MAX,
  type PanelRecipe,
  type PanelRun,
  type PanelRunDetail,
  type PanelRuns,
} from '@filon/core/panel/training';
import { describe, expect, test } from 'vitest';
import { openPanelGateway, type PanelGateway } from '../../../../../test/kit/panel-gateway.ts';
import {
  createScriptedTrainings,
  evaluationOf,
  lookOf,
  runOf,
} from '../../../../../test/kit/scripted-trainings.ts';
import * as answers from '../openapi/run-answers.ts';

const ROOT = '/filon/v1';
const order = { recipe: 'tiny-scratch', data: null, steps: null };

/** What a stream tells until one of it holds; then it is left. */
async function toldUntil<T>(response: Response, holds: (told: T) => boolean): Promise<T[]> {
  const told: T[] = [];
  let rest = '';
  for await (const piece of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    const events = (rest + piece).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events.filter((one) => one.startsWith('data: '))) {
      told.push(JSON.parse(event.slice('data: '.length)));
      if (holds(told.at(-1) as T)) return told;
    }
  }
  throw new RangeError(`it ended with ${JSON.stringify(told.at(-1))}`);
}

async function firstOf<T>({ operate }: PanelGateway, path: string): Promise<T> {
  const told = await toldUntil<T>(await operate(ROOT + path), () => true);
  return told[0] as T;
}

async function refusalOf({ operate }: PanelGateway, path: string, body?: unknown) {
  const response = await operate(ROOT + path, body === undefined ? {} : { body });
  await response.arrayBuffer();
  return [response.status, response.headers.get('x-filon-error')];
}

describe('recipes', () => {
  test('are those that come with the program, with base, licences and what is not tried', async () => {
    await using gateway = await openPanelGateway();
    const recipes: PanelRecipe[] = answers.panelRecipes.parse(
      await (await gateway.operate(`${ROOT}/recipes`)).json(),
    );
    expect(recipes.map(({ name }) => name)).toContain('customer-information');
    expect(recipes.find(({ name }) => name === 'medical')).toMatchObject({
      ...{ base: 'smollm2-135m', method: { kind: 'lora', rank: 16 }, licences: ['Apache-2.0'] },
      sources: [{ name: 'sample', tried: false }],
    });
    const scratch = recipes.find(({ name }) => name === 'tiny-scratch');
    expect(scratch).toMatchObject({ base: null, method: { kind: 'full' }, obliges: [] });
  });
});

describe('runs', () => {
  test('are told newest first, as they are and again when something changes', async () => {
    const trainings = createScriptedTrainings();
    trainings.put(runOf('medical-1', { state: 'stopped' }));
    trainings.put(runOf('medical-2'));
    await using gateway = await openPanelGateway({ trainings });
    const response = await gateway.operate(`${ROOT}/runs`);
    const seen: PanelRuns[] = [];
    const told = await toldUntil<PanelRuns>(response, (now) => {
      if (seen.push(now) === 1) trainings.put(runOf('medical-2', { state: 'done' }));
      return now.runs[0]?.state === 'done';
    });
    expect(told).toHaveLength(2);
    const [first] = told.map((each) => answers.panelRuns.parse(each));
    expect(first?.runs.map(({ id, state }) => [id, state])).toEqual([
      ['medical-2', 'training'],
      ['medical-1', 'stopped'],
    ]);
    expect(first?.runs.map(({ tokensPerSecond, secondsLeft }) => [tokensPerSecond, secondsLeft])).toEqual([
      [412, 1140],
      [null, null],
    ]);
  });

  test('of very many are the newest, and counted', async () => {
    const trainings = createScriptedTrainings();
    for (let at = 1; at <= PANEL_RUNS_MAX + 5; at++) trainings.put(runOf(`medical-${at}`));
    await using gateway = await openPanelGateway({ trainings });
    const { runs, total } = await firstOf<PanelRuns>(gateway, '/runs');
    expect([runs.length, total, runs[0]?.id]).toEqual([PANEL_RUNS_MAX, PANEL_RUNS_MAX + 5, 'medical-69']);
  });

  test('are told one by one with curves, checkpoints, numbers and where they come from', async () => {
    const trainings = createScriptedTrainings();
    const run = runOf('medical-1', { after: evaluationOf(1.4, 30), generalRise: 0.012 });
    trainings.put(run, lookOf(run, 900));
    await using gateway = await openPanelGateway({ trainings });
    const told = answers.panelRunDetail.parse(await firstOf<PanelRunDetail>(gateway, '/runs/medical-1'));
    expect(told.curves.steps.at(-1)?.step).toBe(900);
    expect(told.curves.validation).toHaveLength(18);
    expect(told.checkpoints.map(({ step }) => step)).toEqual([100, 50]);
    expect(told).toMatchObject({
      ...{ before: { heldOut: { loss: 2.31 } }, after: { choices: { right: 30 } }, generalRiseMax: 0.03 },
      plan: { name: 'medical', licences: ['Apache-2.0'] },
      lineage: { base: { name: 'smollm2-135m' } },
    });
    expect(JSON.stringify(told)).not.toContain(run.folder);
  });

  test('that are not there are no stream', async () => {
    await using gateway = await openPanelGateway();
    expect(await refusalOf(gateway, '/runs/none-1')).toEqual([404, 'TRAIN_RUN_UNKNOWN']);
    expect(await refusalOf(gateway, '/runs/none-1/stop', {})).toEqual([404, 'TRAIN_RUN_UNKNOWN']);
  });

  test('begin with a quote and train when somebody says yes to it', async () => {
    const trainings = createScriptedTrainings();
    await using gateway = await openPanelGateway({ trainings });
    const data = { source: 'file:/texts', licence: 'CC0-1.0' };
    const begun = await gateway.operate(`${ROOT}/runs`, { body: { ...order, data, steps: 9 } });
    const { id }: PanelRun = answers.panelRun.parse(await begun.json());
    expect(id).toBe('tiny-scratch-1');
    expect(trainings.orders).toEqual([
      {
        ...{ recipe: 'tiny-scratch', steps: 9, seed: null, device: null, agreed: false },
        data: { ...data, name: 'data', origin: 'given by the operator', tried: false },
      },
    ]);
    for (const word of ['resume', 'stop'])
      expect((await gateway.operate(`${ROOT}/runs/${id}/${word}`, { body: {} })).status).toBe(200);
    expect(trainings.asked).toEqual([`resume ${id}`, `stop ${id}`]);
  });

  test.each([
    [{ ...order, recipe: 'no-such-recipe' }, 404, 'TRAIN_RECIPE_UNKNOWN'],
    [{ ...order, recipe: 'mine.json' }, 400, 'GATEWAY_REQUEST_INVALID'],
    [{ ...order, recipe: '/nowhere/mine.json' }, 422, 'TRAIN_RECIPE_UNREADABLE'],
    [{ ...order, data: { source: 'ftp:texts', licence: 'x' } }, 422, 'DATA_SOURCE_INVALID'],
    [{ ...order, steps: 0 }, 400, 'GATEWAY_REQUEST_INVALID'],
    [{ recipe: 'tiny-scratch' }, 400, 'GATEWAY_REQUEST_INVALID'],
  ])('do not begin with %o', async (body, status, code) => {
    const trainings = createScriptedTrainings();
    await using gateway = await openPanelGateway({ trainings });
    expect(await refusalOf(gateway, '/runs', body)).toEqual([status, code]);
    expect(trainings.list()).toEqual([]);
  });
});
