import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../adapters/memory/clock.ts';
import { Admission, type Ticket } from './admit.ts';

const signal = new AbortController().signal;

function open(options: { slots: number; queueMax: number; queueWaitMs?: number }): {
  admission: Admission;
  clock: ReturnType<typeof createManualClock>;
} {
  const clock = createManualClock();
  return { clock, admission: new Admission({ clock, queueWaitMs: 60_000, ...options }) };
}

describe('admission', () => {
  test('beyond the queue the answer is no, at once, with the position and a measured estimate', async () => {
    const { admission, clock } = open({ slots: 2, queueMax: 3 });
    const first = await admission.admit('m', { signal });
    clock.advance(30_000);
    for (let i = 0; i < 40; i++) {
      (await admission.admit('m', { signal })).release();
    }
    first.release();
    const held = [await admission.admit('m', { signal }), await admission.admit('m', { signal })];
    const queued = [1, 2, 3].map(() => admission.admit('m', { signal }));
    await expect(admission.admit('m', { signal })).rejects.toMatchObject({
      details: { code: 'SERVE_QUEUE_FULL', position: 4, retryAfterSeconds: 13 },
    });
    for (const ticket of held) ticket.release();
    for (const waiting of queued) (await waiting).release();
    expect(admission.stats()).toMatchObject({ active: 0, queued: 0, refused: 1 });
  });

  test('estimates a day at most', async () => {
    const { admission, clock } = open({ slots: 1, queueMax: 9, queueWaitMs: 1e9 });
    const slow = await admission.admit('m', { signal });
    clock.advance(5e8);
    slow.release();
    const held = await admission.admit('m', { signal });
    const told: number[] = [];
    const waiting = admission.admit('m', { signal, onQueued: ({ estimateMs }) => told.push(estimateMs) });
    expect([told, admission.load('m').queueMs]).toEqual([[86_400_000], 86_400_000]);
    held.release();
    await waiting;
  });

  test('waits no longer than it may', async () => {
    const { admission, clock } = open({ slots: 1, queueMax: 1, queueWaitMs: 5_000 });
    await admission.admit('m', { signal });
    const waiting = expect(admission.admit('m', { signal })).rejects.toMatchObject({
      code: 'SERVE_QUEUE_TIMEOUT',
    });
    await Promise.resolve();
    clock.advance(5_000);
    await waiting;
    expect(admission.stats()).toMatchObject({ active: 1, queued: 0 });
  });

  test('a ticket grows only into slots that nobody waits for', async () => {
    const { admission } = open({ slots: 4, queueMax: 4 });
    const ticket = await admission.admit('m', { signal });
    ticket.grow(9);
    expect(ticket.slots).toBe(4);
    const waiting = admission.admit('m', { signal });
    ticket.release();
    const next = await waiting;
    next.grow(1);
    expect(next.slots).toBe(2);
  });

  test('never holds more than it has, forgets nobody and keeps the order', async () => {
    const step = fc.record({
      action: fc.constantFrom('enter', 'enter', 'leave', 'give up', 'grow'),
      pick: fc.nat(100),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        async (steps, slots) => {
          const { admission } = open({ slots, queueMax: 5 });
          const inside: Ticket[] = [];
          const waiting: { number: number; leave: AbortController }[] = [];
          const order: number[] = [];
          let entered = 0;
          for (const { action, pick } of steps) {
            if (action === 'enter') {
              const entry = { number: entered++, leave: new AbortController() };
              waiting.push(entry);
              admission.admit('m', { signal: entry.leave.signal }).then(
                (ticket) => {
                  inside.push(ticket);
                  order.push(entry.number);
                  waiting.splice(waiting.indexOf(entry), 1);
                },
                () => waiting.splice(waiting.indexOf(entry), 1),
              );
            } else if (action === 'leave') inside.splice(pick % Math.max(1, inside.length), 1)[0]?.release();
            else if (action === 'grow') inside[pick % Math.max(1, inside.length)]?.grow(2);
            else waiting[pick % Math.max(1, waiting.length)]?.leave.abort(new RangeError('left'));
            await new Promise((resolve) => setImmediate(resolve));
            const held = inside.reduce((sum, ticket) => sum + ticket.slots, 0);
            expect(held).toBeLessThanOrEqual(slots);
            expect(admission.stats()).toMatchObject({ active: inside.length, queued: waiting.length });
            expect(waiting.length === 0 || held === slots).toBe(true);
          }
          expect(order).toEqual([...order].sort((a, b) => a - b));
        },
      ),
      { numRuns: 60 },
    );
  });
});
