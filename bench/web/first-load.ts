/** What the chat needs before it is there: bytes, and the time to the first paint. */
import type { ChatScene } from '../../test/kit/chat-scene.ts';
import { firstLoadOf } from '../../test/kit/first-load.ts';

const VISITS = 7;

export async function firstLoad(folder: string): Promise<{ gzipBytes: number; files: number }> {
  const files = await firstLoadOf(folder);
  return { gzipBytes: files.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0), files: files.length };
}

/** Of browsers that have nothing of the page yet; ms. */
export async function firstPaint(
  scene: ChatScene,
): Promise<{ firstContentfulMs: number[]; composerMs: number[] }> {
  const firstContentfulMs: number[] = [];
  const composerMs: number[] = [];
  for (let visits = 0; visits < VISITS; visits += 1) {
    const { page, context } = await scene.open();
    composerMs.push(Math.round(Number(await page.evaluate('performance.now()'))));
    const paints = "performance.getEntriesByName('first-contentful-paint')[0].startTime";
    firstContentfulMs.push(Math.round(Number(await page.evaluate(paints))));
    await context.close();
  }
  return { firstContentfulMs: sorted(firstContentfulMs), composerMs: sorted(composerMs) };
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}
