/** How the page looks, for people to see (`.filon/pictures`) and for axe to judge. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DESK, PHONE } from './kit/browser.ts';
import { type ChatScene, openChatScene } from './kit/chat-scene.ts';
import { storedModel } from './kit/fixed-models.ts';
import { SAMPLE_ANSWER } from './kit/sample-answer.ts';

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

let scene: ChatScene;
beforeAll(async () => {
  scene = await openChatScene({
    stored: [storedModel('ore-1b'), { ...storedModel('tin-2b', 'b'), bytes: 5_030_000_000 }],
    answer: () => SAMPLE_ANSWER,
  });
});
afterAll(() => scene[Symbol.asyncDispose]());

async function violations(page: Page): Promise<string[]> {
  // Playwright's evaluation is not held back by the page's security policy.
  await page.evaluate(AXE);
  const found = await page.evaluate(`axe.run({ runOnly: ${JSON.stringify(RULES)} })`);
  const { violations: all } = found as {
    violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
  };
  return all.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
}

const looks = [DESK, PHONE].flatMap((size) =>
  (['light', 'dark'] as const).map((theme) => ({ size, theme, name: `${theme}-${size.width}` })),
);

test.each(looks)('$name has no fault of access', async ({ size, theme, name }) => {
  const visit = await scene.open({ size, theme, locale: theme === 'dark' ? 'es-ES' : 'en-GB' });
  const { page, picture } = visit;
  const look = async (what: string): Promise<void> => {
    await picture(`${what}-${name}`);
    expect(await violations(page), what).toEqual([]);
  };
  await look('empty');
  await visit.ask('Which kinds of bicycle are there? Show a table, some code and a formula.');
  await visit.answered();
  await page.locator('.katex').first().waitFor();
  await look('answer-end');
  await page.locator('.chat-scroll').evaluate((element) => element.scrollTo(0, 0));
  await page.locator('.to-end').waitFor();
  await look('answer');
  for (const [what, label] of [
    ['model', /^(Choose a model|Elegir modelo)/],
    ['settings', /^(Settings|Ajustes)/],
  ] as const) {
    await page.getByRole('button', { name: label }).click();
    await page.getByRole('dialog').waitFor();
    await look(what);
    const boxes = page.locator('.field-grid input');
    const heights = await boxes.evaluateAll((all) => all.map((one) => one.clientHeight));
    expect(new Set(heights).size).toBe(Math.min(heights.length, 1));
    await page.keyboard.press('Escape');
  }
  await page.locator('.edit-question').click();
  await look('edit');
  if (size === PHONE) await page.locator('.drawer-opener').click();
  await page.getByRole('button', { name: /^(Export and|Exportar e)/ }).waitFor();
  await look('side');
  await page.getByRole('button', { name: /^(Options|Opciones)/ }).click();
  await look('conversation');
  await visit.context.close();
});
