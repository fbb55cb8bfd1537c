import type { Chunk } from '@filon/core/serving/completion';
import { DEFAULT_SAMPLING } from '@filon/core/serving/sampling';
import type { SessionRequest, SessionSign } from '@filon/core/serving/session';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  answerOf,
  chatRequest,
  createGate,
  MODEL,
  never,
  openScriptedServing,
  textOf,
} from '../../../../test/kit/scripted-serving.ts';
import { createManualClock, type ManualClock } from '../adapters/memory/clock.ts';
import { Attempts } from './attempts.ts';
import { STALL_CHECK_MS, STALL_MS } from './limits.ts';
import { attemptSession, type RunDeps, type RunEvent, runSession } from './run.ts';
import { Suspects } from './suspects.ts';

const kinds = (chunks: readonly Chunk[]): Set<string> => new Set(chunks.map(({ kind }) => kind));
const withoutPauses = (chunks: readonly Chunk[]): Chunk[] => chunks.filter(({ kind }) => kind !== 'pause');

describe('a worker that dies', () => {
  test('at any token, among neighbours, costs a pause and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(30),
        fc.constantFrom(0, 0.8),
        fc.nat(7),
        fc.boolean(),
        async (at, temperature, neighbours, warm) => {
          const sampling = { ...chatRequest('').sampling, temperature };
          const request = chatRequest('What is in the vein?', { sampling, stop: ['x'], topLogprobs: 2 });
          const undisturbed = await answerOf(await openScriptedServing(), request);

          let died = false;
          const scripted = await openScriptedServing({
            diesAt: ({ prompt, generated }) => {
              if (died || !prompt.includes('vein') || generated < at) return false;
              died = true;
              return true;
            },
          });
          if (warm) await answerOf(scripted, { ...request, prompt: chatRequest('What is?').prompt });
          const others = Array.from({ length: neighbours }, (_, index) =>
            answerOf(scripted, chatRequest(`neighbour ${index}`)),
          );
          const answer = await answerOf(scripted, request);
          expect(textOf(answer)).toBe(textOf(undisturbed));
          const usage = { usage: expect.objectContaining({ promptTokens: expect.any(Number) }) };
          expect(withoutPauses(answer).slice(0, -1)).toEqual(undisturbed.slice(0, -1));
          expect(answer.at(-1)).toMatchObject(usage);
          expect(kinds(answer).has('pause')).toBe(died);
          for (const [index, other] of (await Promise.all(others)).entries()) {
            const alone = await answerOf(await openScriptedServing(), chatRequest(`neighbour ${index}`));
            expect(textOf(other)).toBe(textOf(alone));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('while the prompt is tokenized is no death of the answer', async () => {
    const scripted = await openScriptedServing();
    await scripted.serving.load(MODEL, { signal: never });
    scripted.engine.kill();
    expect(textOf(await answerOf(scripted, chatRequest('ore')))).not.toBe('');
  });

  test('gives every choice its own rest', async () => {
    const request = chatRequest('three', { choices: 3 });
    const whole = await answerOf(await openScriptedServing(), request);
    let died = false;
    const scripted = await openScriptedServing({
      diesAt: ({ generated }) => {
        if (died || generated < 9) return false;
        died = true;
        return true;
      },
    });
    const answer = await answerOf(scripted, request);
    for (const choice of [0, 1, 2]) expect(textOf(answer, choice)).toBe(textOf(whole, choice));
    expect(died).toBe(true);
  });
});

describe('quarantine', () => {
  test('a request present at two deaths ends with an error, and the node goes on', async () => {
    const scripted = await openScriptedServing({ diesAt: ({ prompt }) => prompt.includes('poison') });
    const request = chatRequest('poison');
    const refused = { code: 'SERVE_QUARANTINED' };
    await expect(answerOf(scripted, request)).rejects.toMatchObject(refused);
    expect(scripted.engine.status().workers[0]?.deaths).toBe(2);
    expect(textOf(await answerOf(scripted, chatRequest('innocent')))).not.toBe('');

    // The same prompt again may cost one more worker, and then none.
    await expect(answerOf(scripted, request)).rejects.toMatchObject(refused);
    expect(scripted.engine.status().workers[0]?.deaths).toBe(3);
    await expect(answerOf(scripted, request)).rejects.toMatchObject(refused);
    expect(scripted.engine.status().workers[0]?.deaths).toBe(3);
    expect(scripted.serving.stats()).toMatchObject({ quarantined: 3, active: 0, workerDeaths: 3 });
  });

  test('choices that die together count as one death', async () => {
    let deaths = 0;
    const scripted = await openScriptedServing({
      diesAt: ({ generated }) => generated === 5 && deaths++ === 0,
    });
    const answer = await answerOf(scripted, chatRequest('four', { choices: 4 }));
    expect(answer.filter(({ kind }) => kind === 'end')).toHaveLength(4);
    expect(scripted.serving.stats().quarantined).toBe(0);
  });
});

describe('a worker that says nothing', () => {
  test('is noticed, and the answer goes on', async () => {
    const clock = createManualClock();
    const gate = createGate();
    let stuck = false;
    const scripted = await openScriptedServing({
      clock,
      beforeToken: async ({ generated }) => {
        if (generated !== 4 || stuck) return;
        stuck = true;
        await gate.pass();
      },
    });
    const answering = answerOf(scripted, chatRequest('slow'));
    await gate.crowd(1);
    await pass(clock, 2 * STALL_MS);
    const answer = await answering;
    expect(kinds(answer).has('pause')).toBe(true);
    expect(textOf(answer)).toBe(textOf(await answerOf(await openScriptedServing(), chatRequest('slow'))));
  });

  test('but says that a session waits, has not stalled, however long that takes', async () => {
    const clock = createManualClock();
    const said = await Array.fromAsync(
      runAlone(clock, async function* (signal) {
        yield PREFILLED;
        for (let times = 0; times < 20; times += 1) {
          await pass(clock, STALL_MS - STALL_CHECK_MS);
          signal.throwIfAborted();
          yield { kind: 'waiting' };
        }
        yield END;
      }),
    );
    expect(said).toEqual([PREFILLED, END]);
  });

  test('twice in one request, ends it with an error that does not speak of deaths alone', async () => {
    const clock = createManualClock();
    const silent = runAlone(clock, async function* (signal) {
      yield PREFILLED;
      await pass(clock, STALL_MS + 2 * STALL_CHECK_MS);
      signal.throwIfAborted();
      yield END;
    });
    const said: RunEvent[] = [];
    const read = async (): Promise<void> => {
      for await (const event of silent) said.push(event);
    };
    await expect(read()).rejects.toMatchObject({
      code: 'SERVE_QUARANTINED',
      message: expect.stringContaining('died or fell silent 2 times'),
      cause: { code: 'SERVE_STALLED' },
    });
    expect(said).toEqual([PREFILLED, { kind: 'pause' }]);
  });
});

const PREFILLED = { kind: 'prefilled', cachedTokens: 0 } as const;
const END = { kind: 'end', reason: 'stop', text: '' } as const;

/** One session on an engine that says what it is told to. */
function runAlone(
  clock: ManualClock,
  say: (signal: AbortSignal) => AsyncGenerator<SessionSign>,
): AsyncGenerator<RunEvent> {
  const request: SessionRequest = {
    session: 's',
    model: MODEL,
    tokens: Int32Array.of(1),
    promptTokens: 1,
    maxTokens: 9,
    sampling: { ...DEFAULT_SAMPLING, seed: 1n },
    stop: [],
    grammar: null,
    topLogprobs: null,
    ignoreEos: false,
  };
  const presence = new Suspects(clock).enter({ ...chatRequest('alone'), model: MODEL });
  const seat = { open: (_: SessionRequest, { signal }: { signal: AbortSignal }) => say(signal) };
  const deps: RunDeps = {
    attempts: new Attempts(presence, clock),
    enter: async () => ({
      open: (session, signal) => attemptSession(session, { seat, clock }, signal),
      leave: () => undefined,
    }),
    onResume: () => undefined,
  };
  return runSession(request, deps, never);
}

/** Lets time pass as a clock does: whoever sleeps wakes on the way. */
async function pass(clock: ManualClock, durationMs: number): Promise<void> {
  for (let ms = 0; ms < durationMs; ms += STALL_CHECK_MS) {
    clock.advance(STALL_CHECK_MS);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a prompt that is answered to its end is innocent, however many workers died meanwhile', () => {
  const suspects = new Suspects(createManualClock());
  const request = { ...chatRequest('popular'), model: MODEL };
  for (let answer = 0; answer < 20; answer++) {
    const presence = suspects.enter(request);
    presence.died(presence.before + 1);
    presence.survived();
  }
  expect(suspects.enter(request).before).toBe(0);
});
