import type { PanelJob } from '@filon/core/panel/messages';
import { expect, test } from 'vitest';
import { endedSince, modelJobs } from './model-jobs.ts';

function job(id: string, model: string, more: Partial<PanelJob> = {}): PanelJob {
  return {
    ...{ id, model, kind: 'pull', state: 'running', done: 0, total: null },
    ...{ perSecond: null, leftMs: null, error: null },
    ...more,
  };
}

const models = [
  { name: 'here', stored: true },
  { name: 'away', stored: false },
];
const none: ReadonlySet<string> = new Set();

test('work goes to its model, and what has none stands alone', () => {
  const { byModel, others } = modelJobs([job('2', 'hf:a/b/c.gguf'), job('1', 'away')], models, none);
  expect([...byModel]).toMatchObject([['away', { id: '1' }]]);
  expect(others).toMatchObject([{ id: '2' }]);
});

test('only the newest work of a model tells', () => {
  const jobs = [job('2', 'away', { state: 'done' }), job('1', 'away', { state: 'failed' })];
  expect(modelJobs(jobs, models, none).byModel.size).toBe(0);
});

test('failures stay until they are put away or settled', () => {
  const failed = { state: 'failed' } as const;
  expect(modelJobs([job('1', 'away', failed)], models, none).byModel.size).toBe(1);
  expect(modelJobs([job('1', 'away', failed)], models, new Set(['1'])).byModel.size).toBe(0);
  expect(modelJobs([job('1', 'here', failed)], models, none).byModel.size).toBe(0);
  expect(modelJobs([job('1', 'here', { ...failed, kind: 'load' })], models, none).byModel.size).toBe(1);
  expect(modelJobs([job('1', 'gone', { ...failed, kind: 'load' })], models, none).others).toEqual([]);
});

test('running work cannot be put away', () => {
  expect(modelJobs([job('1', 'away')], models, new Set(['1'])).byModel.size).toBe(1);
});

test('tells what has ended', () => {
  const before = [job('2', 'b'), job('1', 'a')];
  const now = [job('3', 'c', { state: 'failed' }), job('2', 'b', { state: 'done' }), job('1', 'a')];
  expect(endedSince(before, now)).toMatchObject([{ id: '2' }]);
  expect(endedSince(now, now)).toEqual([]);
});
