/** A conversation of 500 messages: how long it takes to open, and whether typing in it lags. */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { box, type ChatScene } from '../../test/kit/chat-scene.ts';
import { SAMPLE_ANSWER } from '../../test/kit/sample-answer.ts';

const MESSAGES = 500;
const KEYS = 60;
const OPENINGS = 5;

export interface LongConversation {
  messages: number;
  /** From the reload to the last message on the screen. */
  openMs: number[];
  /** From each key to the next frame, the worst last. */
  keyToFrameMs: { median: number; worst: number };
}

export async function longConversation(scene: ChatScene): Promise<LongConversation> {
  const { page, context } = await scene.open();
  await page.getByRole('button', { name: 'Export and import' }).click();
  const path = join(tmpdir(), `filon-bench-${process.pid}.json`);
  await writeFile(path, conversationFile());
  await page.locator('dialog input[type=file]').setInputFiles(path);
  await page.getByText('1 conversation was imported.').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'long' }).click();
  const openMs: number[] = [];
  for (let count = 0; count < OPENINGS; count += 1) {
    await page.reload({ waitUntil: 'commit' });
    await page.locator('.answer .turn-tools').last().waitFor();
    openMs.push(Math.round(Number(await page.evaluate('performance.now()'))));
  }
  await page.evaluate(KEY_WATCH);
  await box(page).focus();
  for (let count = 0; count < KEYS; count += 1) await page.keyboard.press('a');
  const keys = ((await page.evaluate('window.keyFrames')) as number[]).toSorted((a, b) => a - b);
  await context.close();
  const at = (share: number): number =>
    Math.round((keys[Math.floor(share * (keys.length - 1))] ?? 0) * 10) / 10;
  return {
    messages: MESSAGES,
    openMs: openMs.toSorted((a, b) => a - b),
    keyToFrameMs: { median: at(0.5), worst: at(1) },
  };
}

const KEY_WATCH = `
window.keyFrames = [];
document.getElementById('composer').addEventListener('keydown', () => {
  const began = performance.now();
  requestAnimationFrame(() => setTimeout(() => window.keyFrames.push(performance.now() - began)));
});`;

function conversationFile(): string {
  const messages = Array.from({ length: MESSAGES }, (_, index) => {
    const common = { id: `m${index}`, parent: index === 0 ? null : `m${index - 1}`, createdMs: index };
    if (index % 2 === 0) return { ...common, role: 'user', text: `Question ${index}`, attachments: [] };
    const answer = { model: 'ore', reasoning: '', end: { kind: 'done' }, figures: null };
    return { ...common, ...answer, role: 'assistant', text: SAMPLE_ANSWER };
  });
  const settings = { model: null, system: '', temperature: null, topP: null, maxTokens: null, seed: null };
  const conversation = {
    id: 'long',
    title: 'long',
    createdMs: 0,
    updatedMs: 0,
    settings,
    chosen: {},
    messages,
  };
  return JSON.stringify({ format: 'filon-conversations', version: 1, conversations: [conversation] });
}
