/** The chat in a real browser, over the real gateway and a scripted engine. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PHONE } from './kit/browser.ts';
import { type ChatScene, openChatScene } from './kit/chat-scene.ts';

const LONG = 'The miner finds a deep vein of silver. '.repeat(20).trim();
const HELD_TOKENS = 60;

let scene: ChatScene;
beforeAll(async () => {
  scene = await openChatScene();
});
afterAll(() => scene[Symbol.asyncDispose]());
beforeEach(() => {
  scene.allow(Number.POSITIVE_INFINITY);
  scene.answerWith(LONG);
});

const PLAIN_DIALECT = {
  toolFormat: 'json',
  rendersTools: false,
  reasoning: null,
  thinkingSwitch: false,
  systemRole: true,
} as const;
const settle = { timeout: 15_000, interval: 20 };

describe('an answer', () => {
  test('comes, with its figures, and is kept in the browser alone', async () => {
    const visit = await scene.open();
    await visit.ask('What is ore?');
    await visit.answered();
    expect(await visit.lastAnswer()).toBe(LONG);
    expect(await visit.page.locator('.figures').textContent()).toMatch(
      /tok\/s.* s to the first word\d+ tokens/,
    );
    await expect.poll(() => scene.kept(), settle).toBe(0);
    await visit.page.reload();
    await visit.answered();
    expect(await visit.lastAnswer()).toBe(LONG);
    await visit.context.close();
  });

  test('stops when asked, and then no token is computed any more', async () => {
    scene.allow(HELD_TOKENS);
    const visit = await scene.open();
    await visit.ask('What is ore?');
    await expect.poll(() => visit.lastAnswer(), settle).toContain('miner');
    await visit.page.getByRole('button', { name: 'Stop' }).click();
    await visit.page.getByText('Stopped by you.').waitFor();
    expect(scene.slots()).toBe(0);
    const computed = scene.computed();
    scene.allow(Number.POSITIVE_INFINITY);
    const other = await scene.open();
    scene.answerWith('So.');
    await other.ask('Something else');
    await other.answered();
    // Three characters, and the end.
    expect(scene.computed() - computed).toBe(4);
    await visit.context.close();
    await other.context.close();
  });

  test('goes on after a reload in its middle, and says nothing twice', async () => {
    scene.allow(HELD_TOKENS);
    const visit = await scene.open();
    await visit.ask('What is ore?');
    await expect.poll(() => visit.lastAnswer(), settle).toContain('miner');
    await visit.page.reload();
    await expect.poll(() => visit.lastAnswer(), settle).toContain('miner');
    scene.allow(Number.POSITIVE_INFINITY);
    await visit.answered();
    expect(await visit.lastAnswer()).toBe(LONG);
    await visit.context.close();
  });

  test('goes on when its worker dies, and says so', async () => {
    scene.allow(HELD_TOKENS);
    const visit = await scene.open();
    await visit.ask('What is ore?');
    await expect.poll(() => visit.lastAnswer(), settle).toContain('miner');
    scene.node.engine.kill();
    await visit.page.getByText('What was answering is gone.').waitFor();
    await visit.picture('paused');
    scene.allow(Number.POSITIVE_INFINITY);
    await visit.answered();
    expect(await visit.lastAnswer()).toBe(LONG);
    await visit.context.close();
  });

  test('goes on after the node was started again', async () => {
    scene.allow(HELD_TOKENS);
    const visit = await scene.open();
    await visit.ask('What is ore?');
    await expect.poll(() => visit.lastAnswer(), settle).toContain('miner');
    await scene.restartNode(async () => {
      await visit.page.getByText(/The connection to the node was lost/).waitFor();
      await visit.picture('connection-lost');
    });
    scene.allow(Number.POSITIVE_INFINITY);
    await visit.answered();
    expect(await visit.lastAnswer()).toBe(LONG);
    await visit.context.close();
  });

  test('that cannot come says why, and can be asked for again', async () => {
    const visit = await scene.open();
    scene.answerWith('Fine.');
    await scene.restartNode(async () => {
      await visit.ask('Are you there?');
      await visit.page.getByText('The node does not answer.').waitFor();
      await visit.picture('unreachable');
    });
    await visit.page.getByRole('button', { name: 'Try again' }).click();
    await visit.answered();
    expect(await visit.lastAnswer()).toBe('Fine.');
    await visit.context.close();
  });
});

describe('while an answer comes', () => {
  test('a model that is being loaded is waited for in words', async () => {
    const loading = Promise.withResolvers<void>();
    await using slow = await openChatScene({ beforeLoad: () => loading.promise });
    const visit = await slow.open();
    await visit.ask('Are you there?');
    await visit.page.getByText('Loading scripted-1m into memory…').waitFor();
    await visit.picture('loading');
    loading.resolve();
    await visit.answered();
    await visit.context.close();
  });

  test('what it thinks is folded away, and is no part of the answer', async () => {
    await using thinking = await openChatScene({
      answer: () => 'I weigh it.</think>It is silver.',
      dialect: { ...PLAIN_DIALECT, reasoning: { open: '<think>', close: '</think>' } },
      inReasoning: true,
    });
    const visit = await thinking.open();
    const { page } = visit;
    await visit.ask('What is it?');
    await visit.answered();
    expect(await visit.lastAnswer()).toBe('It is silver.');
    expect(await page.getByText('I weigh it.').isVisible()).toBe(false);
    await page.getByText('What it thought').click();
    await page.getByText('I weigh it.').waitFor();
    await page.reload();
    await page.getByText('What it thought').waitFor();
    await visit.context.close();
  });

  test('a screen reader hears whole sentences, and the end', async () => {
    scene.allow(HELD_TOKENS);
    const visit = await scene.open();
    const said = visit.page.locator('main > [aria-live=polite]');
    await visit.ask('What is ore?');
    await expect
      .poll(() => said.textContent(), settle)
      .toMatch(/^(The miner finds a deep vein of silver. ?)+$/);
    scene.allow(Number.POSITIVE_INFINITY);
    await visit.answered();
    await expect.poll(() => said.textContent(), settle).toMatch(/The answer is complete\.$/);
    await visit.context.close();
  });

  test('a question without an answer yet is left, and its slot is free', async () => {
    scene.allow(0);
    const visit = await scene.open();
    const { page } = visit;
    await visit.ask('What is ore?');
    await expect.poll(() => scene.slots(), settle).toBe(1);
    await page.getByRole('button', { name: 'Options of “What is ore?”' }).click();
    await page.getByRole('button', { name: 'Delete the conversation' }).click();
    await page.getByRole('button', { name: 'Delete the conversation' }).click();
    await page.getByRole('heading', { name: 'What can I help with?' }).waitFor();
    await expect.poll(() => scene.slots(), settle).toBe(0);
    await visit.context.close();
  });
});

describe('branches', () => {
  test('come from an edited question and from an answer asked for again', async () => {
    const visit = await scene.open();
    const { page } = visit;
    scene.answerWith('First.');
    await visit.ask('One?');
    await visit.answered();
    scene.answerWith('Second.');
    await page.getByRole('button', { name: 'Answer again' }).click();
    await expect.poll(() => visit.lastAnswer(), settle).toBe('Second.');
    await visit.answered();
    await page.locator('.answer').getByRole('button', { name: 'Previous version' }).click();
    expect(await visit.lastAnswer()).toBe('First.');
    scene.answerWith('Third.');
    await page.getByRole('button', { name: 'Edit the message' }).click();
    await page.getByRole('textbox', { name: 'Edited message' }).fill('Two?');
    await page.keyboard.press('Enter');
    await expect.poll(() => visit.lastAnswer(), settle).toBe('Third.');
    await visit.answered();
    expect(await page.locator('.question').textContent()).toContain('2/2');
    await page.locator('.question').getByRole('button', { name: 'Previous version' }).click();
    expect(await visit.lastAnswer()).toBe('First.');
    await page.reload();
    expect(await page.locator('.question-text').textContent()).toBe('One?');
    expect(await visit.lastAnswer()).toBe('First.');
    await visit.context.close();
  });
});

describe('the page', () => {
  test('keeps a message that is being written through a reload', async () => {
    const visit = await scene.open();
    await visit.page.locator('#composer').fill('half a quest');
    await visit.page.reload();
    expect(await visit.page.locator('#composer').inputValue()).toBe('half a quest');
    await visit.context.close();
  });

  test('speaks the language of the browser, and the one that is chosen, after a reload too', async () => {
    const visit = await scene.open({ locale: 'es-AR' });
    const { page } = visit;
    await page.getByRole('heading', { name: '¿En qué te ayudo?' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('es');
    await page.getByLabel('Idioma').selectOption('en');
    await page.getByLabel('Theme').selectOption('dark');
    await page.reload();
    await page.getByRole('heading', { name: 'What can I help with?' }).waitFor();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(22, 20, 18)');
    expect(visit.complaints).toEqual([]);
    await visit.context.close();
  });

  test('is whole on a phone: nothing is wider than the screen, and the drawer has the rest', async () => {
    const visit = await scene.open({ size: PHONE });
    const { page } = visit;
    scene.answerWith(
      `\`\`\`\n${'wide '.repeat(80)}\n\`\`\`\n\n| ${'cell | '.repeat(20)}\n|${'---|'.repeat(20)}\n`,
    );
    await visit.ask('Something wide');
    await visit.answered();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(PHONE.width);
    await page.getByRole('button', { name: 'Open the menu' }).click();
    await page.getByRole('link', { name: 'Something wide' }).waitFor();
    await page.getByRole('link', { name: 'New conversation' }).click();
    await page.getByRole('heading', { name: 'What can I help with?' }).waitFor();
    expect(await page.getByRole('link', { name: 'Something wide' }).isVisible()).toBe(false);
    await visit.context.close();
  });

  test('is used by keys alone', async () => {
    scene.allow(HELD_TOKENS);
    const visit = await scene.open();
    const { page } = visit;
    await expect.poll(() => page.evaluate('document.activeElement.id'), settle).toBe('composer');
    await page.keyboard.type('What is ore?');
    await page.keyboard.press('Enter');
    await expect.poll(() => visit.lastAnswer(), settle).toContain('miner');
    await page.keyboard.press('Escape');
    await page.getByText('Stopped by you.').waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('composer');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.type(' Really?');
    scene.allow(Number.POSITIVE_INFINITY);
    await page.keyboard.press('Enter');
    await visit.answered();
    expect(await page.locator('.question-text').textContent()).toBe('What is ore? Really?');
    await page.locator('main').focus();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await visit.picture('keys');
    await page.keyboard.press('Escape');
    await page.keyboard.press('n');
    await page.getByRole('heading', { name: 'What can I help with?' }).waitFor();
    await page.locator('main').focus();
    await page.keyboard.press('s');
    expect(await page.evaluate('document.activeElement.id')).toBe('search');
    await visit.context.close();
  });
});
