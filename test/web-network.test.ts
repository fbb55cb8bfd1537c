/** The swarm in a real browser: the Network page, and in the chat who may answer and who did. */
import {
  busySwarm,
  keyOf,
  peerOf,
  selfOf,
  servedByOf,
  servedOf,
  swarmOf,
} from '@filon/core/panel/network.fixture';
import type { ServedBy } from '@filon/core/serving/completion';
import { keyName } from '@filon/core/swarm/key-name';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { violationsOf } from './kit/axe.ts';
import { DESK, type PageOptions, PHONE, type TestPage } from './kit/browser.ts';
import { type ChatScene, openChatScene, type Visit } from './kit/chat-scene.ts';
import { storedModel } from './kit/fixed-models.ts';
import { CHAT } from './kit/keyed-gateway.ts';
import { openPanelScene, type PanelScene } from './kit/panel-scene.ts';
import { createScriptedNetwork } from './kit/scripted-network.ts';
import { MODEL } from './kit/scripted-serving.ts';

const settle = { timeout: 15_000, interval: 20 };
const named = (word: string): string => keyName(keyOf(word));
const self = selfOf({ devices: ['Intel N100'], addresses: ['/ip4/192.0.2.7/udp/4142/quic-v1'] });
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name });

describe('the page', () => {
  const network = createScriptedNetwork({ self });
  let servers: readonly ServedBy[] = [];
  let scene: PanelScene;
  beforeAll(async () => {
    scene = await openPanelScene({ network, servers: () => servers });
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  let visit: TestPage;
  afterEach(async () => {
    expect(visit.complaints).toEqual([]);
    await visit.context.close();
  });

  async function enter(options?: PageOptions): Promise<Page> {
    visit = await scene.enter('network', options);
    return visit.page;
  }

  async function askedOf(...by: ServedBy[]): Promise<void> {
    servers = by;
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(CHAT);
    const asked = await fetch(`${scene.gateway.url}/v1/chat/completions`, { method: 'POST', headers, body });
    expect(asked.status).toBe(200);
    await asked.arrayBuffer();
  }

  test('teaches how to make a swarm and how to come into one, where there is none', async () => {
    network.now({ swarm: null });
    const page = await enter({ locale: 'es-ES' });
    await page.getByText('./filon swarm create NOMBRE').waitFor();
    await button(page, 'Copiar la orden: ./filon up --join INVITACIÓN').click();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('./filon up --join INVITACIÓN');
    await visit.picture('network-empty');
    expect(await violationsOf(page)).toEqual([]);
    network.now({ swarm: swarmOf() });
    await page.getByText('Nadie más ha entrado todavía').waitFor();
  });

  test('shows nodes as they come and go, and each one’s own figures by pointer and by keyboard', async () => {
    network.now({ peers: [peerOf('first', { models: [servedOf('ore-1b', { tokensPerSecond: 12 })] })] });
    const page = await enter();
    const rows = page.getByRole('table', { name: 'Nodes' }).getByRole('row');
    await rows
      .filter({ hasText: named('first') })
      .getByText('12 tok/s')
      .waitFor();
    network.now({ peers: busySwarm() });
    await expect.poll(() => rows.count(), settle).toBe(10);
    const details = page.locator('#node-details');
    await page.locator(`.swarm-hit[title="${named('friend-a')}"]`).click();
    await details.getByText('4 of 4 sessions · 3 queued · 0.05 / 0.20 per million tokens').waitFor();
    await button(page, `Show ${named('asleep')}`).focus();
    await page.keyboard.press('Enter');
    await details.getByText('not connected').waitFor();
    expect(await button(page, `Show ${named('asleep')}`).getAttribute('aria-pressed')).toBe('true');
    network.now({ peers: busySwarm().slice(0, 2) });
    await details.getByText('That node is no longer there.').waitFor();
  });

  test('draws the way that an answer took, and which node went on with it', async () => {
    network.now({ peers: busySwarm() });
    await askedOf();
    await askedOf(servedByOf('friend-b', { tier: 'trusted' }), servedByOf('garage', { tier: 'own' }));
    const page = await enter();
    const newest = page.locator('.way').first();
    await newest.getByText('continued by another node').waitFor();
    expect(await newest.textContent()).toMatch(new RegExp(`${named('friend-b')}[^]*${named('garage')}`));
    expect(await page.locator('.swarm-picture .swarm-way > path').count()).toBe(2);
    await page.locator('.way').nth(1).click();
    expect(await page.locator('.swarm-picture .swarm-way > path').count()).toBe(0);
    expect(await page.locator('.swarm-way-here').count()).toBe(1);
  });

  test('of very many nodes draws those that matter most, without words', async () => {
    const far = Array.from({ length: 300 }, (_, index) =>
      peerOf(`far ${index}`, { models: [servedOf('ore-1b', { tokensPerSecond: (index * 7) % 90 })] }),
    );
    network.now({ peers: [...busySwarm(), ...far] });
    const page = await enter({ size: PHONE });
    await page.getByText('52 more nodes are not drawn.').waitFor();
    expect(await page.locator('.swarm-picture .swarm-node').count()).toBe(257);
    await page.locator('.swarm-picture').scrollIntoViewIfNeeded();
    await visit.picture('network-crowd');
  });

  test('says what keeps others out', async () => {
    network.now({ swarm: swarmOf({ hasReachable: false }), self: selfOf({ reach: 'none' }) });
    const page = await enter();
    await page.getByRole('alert').getByText('No member of the swarm is known to be reachable').waitFor();
    network.now({ swarm: swarmOf({ isMember: false }) });
    await page.getByText('This node’s membership has expired').waitFor();
    network.now({ swarm: swarmOf(), self });
  });

  test.each([DESK, PHONE].flatMap((size) => (['light', 'dark'] as const).map((theme) => ({ size, theme }))))(
    'has no fault of access: $size.width, $theme',
    async ({ size, theme }) => {
      network.now({ peers: busySwarm() });
      await askedOf(servedByOf('friend-b', { tier: 'trusted' }), servedByOf('garage', { tier: 'own' }));
      const page = await enter({ size, theme, locale: theme === 'dark' ? 'es-ES' : 'en-GB' });
      await page.locator('.swarm-picture .swarm-way').waitFor();
      await page.locator(`.swarm-hit[title="${named('garage')}"]`).click();
      await visit.picture(`network-${size.width}-${theme}`);
      expect(await violationsOf(page)).toEqual([]);
      expect(
        await page.evaluate(
          'document.querySelector("main").scrollWidth <= document.documentElement.clientWidth',
        ),
      ).toBe(true);
      await page.locator('.ways').scrollIntoViewIfNeeded();
      await page.locator('.node-table').scrollIntoViewIfNeeded();
      await visit.picture(`network-more-${size.width}-${theme}`);
    },
  );
});

describe('the chat', () => {
  let servers: readonly ServedBy[] = [];
  let scene: ChatScene;
  /** Headers of the questions of this visit. */
  let tiers: (string | undefined)[] = [];
  beforeAll(async () => {
    scene = await openChatScene({
      network: createScriptedNetwork({ self, peers: [...busySwarm(), priced()] }),
      servers: () => servers,
      stored: [storedModel(MODEL)],
    });
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  const priced = () =>
    peerOf('priced', {
      tier: 'trusted',
      models: [servedOf(MODEL, { tokensPerSecond: 88, price: { promptPico: 50_000, answerPico: 200_000 } })],
    });

  async function open(options?: PageOptions): Promise<Visit> {
    tiers = [];
    const visit = await scene.open(options);
    visit.page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/v1/responses'))
        tiers.push(request.headers()['filon-tier']);
    });
    return visit;
  }

  async function allowTrusted(page: Page): Promise<void> {
    await button(page, /^Who may answer/).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: /Trusted/ }).check();
    await button(page, 'Mine and trusted ones').click();
    await dialog.getByText('Somebody else will be able to read this').waitFor();
    await button(page, 'Let trusted machines answer').click();
    expect(await dialog.count()).toBe(0);
  }

  test('asks once before others may read, and then of whom was chosen', async () => {
    servers = [];
    const visit = await open();
    const { page } = visit;
    await visit.ask('Is this mine alone?');
    await visit.answered();
    await button(page, /^Who may answer: Mine free/).click();
    const dialog = page.getByRole('dialog');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await button(page, 'Any of the swarm').click();
    await dialog.getByText('That is true of everything that was already said').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await button(page, 'Cancel').click();
    expect(await page.evaluate('document.activeElement.name')).toBe('tier');
    await page.keyboard.press('Escape');
    await visit.ask('And this?');
    await visit.answered();
    await allowTrusted(page);
    await button(page, /^Who may answer: Trusted ≤ 0\.0001/).waitFor();
    await visit.ask('And now?');
    await visit.answered();
    expect(tiers).toEqual(['own', 'own', 'trusted']);
    await page.reload();
    await button(page, /^Who may answer: Trusted/).click();
    await dialog.getByRole('radio', { name: /Mine/ }).check();
    await button(page, 'Only mine').click();
    await button(page, /^Who may answer: Mine/).click();
    await dialog.getByRole('radio', { name: /Trusted/ }).check();
    await button(page, 'Mine and trusted ones').click();
    await button(page, /^Who may answer: Trusted/).waitFor();
    await button(page, 'Settings of the conversation').click();
    await button(page, 'Take it back: only mine').click();
    await page.keyboard.press('Escape');
    await button(page, /^Who may answer: Mine/).waitFor();
    await visit.context.close();
  });

  test('tells under an answer who gave it, and quietly that another went on', async () => {
    const price = { promptPico: 50_000, answerPico: 200_000 };
    servers = [servedByOf('friend-b', { tier: 'trusted', price }), servedByOf('garage', { tier: 'own' })];
    const visit = await open();
    await allowTrusted(visit.page);
    await visit.ask('Who are you?');
    await visit.answered();
    const served = visit.page.locator('.answer .served');
    const words = `Answered by ${named('friend-b')} · trusted · 0.05 / 0.20 per million tokens`;
    await served.getByText(words).waitFor();
    await served.getByText('continued by another node').waitFor();
    await visit.page.reload();
    await served.getByText('continued by another node').waitFor();
    expect(await visit.lastAnswer()).toBe('A vein of ore.');
    await visit.context.close();
  });

  test('offers the models of others, and says where they may not answer', async () => {
    const { page, context } = await open();
    await button(page, /^Choose a model/).click();
    await page.getByRole('radio', { name: /llama-3\.1-8b/ }).check();
    await page.keyboard.press('Escape');
    await page.getByText('This model is only on machines that may not answer').waitFor();
    await button(page, 'Choose who may answer').click();
    await page.getByRole('radio', { name: /Anyone/ }).check();
    await button(page, 'Any of the swarm').click();
    await button(page, 'Let any machine answer').click();
    expect(await page.getByText('This model is only on machines').count()).toBe(0);
    await context.close();
  });

  test.each([DESK, PHONE].flatMap((size) => (['light', 'dark'] as const).map((theme) => ({ size, theme }))))(
    'has no fault of access: $size.width, $theme',
    async ({ size, theme }) => {
      servers = [servedByOf('friend-b', { tier: 'trusted' }), servedByOf('garage', { tier: 'own' })];
      const visit = await open({ size, theme });
      await allowTrusted(visit.page);
      await visit.ask('Who are you?');
      await visit.answered();
      await visit.picture(`tier-answer-${size.width}-${theme}`);
      expect(await violationsOf(visit.page)).toEqual([]);
      await button(visit.page, /^Who may answer/).click();
      await visit.page.getByRole('radio', { name: /Anyone/ }).check();
      await visit.picture(`tier-dialog-${size.width}-${theme}`);
      expect(await violationsOf(visit.page)).toEqual([]);
      await button(visit.page, 'Any of the swarm').click();
      await visit.picture(`tier-consent-${size.width}-${theme}`);
      expect(await violationsOf(visit.page)).toEqual([]);
      await visit.context.close();
    },
  );
});
