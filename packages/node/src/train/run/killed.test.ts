/** Runs whose processes are killed at any instant, against one that nobody disturbed: real processes, the same numbers. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Metric, metricSchema } from '@filon/core/training/run';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeSmallRecipe } from '../../../../../test/kit/small-recipe.ts';

const ENTRY = new URL('../../../../../test/kit/run-process.ts', import.meta.url);
const STEPS = 30;
let folder = '';
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'filon-killed-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, maxRetries: 5 });
});

function start(place: string, recipe: string): { child: ChildProcess; ended: Promise<string> } {
  const child = fork(ENTRY, [place, recipe], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  children.push(child);
  let said = '';
  child.stdout?.on('data', (data: Buffer) => {
    said += data.toString();
  });
  return { child, ended: once(child, 'close').then(() => said) };
}

const runFolder = (place: string): string => join(place, 'training', 'small-1');

function lines(place: string): string[] {
  const path = join(runFolder(place), 'metrics.jsonl');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
}

/** Everything but how long it took. */
function numbers(place: string): Metric[] {
  return lines(place).map((line) => {
    const metric = metricSchema.parse(JSON.parse(line));
    return metric.kind === 'step' ? { ...metric, ms: 0 } : metric;
  });
}

function finalState(place: string): string {
  const path = join(runFolder(place), 'checkpoints', `${String(STEPS).padStart(8, '0')}.json`);
  return JSON.parse(readFileSync(path, 'utf8')).state.sha256;
}

/** The process that trains for another one. */
function trainingOf({ pid }: ChildProcess): number | null {
  const children_ = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  const found = children_.find((id) => {
    try {
      return readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('trainer/process/main.ts');
    } catch {
      return false;
    }
  });
  return found === undefined ? null : Number(found);
}

/** It may be over a moment before. */
function killTraining(child: ChildProcess): void {
  const pid = trainingOf(child);
  try {
    if (pid !== null) process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

test.runIf(process.platform === 'linux')(
  'has exactly the losses, and ends in exactly the state, of one that was not killed',
  { timeout: 120_000 },
  async () => {
    const recipe = writeSmallRecipe(folder, { training: { steps: STEPS, checkpointEverySteps: 4 } });
    const whole = join(folder, 'whole');
    expect(await start(whole, recipe).ended).toContain('"done"');
    const place = join(folder, 'cut');
    // Kills after so many further lines of metrics: one of the whole, the next of the training's process alone.
    const instants = fc.sample(fc.nat({ max: 7 }), 5);
    let running = start(place, recipe);
    let over = false;
    void running.ended.then(() => {
      over = true;
    });
    for (const [at, more] of instants.entries()) {
      const least = lines(place).length + more;
      await expect
        .poll(() => over || (lines(place).length >= least && trainingOf(running.child) !== null), {
          timeout: 60_000,
          interval: 2,
        })
        .toBe(true);
      if (over) break;
      if (at % 2 === 1) {
        killTraining(running.child);
        continue;
      }
      running.child.kill('SIGKILL');
      await running.ended;
      over = false;
      running = start(place, recipe);
      void running.ended.then(() => {
        over = true;
      });
    }
    expect(await running.ended, `kills after ${instants.join(', ')}`).toContain('"done"');
    expect(numbers(place), `kills after ${instants.join(', ')}`).toEqual(numbers(whole));
    expect(numbers(place).filter(({ kind }) => kind === 'step')).toHaveLength(STEPS);
    expect(finalState(place)).toBe(finalState(whole));
    expect(readdirSync(join(runFolder(place), 'checkpoints'))).toHaveLength(4);
  },
);
