/** The Models and Status pages in a real browser, over the real gateway and a scripted engine. */
import { FilonError } from '@filon/core/errors';
import type { CatalogueEntry } from '@filon/core/model/catalogue';
import type { PullOptions } from '@filon/node/ports/models';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { violationsOf } from './kit/axe.ts';
import { DESK, type PageOptions, PHONE, type TestPage } from './kit/browser.ts';
import { storedModel } from './kit/fixed-models.ts';
import { CHAT } from './kit/keyed-gateway.ts';
import { openPanelScene, type PanelScene } from './kit/panel-scene.ts';
import { createGate, type Gate, MODEL } from './kit/scripted-serving.ts';

/** Between two questions of the Status page, and a little. */
const ROUND_MS = 2_100;
const settle = { timeout: 15_000, interval: 20 };
const entry = (name: string, more: Partial<CatalogueEntry> = {}): CatalogueEntry => ({
  ...{ name, title: `The ${name} one`, licence: 'MIT', architecture: 'llama', contextTokens: 4096 },
  ...{ sources: ['file:/ore.gguf'], sha256: 'pinned at the first pull', bytes: 5e8, memoryBytes: 9e8 },
  ...{ tried: true, ...more },
});

let scene: PanelScene;
/** What tokens and downloads wait for. */
let gate: Gate;
/** What loads wait for. */
let loads: Gate | null = null;
let pull: (name: string, options: PullOptions) => Promise<ReturnType<typeof storedModel>>;
beforeAll(async () => {
  scene = await openPanelScene({
    catalogue: [
      entry('small'),
      entry('wide', { bytes: 9e9, architecture: 'qwen3', licence: 'Gemma Terms of Use' }),
      entry('hungry', { memoryBytes: 4e10, tried: false }),
    ],
    diskFreeBytes: 8e9,
    pull: (name, options) => pull(name, options),
    beforeToken: () => gate.pass(),
    beforeLoad: () => loads?.pass(),
  });
});
afterAll(() => scene[Symbol.asyncDispose]());

let visit: TestPage;
afterEach(async () => {
  expect(visit.complaints).toEqual([]);
  await visit.context.close();
  gate?.open();
  loads?.open();
  loads = null;
  scene.stored.clear();
  scene.stored.set(MODEL, storedModel(MODEL));
});

async function enter(page: 'models' | 'status', options?: PageOptions): Promise<Page> {
  gate = createGate();
  visit = await scene.enter(page, options);
  return visit.page;
}

/** A download that stands at two fifths until it is let go or cancelled. */
function heldPull(): Promise<void> {
  const begun = Promise.withResolvers<void>();
  pull = async (_name, { signal, onProgress }) => {
    onProgress?.({ phase: 'downloading', source: 'file:/ore', doneBytes: 2e8, totalBytes: 5e8 });
    begun.resolve();
    const cancelled = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    );
    await Promise.race([gate.pass(), cancelled]);
    return storedModel('small', 'b');
  };
  return begun.promise;
}

const cardOf = (page: Page, title: string) => page.getByRole('listitem', { name: title, exact: true });
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

describe('without a session', () => {
  test('the pages say how to get in, and open when that is done in another tab', async () => {
    gate = createGate();
    visit = await scene.browser.page(`${scene.gateway.url}/#/models`);
    const { page, context, picture } = visit;
    await page.getByText('./filon login').waitFor();
    await picture('panel-login');
    expect(await violationsOf(page)).toEqual([]);
    expect(await page.getByRole('listitem', { name: MODEL }).count()).toBe(0);
    const other = await context.newPage();
    await other.goto(scene.loginLink());
    await other.waitForURL(`${scene.gateway.url}/`);
    await page.bringToFront();
    await cardOf(page, MODEL).waitFor();
    expect(await page.getByText('./filon login').count()).toBe(0);
  });
});

describe('models', () => {
  test('say whether they fit and why not, and are found by what people type', async () => {
    const page = await enter('models');
    await cardOf(page, 'The small one').getByText('Fits on this machine').waitFor();
    await page.getByText('Does not fit: it takes 9 GB, and the disk has 8 GB left').waitFor();
    await page
      .getByText('Does not fit: it needs 40 GB of memory, and the largest device has 17.18 GB')
      .waitFor();
    expect(await button(page, 'Download: The wide one').isDisabled()).toBe(true);
    expect(await button(page, 'Download anyway: The hungry one').isEnabled()).toBe(true);
    const main = page.getByRole('main');
    await main.getByLabel('Search').fill('QWEN gemma');
    expect(await main.locator('.model-card').count()).toBe(1);
    await main.getByLabel('Search').fill('nothing such');
    await button(page, 'Show all of them').click();
    await main.getByLabel('Show').selectOption({ label: 'Those that fit' });
    expect(await main.locator('.model-card').count()).toBe(2);
  });

  test('are downloaded with progress, which a reload does not end', async () => {
    const begun = heldPull();
    const page = await enter('models');
    await button(page, 'Download: The small one').click();
    await begun;
    const progress = page.getByRole('progressbar', { name: 'Download of small' });
    await expect.poll(() => progress.getAttribute('value'), settle).toBe('200000000');
    await visit.picture('panel-pull');
    await page.reload();
    await expect.poll(() => progress.getAttribute('value'), settle).toBe('200000000');
    await page.getByText(/40% · 200 MB of 500 MB/).waitFor();
    gate.open();
    await button(page, 'Load into memory: The small one').waitFor();
    expect(await page.getByRole('status').allTextContents()).toContain('small is downloaded.');
  });

  test('are no longer downloaded when that is cancelled, and said so', async () => {
    const begun = heldPull();
    const page = await enter('models');
    await button(page, 'Download: The small one').click();
    await begun;
    await button(page, 'Cancel: The small one').click();
    await page.getByText('Cancelled. What has come is kept').waitFor();
    await button(page, 'Hide').click();
    expect(await page.getByText('Cancelled. What has come is kept').count()).toBe(0);
    expect(scene.stored.has('small')).toBe(false);
  });

  test('are downloaded by source; what fails says why, in the language of the reader', async () => {
    pull = async () => {
      throw new FilonError({ code: 'MODEL_SOURCE_DEAD' }, 'it answered with status 404');
    };
    const page = await enter('models', { locale: 'es-ES' });
    const source = page.getByLabel('Origen del modelo');
    await source.fill('a model that somebody told me of');
    await source.press('Enter');
    await page.getByText('Escribe un origen que empiece por hf:').waitFor();
    expect(await source.getAttribute('aria-invalid')).toBe('true');
    await source.fill('hf:somebody/ore/ore.gguf');
    await source.press('Enter');
    await page.getByText('En ese origen no se encontró el modelo.').waitFor();
    await page.getByText('it answered with status 404').waitFor();
    expect(await source.inputValue()).toBe('');
    await visit.picture('panel-failed');
  });
});

describe('by keyboard', () => {
  test('a model is loaded, the focus stays with it, and one that answers is not removed', async () => {
    loads = createGate();
    const page = await enter('models');
    await button(page, `Load into memory: ${MODEL}`).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('progressbar', { name: `Loading of ${MODEL}` }).waitFor();
    const focused = (): Promise<string> => page.evaluate('document.activeElement.closest("li").innerText');
    expect(await focused()).toContain(MODEL);
    loads.open();
    await cardOf(page, MODEL).getByText('In memory').waitFor();
    expect(await focused()).toContain(MODEL);

    const body = JSON.stringify(CHAT);
    const headers = { 'content-type': 'application/json' };
    const asked = fetch(`${scene.gateway.url}/v1/chat/completions`, { method: 'POST', headers, body });
    await gate.crowd(1);
    await button(page, `Remove: ${MODEL}`).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: `Remove ${MODEL}?` });
    await dialog.getByRole('button', { name: 'Remove' }).focus();
    await page.keyboard.press('Enter');
    await dialog.getByText('The model is answering right now.').waitFor();
    await visit.picture('panel-remove');
    expect(await violationsOf(page)).toEqual([]);
    gate.open();
    await asked;
    await page.keyboard.press('Enter');
    await page.getByText('There is no model yet.').waitFor();
    expect(scene.stored.size).toBe(0);
    expect(await dialog.count()).toBe(0);
  });

  test('Escape removes nothing, and the focus goes back', async () => {
    const page = await enter('models');
    await button(page, `Remove: ${MODEL}`).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await expect
      .poll(() => page.evaluate('document.activeElement.getAttribute("aria-label")'), settle)
      .toBe(`Remove: ${MODEL}`);
    expect(scene.stored.has(MODEL)).toBe(true);
  });
});

describe('status', () => {
  const statusCalls = (page: Page): { count: () => number } => {
    let calls = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/filon/v1/status')) calls += 1;
    });
    return { count: () => calls };
  };
  const setHidden = (page: Page, isHidden: boolean): Promise<void> =>
    page.evaluate(
      `Object.defineProperty(document, 'visibilityState', { configurable: true, value: '${
        isHidden ? 'hidden' : 'visible'
      }' }); document.dispatchEvent(new Event('visibilitychange'));`,
    );

  test('shows devices, who is answered and how fast', async () => {
    const page = await enter('status');
    const devices = page.getByRole('table', { name: 'Devices' });
    await devices.getByRole('rowheader', { name: /Scripted device/ }).waitFor();
    expect(await devices.getByRole('meter').getAttribute('value')).toBe(String(2 ** 33));
    const body = JSON.stringify(CHAT);
    const headers = { 'content-type': 'application/json' };
    const asked = fetch(`${scene.gateway.url}/v1/chat/completions`, { method: 'POST', headers, body });
    await page.getByRole('table', { name: 'Work' }).getByRole('rowheader', { name: MODEL }).waitFor();
    gate.open();
    await asked;
    await expect.poll(() => page.locator('.speed-line').getAttribute('d'), settle).toMatch(/^M.*L.*$/);
    await expect
      .poll(() => page.getByRole('img').getAttribute('aria-label'), settle)
      .not.toMatch(/at most 0\./);
  });

  test('lists answers that go on by themselves, and stops the one that is wished', async () => {
    const page = await enter('status');
    const answers = page.getByRole('table', { name: 'Answers that go on by themselves' });
    await page.getByText('None. Those that go on').waitFor();
    const body = JSON.stringify({ model: MODEL, input: 'ore', background: true });
    const headers = { 'content-type': 'application/json' };
    await fetch(`${scene.gateway.url}/v1/responses`, { method: 'POST', headers, body });
    await answers.getByText('nobody is reading it').waitFor();
    await visit.picture('panel-answers');
    expect(await violationsOf(page)).toEqual([]);
    await page
      .getByRole('button', { name: new RegExp(`^Stop the answer of ${MODEL}, begun`) })
      .press('Enter');
    await expect.poll(() => answers.count(), settle).toBe(0);
    expect(await page.getByRole('status').allTextContents()).toContain(`The answer of ${MODEL} is stopped.`);
    expect(await page.evaluate('document.activeElement.id')).toBe('answers-title');
    await expect.poll(() => scene.serving.stats().active, settle).toBe(0);
  });

  test('asks nothing while it is hidden', async () => {
    const page = await enter('status');
    await page.clock.install();
    await page.reload();
    const calls = statusCalls(page);
    await page.getByRole('table', { name: 'Devices' }).waitFor();
    await page.clock.runFor(ROUND_MS);
    await expect.poll(calls.count, settle).toBe(2);
    await setHidden(page, true);
    await page.clock.runFor(20 * ROUND_MS);
    expect(calls.count()).toBe(2);
    await setHidden(page, false);
    await expect.poll(calls.count, settle).toBe(3);
  });

  test('says since when the node is away, and goes on when it is back', async () => {
    const page = await enter('status');
    await page.getByRole('table', { name: 'Devices' }).waitFor();
    await visit.context.setOffline(true);
    await page.getByText(/The node does not answer\. What you see is from/).waitFor();
    await visit.picture('panel-away');
    await visit.context.setOffline(false);
    await expect.poll(() => page.getByText('The node does not answer.').count(), settle).toBe(0);
  });
});

describe.each([
  ['phone', PHONE],
  ['desk', DESK],
])('on a %s', (place, size) => {
  test.each([
    ['light', 'es-ES'],
    ['dark', 'en-GB'],
  ] as const)('in the %s theme, nothing is wrong with either page', async (theme, locale) => {
    for (const name of ['models', 'status'] as const) {
      if (name === 'status') await visit.context.close();
      const page = await enter(name, { size, theme, locale });
      await page
        .locator(name === 'models' ? '.model-card' : '.panel-table')
        .first()
        .waitFor();
      expect(await violationsOf(page)).toEqual([]);
      expect(
        await page.evaluate(
          'document.querySelector("main").scrollWidth <= document.documentElement.clientWidth',
        ),
      ).toBe(true);
      await visit.picture(`panel-${name}-${place}-${theme}`);
    }
  });
});
