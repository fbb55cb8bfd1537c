/** What showing an answer costs while it comes at 100 tokens a second. */
import { createSystemClock } from '@filon/node/adapters/local/clock';
import { textOf, tokensOf } from '@filon/node/adapters/memory/scripted-vocabulary';
import { openChatScene } from '../../test/kit/chat-scene.ts';
import { storedModel } from '../../test/kit/fixed-models.ts';

const TOKENS_PER_SECOND = 100;
/** Words of the scripted vocabulary are one token each, with some Markdown between them. */
const SENTENCE =
  ' the deep vein of silver carries a bright lamp under the old stone and the miner finds copper with a hammer';
const PARAGRAPH = `${SENTENCE.repeat(3)}.\n\n-${SENTENCE}\n-${SENTENCE}\n\n\`\`\`js\n${SENTENCE}\n\`\`\`\n\n##${SENTENCE.slice(0, 40)}\n\n`;
const never: AbortSignal = new AbortController().signal;

export interface Streaming {
  tokens: number;
  seconds: number;
  /** Of one core: scripts; then all that the page did. */
  scriptShare: number;
  taskShare: number;
  layoutShift: number;
  /** Words that the page shows less than were sent. */
  missing: number;
}

export async function streaming(seconds: number): Promise<Streaming> {
  const clock = createSystemClock();
  const tokens = seconds * TOKENS_PER_SECOND;
  const beganMs = { value: 0 };
  await using scene = await openChatScene({
    stored: [{ ...storedModel('ore-1b'), trainedContextTokens: 8_192 }],
    answer: () => PARAGRAPH.repeat(Math.ceil(tokens / 100)),
    // By the clock, so that a late token does not make all later ones late.
    beforeToken: async ({ generated }) => {
      if (generated === 0) beganMs.value = clock.monotonicMs();
      const dueMs = beganMs.value + (generated * 1000) / TOKENS_PER_SECOND;
      const aheadMs = dueMs - clock.monotonicMs();
      if (aheadMs > 1) await clock.sleep(aheadMs, { signal: never });
    },
  });
  const { page, ask } = await scene.open();
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const metrics = async (): Promise<Map<string, number>> =>
    new Map((await session.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]));
  await page.evaluate(SHIFT_WATCH);
  await page.getByRole('button', { name: 'Settings of the conversation' }).click();
  await page.getByRole('spinbutton', { name: 'Tokens at most' }).fill(String(tokens));
  await page.keyboard.press('Escape');
  const before = await metrics();
  await ask('Go on');
  await page.locator('.answer .turn-tools').waitFor({ timeout: (seconds + 30) * 1000 });
  const after = await metrics();
  const spent = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  const shown = Number(
    await page.evaluate('document.querySelector(".answer .markdown").innerText.match(/[a-z]+/g).length'),
  );
  const text = textOf(tokensOf(PARAGRAPH.repeat(Math.ceil(tokens / 100))).slice(0, tokens));
  const sent = text.match(/[a-z]+/g)?.length ?? 0;
  const wall = spent('Timestamp');
  return {
    tokens,
    seconds: round(wall),
    scriptShare: round(spent('ScriptDuration') / wall),
    taskShare: round(spent('TaskDuration') / wall),
    layoutShift: round(Number(await page.evaluate('window.layoutShift'))),
    missing: sent - shown,
  };
}

const SHIFT_WATCH = `
window.layoutShift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.layoutShift += entry.value;
}).observe({ type: 'layout-shift' });`;

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
