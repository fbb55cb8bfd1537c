import { FilonError } from '@filon/core/errors';
import { expect, test } from 'vitest';
import { createManualClock } from '../../adapters/memory/clock.ts';
import { Jobs, type JobWork } from './jobs.ts';

/** Work that the test ends; it also ends when it is cancelled. */
function held(): {
  work: JobWork;
  options: Parameters<JobWork>[0][];
  done: () => void;
  fail: (error: unknown) => void;
} {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const options: Parameters<JobWork>[0][] = [];
  const work: JobWork = (given) => {
    options.push(given);
    given.signal.addEventListener('abort', () => reject(given.signal.reason), { once: true });
    return promise;
  };
  return { work, options, done: resolve, fail: reject };
}

const pullOf = (model: string) => ({ kind: 'pull', model }) as const;

test('a job tells its pace, and ends as its work does', async () => {
  const clock = createManualClock();
  const jobs = new Jobs(clock);
  const one = held();
  expect(jobs.start(pullOf('ore'), one.work)).toMatchObject({
    model: 'ore',
    state: 'running',
    perSecond: null,
  });
  one.options[0]?.onProgress({ done: 0, total: 1000 });
  clock.advance(1000);
  one.options[0]?.onProgress({ done: 100, total: 1000 });
  expect(jobs.list()).toMatchObject([{ done: 100, total: 1000, perSecond: 100, leftMs: 9000 }]);
  const { changed } = jobs;
  one.done();
  await changed;
  expect(jobs.list()).toMatchObject([{ state: 'done', done: 1000, leftMs: null, error: null }]);
});

test('asked for twice, it is the same job; cancelled, its work is stopped', async () => {
  const jobs = new Jobs(createManualClock());
  const one = held();
  const { id } = jobs.start(pullOf('ore'), one.work);
  expect(jobs.start(pullOf('ore'), held().work).id).toBe(id);
  const { changed } = jobs;
  expect(jobs.cancel(id)).toBe(true);
  await changed;
  expect(jobs.list()).toMatchObject([{ state: 'cancelled', error: null }]);
  expect(jobs.cancel(id)).toBe(false);
});

test('a failure is told by its code; one that nobody foresaw, without its words', async () => {
  const jobs = new Jobs(createManualClock());
  const [known, unknown] = [held(), held()];
  jobs.start(pullOf('a'), known.work);
  known.fail(new FilonError({ code: 'MODEL_DISK_FULL' }, 'the disk is full'));
  await jobs.changed;
  jobs.start(pullOf('b'), unknown.work);
  unknown.fail(new TypeError('a secret prompt'));
  await jobs.changed;
  const [second, first] = jobs.list();
  expect(first?.error).toEqual({ code: 'MODEL_DISK_FULL', message: 'the disk is full' });
  expect(second?.error?.code).toBe('INTERNAL');
  expect(JSON.stringify(second)).not.toContain('secret');
});

test('four at a time, and 32 are remembered', async () => {
  const jobs = new Jobs(createManualClock());
  for (const model of ['a', 'b', 'c', 'd']) jobs.start(pullOf(model), held().work);
  expect(() => jobs.start(pullOf('e'), held().work)).toThrow(
    expect.objectContaining({ code: 'PANEL_JOBS_FULL' }),
  );
  jobs[Symbol.dispose]();
  await jobs.changed;
  for (let count = 0; count < 40; count++) {
    const one = held();
    jobs.start(pullOf(`m${count}`), one.work);
    one.done();
    await jobs.changed;
  }
  expect(jobs.list()).toHaveLength(32);
});
