/** What every adapter of the Log port must do. */
import { FilonError } from '@filon/core/errors';
import type { Log } from '@filon/node/ports/log';
import { describe, expect, test } from 'vitest';

export interface LogHarness {
  log: Log;
  /** What was kept so far, as text. */
  read(): Promise<string>;
}

export function describeLog(name: string, open: () => Promise<LogHarness>): void {
  describe(`log: ${name}`, () => {
    test('events are kept with their fields, in order', async () => {
      const { log, read } = await open();
      log.info('first.event', { count: 3 });
      log.warn('second.event');
      const text = await read();
      expect(text.indexOf('first.event')).toBeGreaterThan(-1);
      expect(text.indexOf('second.event')).toBeGreaterThan(text.indexOf('first.event'));
      expect(text).toContain('3');
    });

    test('secrets and prompts are not kept, however deep', async () => {
      const { log, read } = await open();
      log.error('bad.event', {
        apiKey: 'LEAK-1',
        prompt: 'LEAK-2',
        request: { headers: { authorization: 'LEAK-3' }, messages: [{ content: 'LEAK-4' }] },
        promptTokens: 12,
      });
      const text = await read();
      expect(text).toContain('bad.event');
      expect(text).not.toContain('LEAK');
      expect(text).toContain('12');
    });

    test('any value can be given: errors, big numbers, cycles, long texts', async () => {
      const { log, read } = await open();
      const cycle: Record<string, unknown> = {};
      cycle['self'] = cycle;
      log.warn('odd.event', {
        cycle,
        big: 12n,
        nothing: undefined,
        call: () => 1,
        long: 'x'.repeat(100_000),
        error: new FilonError({ code: 'ODD_CODE' }, 'odd things happened'),
        nan: Number.NaN,
      });
      const text = await read();
      expect(text).toContain('ODD_CODE');
      expect(text).toContain('odd things happened');
      expect(text.length).toBeLessThan(10_000);
    });
  });
}
