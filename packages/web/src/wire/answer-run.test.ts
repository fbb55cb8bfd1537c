import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnswerRun, NO_RUN, takeEvent } from './answer-run.ts';
import { eventsOf } from './events.fixture.ts';

const runOf = (events: readonly unknown[], from: AnswerRun = NO_RUN): AnswerRun =>
  events.reduce(takeEvent, from);

describe('an answer', () => {
  test('grows by its deltas, thoughts apart, and ends with its figures', () => {
    const events: unknown[] = eventsOf(['one', ' two']);
    events.splice(1, 0, { type: 'response.reasoning_text.delta', delta: 'hm', sequence_number: 0.5 });
    expect(runOf(events)).toEqual({
      ...{ responseId: 'resp_1', sequence: 3, text: 'one two', reasoning: 'hm' },
      ...{ isPaused: false, end: { kind: 'done' }, tokens: 2, servedBy: [], resumption: null },
      gateway: null,
    });
  });

  test.each([
    ['completed', { kind: 'done' }],
    ['cancelled', { kind: 'stopped' }],
    ['failed', { kind: 'failed', code: 'SERVE_STALLED', message: 'it stood still' }],
  ])('ends as the node says: %s', (status, end) => expect(runOf(eventsOf([], status)).end).toEqual(end));

  test('that was cut short says so', () => {
    const response = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
    expect(runOf([{ type: 'response.incomplete', response, sequence_number: 0 }]).end).toEqual({
      kind: 'length',
    });
  });

  test('is the same when a stream is taken up too early', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.nat(), fc.nat(), (words, draw, back) => {
        const events = eventsOf(words);
        const cut = draw % events.length;
        const again = Math.max(0, cut - (back % 4));
        expect(runOf(events.slice(again), runOf(events.slice(0, cut)))).toEqual(runOf(events));
      }),
    );
  });

  test('tells in the end who computed it, and nothing that is none', () => {
    const one = { node: 'A'.repeat(43), operator: null, tier: 'trusted', numeric_class: 'cpu-1' };
    const here = { node: null, tier: 'own', numeric_class: null };
    const priced = { ...one, upstream: true, price: { prompt_pico: 5, answer_pico: 7 } };
    const served = [priced, here, { ...one, node: '<b>' }, { ...one, tier: 'all' }, null, 7];
    const response = { id: 'resp_1', status: 'completed', filon: { served_by: served } };
    expect(runOf([{ type: 'response.completed', sequence_number: 0, response }]).servedBy).toEqual([
      {
        ...{ node: one.node, tier: 'trusted', numericClass: 'cpu-1', isUpstream: true },
        price: { promptPico: 5, answerPico: 7 },
      },
      { node: null, tier: 'own', numericClass: null, isUpstream: false, price: null },
    ]);
  });

  test('is paused until something comes', () => {
    const [created, one, two] = eventsOf(['one', 'two']);
    const paused = runOf([created, one, { type: 'response.filon.pause', sequence_number: 1 }]);
    expect(paused).toMatchObject({ isPaused: true, text: 'one' });
    expect(takeEvent(paused, two)).toMatchObject({ isPaused: false, text: 'onetwo' });
  });

  test('fails by an error only before the node has taken it', () => {
    const error = { type: 'error', code: 'SERVE_STOPPING', message: 'stopping', sequence_number: 0 };
    expect(runOf([error]).end).toMatchObject({ kind: 'failed', code: 'SERVE_STOPPING' });
    expect(runOf([...eventsOf(['one']).slice(0, 2), { ...error, sequence_number: 1 }]).end).toBeNull();
  });

  test('takes no harm from what it does not know', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (events) => {
        const run = runOf(events);
        expect(typeof run.text).toBe('string');
        expect(run.text.isWellFormed()).toBe(true);
      }),
    );
  });
});
