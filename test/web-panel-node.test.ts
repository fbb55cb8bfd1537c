/** The Models and Status pages before a node as people run it: a model comes, is loaded, answers, and goes. */
import { truncateSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestBrowser, type TestBrowser } from './kit/browser.ts';
import { builtPage } from './kit/built-page.ts';
import { enterPage } from './kit/panel-scene.ts';
import { openRealNode, type RealNode } from './kit/real-node.ts';
import { STARTER } from './kit/starter-model.ts';

/** Zeros behind the model, which nobody reads: so that copying it takes long enough to be seen. */
const FILE_BYTES = 400_000_000;
const settle = { timeout: 60_000, interval: 50 };

let node: RealNode;
let browser: TestBrowser;
beforeAll(async () => {
  await builtPage();
  node = await openRealNode({ model: 'starter' });
  truncateSync(node.home.tinySource.slice('file:'.length), FILE_BYTES);
  browser = await openTestBrowser();
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await node?.[Symbol.asyncDispose]();
});

test('a second model is pulled from a file, loaded, asked and removed', async () => {
  const { url: link } = await node.control.login({}, { signal: AbortSignal.timeout(10_000) });
  const { page, complaints, picture } = await enterPage(browser, { link, url: node.url, page: 'models' });
  await page.getByText('1 on this node, 1 in memory.').waitFor();
  await page.getByLabel('Source of the model').fill(node.home.tinySource);
  await page.getByLabel('Source of the model').press('Enter');
  const progress = page.getByRole('progressbar', { name: `Download of ${node.home.tinySource}` });
  await expect.poll(async () => Number(await progress.getAttribute('value')), settle).toBeGreaterThan(0);
  expect(await progress.getAttribute('max')).toBe(String(FILE_BYTES));
  await picture('panel-node-pull');

  const load = page.getByRole('button', { name: 'Load into memory: tiny' });
  await load.waitFor({ timeout: settle.timeout });
  await page.getByText('2 on this node, 1 in memory.').waitFor();
  await load.click();
  await page.getByRole('button', { name: 'Take out of memory: tiny' }).waitFor({ timeout: settle.timeout });
  await picture('panel-node-models');

  const messages = [{ role: 'user', content: 'Name three metals.' }];
  const body = { model: STARTER, messages, max_tokens: 200, ignore_eos: true };
  const answered = node.post('/v1/chat/completions', body);
  await page.goto(`${node.url}/#/status`);
  await page.getByText('The node can answer.').waitFor();
  const work = page.getByRole('table', { name: 'Work' });
  await work.getByRole('rowheader', { name: STARTER }).waitFor({ timeout: settle.timeout });
  await expect.poll(() => page.getByRole('img').getAttribute('aria-label'), settle).toMatch(/at most [1-9]/);
  await picture('panel-node-status');
  expect((await answered).status).toBe(200);

  await page.goto(`${node.url}/#/models`);
  await page.getByRole('button', { name: 'Remove: tiny' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('1 on this node, 1 in memory.').waitFor();
  expect((await node.status()).engine.loaded).toHaveLength(1);
  expect(complaints).toEqual([]);
});
