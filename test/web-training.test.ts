/** The Training page in a real browser: over runs that a test writes, and over one that really trains. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunView } from '@filon/core/training/run';
import { createProcessTrainer } from '@filon/node/adapters/trainer/process-trainer';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { violationsOf } from './kit/axe.ts';
import { DESK, type PageOptions, PHONE, type TestPage } from './kit/browser.ts';
import { storedModel } from './kit/fixed-models.ts';
import { openPanelScene, type PanelScene } from './kit/panel-scene.ts';
import { MODEL } from './kit/scripted-serving.ts';
import { createScriptedTrainings, evaluationOf, lookOf, runOf } from './kit/scripted-trainings.ts';
import { writeSmallRecipe } from './kit/small-recipe.ts';
import { openTestTrainings, type TestTrainings } from './kit/trainings.ts';

const RESULT = 'smollm2-135m:medical-1';
const settle = { timeout: 15_000, interval: 20 };
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const focused = (page: Page): Promise<string> => page.evaluate('document.activeElement.innerText');

let visit: TestPage;
afterEach(async () => {
  expect(visit.complaints).toEqual([]);
  await visit.context.close();
});

describe('of runs that were written', () => {
  const trainings = createScriptedTrainings();
  let scene: PanelScene;
  beforeAll(async () => {
    scene = await openPanelScene({ trainings, stored: [storedModel(MODEL), storedModel(RESULT, 'c')] });
  });
  afterAll(() => scene[Symbol.asyncDispose]());
  afterEach(() => trainings.clear());

  async function enter(run: string | null, options?: PageOptions): Promise<Page> {
    visit = await scene.enter('training', options);
    if (run !== null) await visit.page.goto(`${scene.gateway.url}/#/training/${run}`);
    return visit.page;
  }
  const done = (): RunView =>
    runOf('medical-1', {
      ...{ state: 'done', after: evaluationOf(1.62, 31), generalRise: 0.008 },
      result: { name: RESULT, sha256: '34'.repeat(32), bytes: 19_600_000 },
      progress: { ...runOf('x-1').progress, step: 400, checkpointStep: 400, text: '' },
    });

  test('one is begun with its quote, by keyboard, and trains only after a yes', async () => {
    const page = await enter(null);
    await page.getByText('There is none yet. The first one').waitFor();
    await page.getByLabel('Recipe', { exact: true }).selectOption({ label: 'Answers for customers' });
    await page.getByText('Personal data are taken out first').waitFor();
    await page.getByText('Texts of your own, and steps').press('Enter');
    await page.getByLabel('Your texts', { exact: true }).fill('/home/me/shop');
    await page.getByLabel('Steps').fill('60');
    await button(page, 'Measure and quote').press('Enter');
    await page.getByText('Write a source that begins with file:/').waitFor();
    expect(trainings.orders).toEqual([]);
    await page.getByLabel('Your texts', { exact: true }).fill('file:/home/me/shop');
    await page.getByLabel('Licence of your texts').fill('CC0-1.0');
    await button(page, 'Measure and quote').press('Enter');

    await page.getByRole('heading', { level: 1, name: 'customer-information-1' }).waitFor();
    expect(trainings.orders).toMatchObject([
      { recipe: 'customer-information', steps: 60, agreed: false, data: { source: 'file:/home/me/shop' } },
    ]);
    await page.getByText('Preparing the texts').first().waitFor();
    const [preparing = runOf('x-1')] = trainings.list();
    const { quote } = runOf('x-1');
    const run: RunView = { ...preparing, state: 'quoted', steps: 60, quote };
    trainings.put(run, lookOf(run, 0));
    const begin = button(page, 'Start training: customer-information-1');
    await begin.waitFor();
    const facts = page.locator('.run-quote dl');
    await expect
      .poll(() => facts.textContent(), settle)
      .toMatch(/Steps60.*30 min 30 s.*0\.0916 kWh.*320 MB/s);
    await visit.picture('training-quote');
    expect(await violationsOf(page)).toEqual([]);
    expect(trainings.asked).toEqual([]);
    await begin.focus();
    await page.keyboard.press('Enter');
    await button(page, 'Stop: customer-information-1').waitFor();
    expect(await focused(page)).toBe('Stop');
    expect(trainings.asked).toEqual(['resume customer-information-1']);
    await expect
      .poll(() => page.getByRole('status').allTextContents(), settle)
      .toContain('customer-information-1: Training');
  });

  test('a recipe of one’s own is named by its whole path, and what the node finds wrong is said', async () => {
    const page = await enter(null, { locale: 'es-ES' });
    await page.getByLabel('Receta', { exact: true }).selectOption({ label: 'Una receta propia…' });
    const path = page.getByLabel('Ruta de la receta');
    await path.fill('receta.json');
    await path.press('Enter');
    await page.getByText('Escribe la ruta entera').waitFor();
    expect(await path.getAttribute('aria-invalid')).toBe('true');
    await path.fill('/nowhere/receta.json');
    await path.press('Enter');
    await page.getByText('La receta no se puede leer en el equipo del nodo.').waitFor();
    expect(trainings.list()).toEqual([]);
  });

  test('curves are drawn while it trains, with their numbers behind them', async () => {
    const run = runOf('medical-1');
    trainings.put(run);
    const page = await enter('medical-1');
    await page.getByText('step 150 of 400 · loss 1.42 · 412 tokens/s · 19 min left').waitFor();
    const line = page.locator('.curve-picture .curve-line').first();
    const before = await line.getAttribute('d');
    const loss = page.getByRole('img', {
      name: /^Loss, on what it learns from: .* at step 150\. Loss, on what/,
    });
    await loss.waitFor();
    const later = { ...run, progress: { ...run.progress, step: 200, loss: 1.21 } };
    trainings.put(later, lookOf(later, 200));
    await page.getByRole('img', { name: /^Loss, .* at step 200\./ }).waitFor();
    expect(await line.getAttribute('d')).not.toBe(before);
    await page.getByText('The numbers: Loss').press('Enter');
    const table = page.getByRole('table', { name: 'Loss, on what it does not see' });
    await table.getByRole('rowheader', { name: '200' }).waitFor();
    expect(await table.getByRole('row').count()).toBe(5);
    for (const curve of ['Learning rate', 'Norm of the gradient'])
      await page.getByRole('img', { name: new RegExp(`^${curve}: `) }).waitFor();
    await page.getByRole('table', { name: 'Checkpoints' }).getByText('59 MB').first().waitFor();
  });

  test('one goes on without the page, and the page finds it where it is', async () => {
    trainings.put(runOf('medical-1'));
    const page = await enter('medical-1');
    await page.getByRole('progressbar', { name: 'Progress of medical-1' }).waitFor();
    await page.goto('about:blank');
    trainings.put(done());
    await page.goto(`${scene.gateway.url}/#/training/medical-1`);
    await button(page, 'Try it in the chat: medical-1').waitFor();
    const table = page.getByRole('table', { name: 'Before and after' });
    await expect
      .poll(() => table.textContent(), settle)
      .toMatch(/held-out texts2\.311\.62.*14 of 4031 of 40/s);
    await page.getByText('changed by 0.8%; the recipe allows a rise of 3%').waitFor();
  });

  test('what came of one answers in the chat', async () => {
    trainings.put(done());
    const page = await enter(null);
    await button(page, 'Try it in the chat: medical-1').press('Enter');
    await page.getByRole('button', { name: /^Choose a model.*smollm2-135m:medical-1/ }).waitFor();
  });

  test('one is stopped and goes on; one that failed says why', async () => {
    trainings.put(runOf('medical-1'));
    const fault = { message: 'the base smollm2-135m is not here', details: { code: 'TRAIN_BASE_MISSING' } };
    trainings.put(runOf('medical-2', { state: 'failed', error: fault }));
    const page = await enter(null);
    await page.getByText('Download it on the Models page.').waitFor();
    await button(page, 'Stop: medical-1').click();
    await button(page, 'Go on: medical-1').click();
    await button(page, 'Stop: medical-1').waitFor();
    expect(trainings.asked).toEqual(['stop medical-1', 'resume medical-1']);
    await page.getByRole('link', { name: 'Look at medical-2' }).click();
    await page.getByRole('heading', { level: 1, name: 'medical-2' }).waitFor();
    await page.goto(`${scene.gateway.url}/#/training/none-1`);
    await page.getByText('There is no training of that name.').waitFor();
  });

  test('a result that forgot too much is not offered, and said so', async () => {
    trainings.put({ ...done(), result: null, generalRise: 0.21 });
    const page = await enter('medical-1');
    await page.getByText('the result is not among the models').waitFor();
    expect(await page.getByRole('button', { name: /chat/ }).count()).toBe(0);
  });

  test('without a session there is nothing to see or to begin', async () => {
    trainings.put(runOf('medical-1'));
    visit = await scene.browser.page(`${scene.gateway.url}/#/training`);
    await visit.page.getByText('./filon login').waitFor();
    expect(await visit.page.getByText('medical-1').count()).toBe(0);
  });

  test.each([DESK, PHONE].flatMap((size) => (['light', 'dark'] as const).map((theme) => ({ size, theme }))))(
    'has no fault of access: $size.width, $theme',
    async ({ size, theme }) => {
      const fault = { message: 'no room', details: { code: 'TRAIN_DISK_FULL' } };
      trainings.put(runOf('medical-2', { state: 'failed', error: fault }));
      trainings.put(done());
      trainings.put(runOf('financial-1'));
      const options = { size, theme, locale: theme === 'dark' ? 'es-ES' : 'en-GB' };
      const page = await enter(null, options);
      await page.locator('.start-recipe').waitFor();
      const look = async (name: string): Promise<void> => {
        expect(await violationsOf(page)).toEqual([]);
        expect(
          await page.evaluate(
            'document.querySelector("main").scrollWidth <= document.documentElement.clientWidth',
          ),
        ).toBe(true);
        await visit.picture(`training-${name}-${size.width}-${theme}`);
      };
      await look('list');
      await page.locator('.start-form').scrollIntoViewIfNeeded();
      await page.locator('.start-form summary').click();
      await look('start');
      await page.goto(`${scene.gateway.url}/#/training/financial-1`);
      await page.locator('.curve').first().waitFor();
      await look('run');
      await page.locator('.curve summary').first().click();
      await page.locator('.curve-table').first().scrollIntoViewIfNeeded();
      await look('numbers');
      await page.locator('.plan-facts').scrollIntoViewIfNeeded();
      await look('lineage');
    },
  );
});

test('a small model trains from its recipe to its numbers', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'filon-web-training-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, maxRetries: 5 }));
  const trainer: Parameters<typeof openTestTrainings>[1] = (deps) =>
    createProcessTrainer({ libraryDirectories: [], threads: 1 }, deps);
  const here: TestTrainings = stack.use(await openTestTrainings(folder, trainer));
  const scene = stack.use(await openPanelScene({ trainings: here.trainings }));
  visit = await scene.enter('training');
  const { page, picture } = visit;
  await page.getByLabel('Recipe', { exact: true }).selectOption({ label: 'A recipe of your own…' });
  await page.getByLabel('Path of the recipe').fill(writeSmallRecipe(folder));
  await button(page, 'Measure and quote').click();
  await button(page, 'Start training: small-1').click();
  await page.getByText('small-1: Done').waitFor();
  await page.getByRole('img', { name: /^Loss, on what it learns from: .* at step 24\./ }).waitFor();
  const numbers = await page
    .getByRole('table', { name: 'Before and after' })
    .getByRole('row')
    .allInnerTexts();
  const [before = 0, after = 9] = (numbers.find((row) => row.startsWith('Bits a byte')) ?? '')
    .split(/\s/)
    .map(Number)
    .filter(Number.isFinite);
  expect(after).toBeLessThan(before);
  await page.getByRole('table', { name: 'Checkpoints' }).getByRole('rowheader', { name: '24' }).waitFor();
  await picture('training-real');
});
