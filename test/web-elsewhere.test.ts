/** The page's own node dies in mid-answer, and another gateway goes on, in a real browser and over two real gateways. */
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violationsOf } from './kit/axe.ts';
import { type ChatScene, openChatScene } from './kit/chat-scene.ts';
import { storedModel } from './kit/fixed-models.ts';
import { openScriptedGateway, type ScriptedGateway } from './kit/scripted-gateway.ts';
import { MODEL } from './kit/scripted-serving.ts';

const LONG = 'The miner finds a deep vein of silver. '.repeat(20).trim();
const HELD_TOKENS = 60;
const settle = { timeout: 20_000, interval: 20 };

let scene: ChatScene;
let other: ScriptedGateway;
beforeAll(async () => {
  const port = await freePort();
  other = await openScriptedGateway({
    ...{ origins: [`http://127.0.0.1:${port}`], stored: [storedModel(MODEL)], answer: () => LONG },
    config: { contextTokens: 8_192 },
  });
  scene = await openChatScene({ port, gateways: [other.gateway.url] });
  scene.answerWith(LONG);
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new TypeError('no port was given');
  return address.port;
}

test.each([
  ['en', 'Settings of the conversation', 'continued by another node'],
  ['es', 'Ajustes de la conversación', 'la siguió otro nodo'],
])('an answer goes on at a gateway that was named: %s', async (language, settings, mark) => {
  scene.allow(HELD_TOKENS);
  const visit = await scene.open({ locale: language });
  const { page } = visit;
  await page.getByRole('button', { name: settings }).click();
  await page.getByLabel(other.gateway.url).fill('any key');
  expect(await violationsOf(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await visit.ask('What is ore?');
  await expect.poll(() => visit.lastAnswer(), settle).toContain('miner');
  const before = await visit.lastAnswer();
  await scene.restartNode(async () => {
    await page.getByText(mark).waitFor({ timeout: 30_000 });
  });
  const { complaints } = visit;
  expect(await visit.lastAnswer()).toBe(LONG);
  expect(LONG.startsWith(before)).toBe(true);
  expect(complaints).toEqual([]);
  expect(await violationsOf(page)).toEqual([]);
  await visit.picture(`elsewhere-${language}`);
  await expect.poll(() => other.store.list('answers').length, settle).toBe(0);
  await visit.context.close();
});
