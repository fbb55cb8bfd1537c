import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Deaths, type WorkerExit } from './deaths.ts';

function exit(work: Partial<WorkerExit> = {}): WorkerExit {
  return { how: 'SIGABRT', lines: [], loading: [], answering: [], answered: [], ...work };
}

function after(...exits: readonly WorkerExit[]): Deaths {
  const deaths = new Deaths();
  for (const one of exits) deaths.record(one);
  return deaths;
}

const times = (count: number, work: Partial<WorkerExit>): WorkerExit[] =>
  Array.from({ length: count }, () => exit(work));

describe('the deaths of a worker', () => {
  test('are a model’s when it alone was answering in each of them, and the device goes on', () => {
    const four = times(4, { answering: ['a'] });
    expect(after(...four).refusal('a')).toBeNull();
    const five = after(...four, exit({ how: 'SIGSEGV', answering: ['a'] }));
    expect(five.refusal('a')).toMatchObject({ during: 'answer', deaths: 5, exit: { how: 'SIGSEGV' } });
    expect(five).toMatchObject({ hopeless: false, waitMs: 0, total: 5 });
    expect(five.refusal('b')).toBeNull();
  });

  test('are forgiven by an answer of that model, and of no other', () => {
    const dies = exit({ answering: ['a'] });
    const other = exit({ answering: ['a'], answered: ['b'] });
    const own = exit({ answering: ['a'], answered: ['a'] });
    expect(after(dies, dies, other, dies, dies).refusal('a')).toMatchObject({ deaths: 5 });
    expect(after(dies, dies, dies, dies, own, dies).refusal('a')).toBeNull();
  });

  test('are the device’s when several models were answering, or none', () => {
    const two = times(3, { answering: ['a', 'b'] });
    expect(after(...two, ...times(2, {}))).toMatchObject({ hopeless: true, row: 5 });
    expect(after(...two, exit({ answered: ['b'] }), exit()).hopeless).toBe(false);
  });

  test('are the device’s when a second model cannot answer either, with no answer between them', () => {
    const first = times(5, { answering: ['a'] });
    const second = times(5, { answering: ['b'] });
    expect(after(...first, ...second)).toMatchObject({ hopeless: true, row: 5 });
    expect(after(...first, exit({ answered: ['c'] }), ...second).hopeless).toBe(false);
  });

  test('in a load are that model’s after three, until a load succeeds', () => {
    const load = exit({ loading: ['a'], answering: ['b'] });
    const deaths = after(load, load, load);
    expect(deaths.refusal('a')).toMatchObject({ during: 'load', deaths: 3 });
    expect(deaths).toMatchObject({ hopeless: false, row: 0 });
    expect(deaths.refusal('b')).toBeNull();
    const forgiven = after(load, load);
    forgiven.loaded('a');
    forgiven.record(load);
    expect(forgiven.refusal('a')).toBeNull();
  });

  test('never take the device away while one model answers in each life', () => {
    const models = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'));
    const life = fc.record({ loading: models, answering: models, answered: models });
    fc.assert(
      fc.property(fc.array(life, { maxLength: 40 }), (lives) => {
        const deaths = after(...lives.map((work) => exit({ ...work, answered: [...work.answered, 'd'] })));
        expect(deaths.hopeless).toBe(false);
        expect(deaths.refusal('d')).toBeNull();
      }),
    );
  });
});
