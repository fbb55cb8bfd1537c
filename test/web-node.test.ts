/** The chat before a node as people run it, with a real model: its own process, its own workers, and a browser. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestBrowser, type TestBrowser } from './kit/browser.ts';
import { builtPage } from './kit/built-page.ts';
import { visitOf } from './kit/chat-scene.ts';
import { openRealNode, type RealNode } from './kit/real-node.ts';

const settle = { timeout: 30_000, interval: 20 };
const LONG = 'Tell a long story about a miner who finds silver.';

let node: RealNode;
let browser: TestBrowser;
beforeAll(async () => {
  await builtPage();
  node = await openRealNode({ model: 'starter' });
  browser = await openTestBrowser();
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await node?.[Symbol.asyncDispose]();
});

test('an answer that is stopped in its middle computes no token any more', async () => {
  const visit = visitOf(await browser.page(node.url));
  await visit.ask(LONG);
  await expect.poll(async () => (await visit.lastAnswer()).length, settle).toBeGreaterThan(40);
  await visit.page.getByRole('button', { name: 'Stop' }).click();
  await visit.page.getByText('Stopped by you.').waitFor();
  const { engine } = await node.status();
  expect(engine.sessions.reduce((sum, { count }) => sum + count, 0)).toBe(0);
  const computed = await node.metric('filon_generated_tokens_total');
  // A whole other answer, so that there was time to go on.
  await node.post('/v1/completions', {
    model: engineModel(engine),
    prompt: 'ore',
    max_tokens: 8,
    ignore_eos: true,
  });
  expect(await node.metric('filon_generated_tokens_total')).toBe(computed + 8);
  await visit.context.close();
});

test('an answer goes on through a reload and the death of its worker, with nothing lost or repeated', async () => {
  const visit = visitOf(await browser.page(node.url));
  const { page } = visit;
  await page.getByRole('button', { name: 'Settings of the conversation' }).click();
  await page.getByRole('spinbutton', { name: 'Temperature' }).fill('0');
  await page.getByRole('spinbutton', { name: 'Tokens at most' }).fill('160');
  await page.keyboard.press('Escape');
  await visit.ask(LONG);
  await visit.answered();
  const undisturbed = await visit.lastAnswer();
  await page.getByRole('button', { name: 'Answer again' }).click();
  await expect.poll(async () => (await visit.lastAnswer()).length, settle).toBeLessThan(undisturbed.length);
  await expect.poll(async () => (await visit.lastAnswer()).length, settle).toBeGreaterThan(20);
  const shown = await visit.lastAnswer();
  await page.reload();
  process.kill(await node.workerPid(), 'SIGKILL');
  await visit.answered();
  // What fast mode promises: what was shown stands, and the tokens after it are drawn anew, each once. The kernels of some
  // processors round the rest otherwise than in one piece, so its words may be others.
  const whole = await visit.lastAnswer();
  expect(whole.startsWith(shown)).toBe(true);
  expect(whole.length).toBeGreaterThan(shown.length);
  expect(await page.locator('.answer').last().locator('.figures').textContent()).toContain('160 tokens');
  expect(await node.metric('filon_worker_deaths_total')).toBe(1);
  expect(await page.locator('.answer .branches').textContent()).toContain('2/2');
  await visit.context.close();
});

function engineModel({ loaded }: { loaded: readonly { model: string }[] }): string {
  return loaded[0]?.model ?? '';
}
