/** What the page keeps and takes in: conversations, files, settings. */
import { readFile } from 'node:fs/promises';
import { loadCatalogue } from '@filon/node/adapters/models/load-catalogue';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { violationsOf } from './kit/axe.ts';
import { type ChatScene, openChatScene, type Visit } from './kit/chat-scene.ts';
import { storedModel } from './kit/fixed-models.ts';
import { pdfOf } from './kit/pdf.ts';

let scene: ChatScene;
const prompts: string[] = [];
beforeAll(async () => {
  scene = await openChatScene({
    stored: [storedModel('ore-1b'), { ...storedModel('tin-2b', 'b'), bytes: 5_030_000_000 }],
    answer: ({ text }) => {
      prompts.push(text);
      return `Heard ${text.length}.${' the ore'.repeat(300)}`;
    },
  });
});
afterAll(() => scene[Symbol.asyncDispose]());
beforeEach(() => void prompts.splice(0));

const settle = { timeout: 15_000, interval: 20 };

async function attach(
  visit: Visit,
  files: { name: string; mimeType: string; buffer: Buffer }[],
): Promise<void> {
  await visit.page.locator('.composer input[type=file]').setInputFiles(files);
}

describe('files', () => {
  test('of text, tables and PDF are read in the browser and sent as text', async () => {
    const visit = await scene.open();
    await attach(visit, [
      { name: 'prices.csv', mimeType: 'text/csv', buffer: Buffer.from('metal;price\nsilver;30\n') },
      {
        name: 'report.pdf',
        mimeType: 'application/pdf',
        buffer: pdfOf(['The shaft is deep', 'The lamp is bright']),
      },
    ]);
    await visit.page.getByRole('button', { name: 'Remove report.pdf' }).waitFor();
    await visit.picture('attachments');
    await visit.ask('What does it say?');
    await visit.answered();
    expect(prompts[0]).toContain('prices.csv:\n```\nmetal;price\nsilver;30\n```');
    expect(prompts[0]).toContain(
      'report.pdf:\n```\nThe shaft is deep\n\nThe lamp is bright\n```\n\nWhat does it say?',
    );
    expect(await visit.page.locator('.question .chip').count()).toBe(2);
    await visit.context.close();
  });

  test('come by paste and by drop too', async () => {
    const visit = await scene.open();
    const { page } = visit;
    const come = (name: string, event: string, carrier: string): string => `{
        const carried = new DataTransfer();
        carried.items.add(new File(['ore;1'], '${name}', { type: 'text/csv' }));
        const event = new ${event}, { bubbles: true, cancelable: true, ${carrier}: carried });
        document.getElementById('composer').dispatchEvent(event);
      }`;
    await page.evaluate(come('pasted.csv', "ClipboardEvent('paste'", 'clipboardData'));
    await page.evaluate(come('dropped.csv', "DragEvent('drop'", 'dataTransfer'));
    await page.getByRole('button', { name: 'Remove pasted.csv' }).waitFor();
    await page.getByRole('button', { name: 'Remove dropped.csv' }).waitFor();
    expect(visit.complaints).toEqual([]);
    await visit.context.close();
  });

  test('that are none of these, or too large, are refused by name', async () => {
    const visit = await scene.open();
    await attach(visit, [
      {
        name: 'picture.png',
        mimeType: 'image/png',
        buffer: Buffer.from([137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0]),
      },
      { name: 'broken.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 and nothing else') },
      { name: 'empty.txt', mimeType: 'text/plain', buffer: Buffer.from(' \n') },
      { name: 'huge.txt', mimeType: 'text/plain', buffer: Buffer.alloc(20_000_001, 'a') },
    ]);
    const { page } = visit;
    await page.getByText('picture.png is no text, CSV or PDF').waitFor();
    await page.getByText('broken.pdf could not be read.').waitFor();
    await page.getByText('empty.txt has no text in it.').waitFor();
    await page.getByText('huge.txt has over 20 MB.').waitFor();
    expect(await page.locator('.composer .chip').count()).toBe(0);
    await visit.context.close();
  });
});

describe('conversations', () => {
  test('are searched, renamed, exported, deleted and imported', async () => {
    const visit = await scene.open();
    const { page } = visit;
    await visit.ask('Háblame de la minería');
    await visit.answered();
    await page.getByRole('link', { name: 'New conversation' }).click();
    await page.getByRole('heading', { name: 'What can I help with?' }).waitFor();
    await visit.ask('Something else');
    await visit.answered();
    await page.getByRole('searchbox').fill('MINERIA');
    await page.getByText('1 conversation', { exact: true }).waitFor();
    expect(await page.locator('.found mark').textContent()).toBe('minería');
    await page.getByRole('searchbox').fill('');
    await page.getByRole('button', { name: 'Options of “Something else”' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Another name');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('link', { name: 'Another name' }).waitFor();
    await page.getByRole('button', { name: 'Export and import' }).click();
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export all' }).click();
    const path = await (await downloading).path();
    const file = JSON.parse(await readFile(path, 'utf8'));
    expect(file.conversations.map(({ title }: { title: string }) => title)).toEqual(
      expect.arrayContaining(['Another name', 'Háblame de la minería']),
    );
    await page.getByRole('button', { name: 'Delete all' }).click();
    await page.getByText('This cannot be undone.').waitFor();
    await page.getByRole('button', { name: 'Delete all' }).click();
    await page.getByText('Conversations appear here.').waitFor();
    await page.getByRole('button', { name: 'Export and import' }).click();
    await page.locator('dialog input[type=file]').setInputFiles(path);
    await page.getByText('2 conversations were imported.').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Another name' }).click();
    expect(await page.locator('.question-text').textContent()).toBe('Something else');
    await page.reload();
    expect(await visit.lastAnswer()).toMatch(/^Heard/);
    expect(visit.complaints).toEqual([]);
    await visit.context.close();
  });

  test('from a file that is none are refused, and nothing changes', async () => {
    const visit = await scene.open();
    const { page } = visit;
    await page.getByRole('button', { name: 'Export and import' }).click();
    const buffer = Buffer.from(
      '{"format":"filon-conversations","version":1,"conversations":[{"id":"../x"}]}',
    );
    await page
      .locator('dialog input[type=file]')
      .setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer });
    await page.getByText('nothing was imported: it is damaged or was changed at conversations[0]').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('Conversations appear here.').waitFor();
    await visit.context.close();
  });

  test.each([
    ['{', 'no es un archivo de conversaciones de esta página'],
    ['[1]', 'no es un archivo de conversaciones de esta página'],
    ['{"format":"other"}', 'no es un archivo de conversaciones de esta página'],
    ['{"format":"filon-conversations","version":2}', 'lo escribió una página más nueva'],
    ['{"format":"filon-conversations","version":1}', 'está dañado o cambiado en conversations'],
  ])('from %s are refused in the language of the page', async (text, words) => {
    const visit = await scene.open({ locale: 'es-ES' });
    const { page } = visit;
    await page.getByRole('button', { name: 'Exportar e importar' }).click();
    const file = { name: 'x.json', mimeType: 'application/json', buffer: Buffer.from(text) };
    await page.locator('dialog input[type=file]').setInputFiles(file);
    await page.getByText(`no se importó nada: ${words}`).waitFor();
    await visit.context.close();
  });
});

describe('settings', () => {
  /** What a screen reader says after the name and the value. */
  async function describedBy(page: Page, field: Locator): Promise<string> {
    const ids = ((await field.getAttribute('aria-describedby')) ?? '').split(' ');
    const texts = await Promise.all(ids.map((id) => page.locator(`[id="${id}"]`).textContent()));
    return texts.join(' ');
  }

  test('of a conversation go with each question', async () => {
    const visit = await scene.open();
    const { page } = visit;
    const sent = page.waitForRequest(
      (request) => request.method() === 'POST' && request.url().endsWith('/v1/responses'),
    );
    await page.getByRole('button', { name: /^Choose a model/ }).click();
    await page.getByRole('radio', { name: /tin-2b.*5 GB/ }).check();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Settings of the conversation' }).click();
    await page.getByRole('textbox', { name: 'Instructions for the model' }).fill('Answer in verse.');
    await page.getByRole('spinbutton', { name: 'Temperature' }).fill('0.5');
    await page.getByRole('spinbutton', { name: 'Seed' }).fill('7');
    const topP = page.getByRole('spinbutton', { name: 'Top p' });
    await topP.fill('7');
    await page
      .getByRole('alert')
      .getByText('it must be a number from 0 to 1. Until then this counts: automatic.')
      .waitFor();
    expect(await topP.getAttribute('aria-invalid')).toBe('true');
    expect(await describedBy(page, topP)).toMatch(/^Not taken: .* Leaves the least likely words out\.$/);
    await topP.fill('');
    expect([await page.getByRole('alert').count(), await topP.getAttribute('aria-invalid')]).toEqual([
      0,
      'false',
    ]);
    await topP.pressSequentially('-');
    await page.getByRole('alert').waitFor();
    await page.getByRole('spinbutton', { name: 'Tokens at most' }).fill('1.5');
    await page.getByText('it must be a whole number from 1 to 1,048,576.').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await visit.picture('settings-faults');
    await page.keyboard.press('Escape');
    await visit.ask('What is ore?');
    expect((await sent).postDataJSON()).toMatchObject({
      ...{ model: 'tin-2b', instructions: 'Answer in verse.', temperature: 0.5, seed: 7 },
    });
    expect((await sent).postDataJSON()).not.toHaveProperty('top_p');
    await visit.answered();
    await page.reload();
    await page.getByRole('button', { name: 'Settings of the conversation' }).click();
    expect(await page.getByRole('spinbutton', { name: 'Seed' }).inputValue()).toBe('7');
    await visit.context.close();
  });

  test('of the model are remembered for the next conversation, with its speed', async () => {
    const visit = await scene.open();
    const { page } = visit;
    await page.getByRole('button', { name: /^Choose a model/ }).click();
    await page.getByRole('radio', { name: /tin-2b/ }).check();
    await page.keyboard.press('Escape');
    await visit.ask('What is ore?');
    await visit.answered();
    await page.getByRole('link', { name: 'New conversation' }).click();
    await page.getByRole('button', { name: 'Choose a model: tin-2b' }).click();
    await page.getByRole('radio', { name: /tin-2b.* tok\/s, measured on this page/ }).waitFor();
    await visit.context.close();
  });
});

test('a node without models says how to get one', async () => {
  await using empty = await openChatScene({ stored: [] });
  const visit = await empty.open();
  await visit.page.getByRole('heading', { name: 'This node has no model yet.' }).waitFor();
  const [, name] = /pull (.+)/.exec((await visit.page.locator('.command').textContent()) ?? '') ?? [];
  expect((await loadCatalogue()).map((entry) => entry.name)).toContain(name);
  await visit.picture('no-model');
  expect(await visit.page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true);
  await expect.poll(() => visit.complaints, settle).toEqual([]);
});
