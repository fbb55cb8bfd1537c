import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openTurns } from './turns.ts';

test('calls run one at a time and in order, whoever asks, and a failure stops nobody', async () => {
  const call = fc.record({ fails: fc.boolean(), turns: fc.nat(3), afterTurns: fc.nat(4) });
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 12 }), async (calls) => {
      const started: number[] = [];
      const asked: number[] = [];
      let running = 0;
      const native = {
        async: (index: number, done: (error: unknown, result: number) => void): void => {
          running += 1;
          expect(running).toBe(1);
          started.push(index);
          void turns(calls[index]?.turns ?? 0).then(() => {
            running -= 1;
            done(calls[index]?.fails ? new RangeError(`${index}`) : null, index);
          });
        },
      };
      const run = openTurns()(native);
      const results = await Promise.allSettled(
        calls.map(async ({ afterTurns }, index) => {
          await turns(afterTurns);
          asked.push(index);
          return await run(index);
        }),
      );
      expect(started).toEqual(asked);
      for (const [index, result] of results.entries()) {
        expect(result.status).toBe(calls[index]?.fails ? 'rejected' : 'fulfilled');
        if (result.status === 'fulfilled') expect(result.value).toBe(index);
      }
    }),
    { numRuns: 60 },
  );
});

test('the first call starts at once, before its caller goes on', () => {
  const started: string[] = [];
  const native = {
    async: (name: string, _done: (error: unknown, result: null) => void): void => void started.push(name),
  };
  const run = openTurns()(native);
  void run('first');
  void run('second');
  expect(started).toEqual(['first']);
});

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
}
