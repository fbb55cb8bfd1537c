/** The Network page and the chat before a node of a real swarm, whose model is on rigs elsewhere. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DESK, openTestBrowser, PHONE, type TestBrowser } from './kit/browser.ts';
import { builtPage } from './kit/built-page.ts';
import { addChaosNodes, type ChaosNodes } from './kit/chaos.ts';
import { visitOf } from './kit/chat-scene.ts';
import { enterPage } from './kit/panel-scene.ts';
import {
  never,
  openRealSwarm,
  type RealSwarm,
  SWARM_MODEL,
  type SwarmNode,
  until,
} from './kit/real-swarm.ts';

/** One way, to the second rig. */
const FAR_MS = 30;
const ANSWER_TOKENS = 380;
const settle = { timeout: 30_000, interval: 20 };

let swarm: RealSwarm;
let nodes: ChaosNodes;
let browser: TestBrowser;
beforeAll(async () => {
  await builtPage();
  swarm = await openRealSwarm();
  nodes = await addChaosNodes(swarm, 2);
  browser = await openTestBrowser();
  const question = { model: SWARM_MODEL, tier: null, promptTokens: 10, answerTokens: 10 };
  await until('both rigs are ready', async () => {
    const { places } = await nodes.gateway.control.route(question, never).catch(() => ({ places: [] }));
    return places.length === 2;
  });
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await swarm?.[Symbol.asyncDispose]();
});

async function nameOf(node: SwarmNode): Promise<string> {
  return (await node.status()).swarm?.self.name ?? '';
}

async function computing(): Promise<SwarmNode | null> {
  for (const rig of nodes.rigs) {
    const { engine } = await rig.status();
    if (engine.sessions.some(({ count }) => count > 0)) return rig;
  }
  return null;
}

/** Each question has the rigs asked how busy they are. */
async function askAgainAndAgain(signal: AbortSignal): Promise<void> {
  const messages = [{ role: 'user', content: 'Dig.' }];
  while (!signal.aborted) {
    const answer = fetch(`${nodes.gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: SWARM_MODEL, messages, max_tokens: 200, ignore_eos: true }),
      signal,
    });
    await answer.then((one) => one.arrayBuffer()).catch(() => undefined);
  }
}

test('the graph shows the rigs with their model, speed and load, how far they are and how they are reached', async () => {
  const { gateway, rigs } = nodes;
  const [near, far] = await Promise.all(rigs.map(nameOf));
  const [, second] = rigs;
  if (second !== undefined) swarm.line(gateway, second).shape({ delayMs: FAR_MS });
  const { url: link } = await gateway.control.login({}, never);
  const visit = await enterPage(browser, { link, url: gateway.url, page: 'network' }, { size: DESK });
  const { page } = visit;
  const rows = page.getByRole('table', { name: 'Nodes' }).getByRole('row');
  for (const name of [near, far]) {
    const row = rows.filter({ hasText: name ?? '' });
    await row.getByText(SWARM_MODEL).waitFor();
    // Told with the next announcement, which may be most of a minute away.
    await row.getByText(/\d tok\/s/).waitFor({ timeout: 60_000 });
    await row.getByText('direct').waitFor();
  }
  const roundTripMs = async (): Promise<number> => {
    const words = await rows.filter({ hasText: far ?? '' }).textContent();
    return Number(/([\d.]+) ms/.exec(words ?? '')?.[1] ?? 0);
  };
  await expect.poll(roundTripMs, settle).toBeGreaterThanOrEqual(2 * FAR_MS - 1);
  expect(await page.locator('.swarm-picture .swarm-node').count()).toBe(3);
  expect(await page.locator('.swarm-picture').textContent()).toContain(SWARM_MODEL);
  await visit.picture('swarm-node-network-desk');

  const leave = new AbortController();
  const busy = Array.from({ length: 3 }, () => askAgainAndAgain(leave.signal));
  const rig = await until('a rig computes', computing);
  await page.locator(`.swarm-hit[title="${await nameOf(rig)}"]`).click();
  await page
    .locator('#node-details')
    .getByText(/[1-4] of 4 sessions/)
    .waitFor();
  leave.abort();
  await Promise.all(busy);

  await page.setViewportSize(PHONE);
  await page.locator('.swarm-picture').scrollIntoViewIfNeeded();
  await visit.picture('swarm-node-network-phone');
  expect(visit.complaints).toEqual([]);
  await visit.context.close();
}, 120_000);

test('the chat tells quietly that another node went on, when the one that answered was killed', async () => {
  const visit = visitOf(await browser.page(nodes.gateway.url, { size: PHONE }));
  const { page } = visit;
  await page.getByRole('button', { name: 'Settings of the conversation' }).click();
  // Random weights that always say the likeliest go in circles, and do not end by themselves.
  await page.getByRole('spinbutton', { name: 'Temperature' }).fill('0');
  await page.getByRole('spinbutton', { name: 'Tokens at most' }).fill(String(ANSWER_TOKENS));
  await page.keyboard.press('Escape');
  await visit.ask('Tell of the old shaft.');
  await expect.poll(async () => (await visit.lastAnswer()).length, settle).toBeGreaterThan(20);
  const shown = await visit.lastAnswer();
  const rig = await until('a rig computes', computing);
  const [name, other] = await Promise.all([rig, ...nodes.rigs.filter((one) => one !== rig)].map(nameOf));
  await rig.kill();
  await visit.answered();
  expect((await visit.lastAnswer()).startsWith(shown)).toBe(true);
  const served = page.locator('.answer').last().locator('.served');
  await served.getByText(`Answered by ${name}`).waitFor();
  const mark = served.getByText('continued by another node');
  await mark.waitFor();
  expect(await served.locator('.served-mark').getAttribute('title')).toContain(other);
  await visit.picture('swarm-node-chat-phone');
  await page.setViewportSize(DESK);
  await visit.picture('swarm-node-chat-desk');
  await visit.context.close();
});
