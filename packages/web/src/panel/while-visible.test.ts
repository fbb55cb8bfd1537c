import { FilonError } from '@filon/core/errors';
import { expect, test } from 'vitest';
import { repeat } from './repeat.ts';
import { type Visibility, whileVisible } from './while-visible.ts';

function madeUpPage(): Visibility & { show(isVisible: boolean): void; watchers: number } {
  const watchers = new Set<() => void>();
  let visible = true;
  return {
    isVisible: () => visible,
    watch: (onChange) => {
      watchers.add(onChange);
      return () => watchers.delete(onChange);
    },
    show: (isVisible) => {
      visible = isVisible;
      for (const tell of watchers) tell();
    },
    get watchers() {
      return watchers.size;
    },
  };
}

test('works while the page is seen, and stops when it is hidden or left', () => {
  const page = madeUpPage();
  const signals: AbortSignal[] = [];
  const stop = whileVisible(page, (signal) => void signals.push(signal));
  page.show(true);
  expect(signals).toHaveLength(1);
  page.show(false);
  page.show(false);
  expect(signals[0]?.aborted).toBe(true);
  page.show(true);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  stop();
  expect(signals[1]?.aborted).toBe(true);
  expect(page.watchers).toBe(0);
});

test('a page that opens hidden asks nothing', () => {
  const page = madeUpPage();
  page.show(false);
  const signals: AbortSignal[] = [];
  whileVisible(page, (signal) => void signals.push(signal));
  expect(signals).toEqual([]);
});

test('goes on after failures, and is silent after its end', async () => {
  const over = new AbortController();
  const heard: string[] = [];
  let round = 0;
  const once = async (): Promise<void> => {
    round += 1;
    if (round === 3) over.abort();
    if (round > 1) throw new FilonError({ code: `FAILED_${round}` }, 'no');
  };
  await repeat(
    {
      ...{ once, everyMs: 2000, onFailure: ({ code }) => heard.push(code) },
      sleep: async (durationMs) => void heard.push(`${durationMs}`),
    },
    over.signal,
  );
  expect(heard).toEqual(['2000', 'FAILED_2', '2000', '2000']);
});
