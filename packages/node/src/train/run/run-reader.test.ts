import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runOf } from '../../../../../test/kit/scripted-trainings.ts';
import { RunFolder } from './run-folder.ts';
import { RunReader } from './run-reader.ts';

let place = '';
let folder: RunFolder;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'filon-reader-'));
  folder = new RunFolder(place);
});
afterEach(() => rm(place, { recursive: true, maxRetries: 5 }));

const reader = (): RunReader => new RunReader({ folder, view: runOf('medical-1') });
const line = (step: number, loss = 1): string =>
  `${JSON.stringify({ kind: 'step', step, loss, gradientNorm: 1, learningRate: 0.1, tokens: 8, ms: 1 })}\n`;
const stepsOf = async (from: RunReader): Promise<number[]> =>
  (await from.look()).curves.steps.map(({ step }) => step);

test('before the first step there is nothing', async () => {
  expect(await stepsOf(reader())).toEqual([]);
});

test('lines are read once they are whole, and each once', async () => {
  const from = reader();
  await writeFile(folder.metricsPath, line(1) + line(2).slice(0, 20));
  expect(await stepsOf(from)).toEqual([1]);
  await appendFile(folder.metricsPath, line(2).slice(20) + line(3));
  expect(await stepsOf(from)).toEqual([1, 2, 3]);
  expect(await stepsOf(from)).toEqual([1, 2, 3]);
});

test('lines that are no metrics are passed over', async () => {
  await writeFile(folder.metricsPath, `${line(1)}{"kind":\nnonsense\n{"kind":"step"}\n${line(2)}`);
  expect(await stepsOf(reader())).toEqual([1, 2]);
});

test('a run that went back to a checkpoint is read from its beginning', async () => {
  const from = reader();
  await writeFile(folder.metricsPath, line(1) + line(2) + line(3));
  await from.look();
  await writeFile(folder.metricsPath, line(1) + line(2, 7));
  const { steps } = (await from.look()).curves;
  expect(steps.map(({ step, loss }) => [step, loss])).toEqual([
    [1, 1],
    [2, 7],
  ]);
});

test('a file larger than what is read at once comes whole', async () => {
  const count = 5000;
  await writeFile(folder.metricsPath, Array.from({ length: count }, (_, at) => line(at + 1)).join(''));
  const steps = await stepsOf(reader());
  expect(steps.at(-1)).toBe(count);
  expect(steps.length).toBeGreaterThan(200);
});
