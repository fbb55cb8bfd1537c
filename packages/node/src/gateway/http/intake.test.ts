import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { chatRequest, createGate, openScriptedServing } from '../../../../../test/kit/scripted-serving.ts';
import { createManualClock, type ManualClock } from '../../adapters/memory/clock.ts';
import { createMemoryLog, type MemoryLog } from '../../adapters/memory/log.ts';
import { openAiErrors } from '../openai/error-shape.ts';
import { type Caller, Intake, type Reply } from './intake.ts';
import { BEGIN_WITHIN_MS, DEFAULT_GATEWAY_LIMITS, KEEP_ALIVE_MS } from './limits.ts';
import { Metrics } from './metrics.ts';
import { RecentFaults } from './recent-faults.ts';

interface Opened {
  clock: ManualClock;
  log: MemoryLog;
  metrics: Metrics;
  ask: (work: (caller: Caller) => Promise<Reply>) => Promise<Response>;
}

function open(): Opened {
  const clock = createManualClock();
  const log = createMemoryLog();
  const metrics = new Metrics();
  const faults = new RecentFaults(clock);
  const intake = new Intake({ clock, log, metrics, limits: DEFAULT_GATEWAY_LIMITS, faults });
  const headers = { 'content-type': 'application/json' };
  return {
    ...{ clock, log, metrics },
    ask: (work) => {
      const request = new Request('http://localhost/', { method: 'POST', body: '{}', headers });
      const task = { route: 'chat', words: openAiErrors('messages') };
      return intake.answer(request, { ...task, work: (_, caller) => work(caller) });
    },
  };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await nextTurn();
}

describe('a stream that has nothing to say yet', () => {
  test('begins in time, is kept alive, and ends with what came', async () => {
    const { clock, ask } = open();
    const gate = createGate();
    const asking = ask(async () => ({
      kind: 'events',
      run: async (events) => {
        await gate.pass();
        events.write('data: late\n\n');
      },
    }));
    await gate.crowd(1);
    clock.advance(BEGIN_WITHIN_MS);
    const response = await asking;
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const text = response.text();
    await turns();
    clock.advance(KEEP_ALIVE_MS);
    await turns();
    clock.advance(KEEP_ALIVE_MS);
    await turns();
    gate.open();
    expect(await text).toMatch(/^(: waiting\n\n){2,3}data: late\n\n$/);
  });

  test('has a status while it can', async () => {
    const { ask } = open();
    const { serving } = await openScriptedServing();
    const response = await ask(async (caller) => ({
      kind: 'events',
      run: async () => void (await serving.complete({ ...chatRequest('a'), model: 'nobody' }, caller)),
    }));
    expect(response.status).toBe(404);
  });

  test('fails in an event once it has begun', async () => {
    const { clock, ask } = open();
    const gate = createGate();
    const asking = ask(async () => ({
      kind: 'events',
      run: async () => {
        await gate.pass();
        throw new RangeError('the secret prompt was in here');
      },
    }));
    await gate.crowd(1);
    clock.advance(BEGIN_WITHIN_MS);
    const response = await asking;
    gate.open();
    const text = await response.text();
    expect(text).toMatch(/^: waiting\n\ndata: \{"error":/);
    expect(text).not.toContain('secret');
  });
});

describe('an unexpected error', () => {
  test('is a 500 that says nothing, and a log line without its message', async () => {
    const { ask, log, metrics } = open();
    const response = await ask(async () => {
      throw new RangeError('the secret prompt was in here');
    });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(JSON.stringify(log.lines)).not.toContain('secret');
    expect(log.lines).toMatchObject([{ level: 'error', event: 'request.failed' }]);
    expect(metrics.inFlight).toBe(0);
  });
});
