/** Training as people do it: one command against a real node, and a model that answers afterwards. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunView } from '@filon/core/training/run';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { jsonLines, openTestHome, type TestHome } from './kit/filon.ts';
import { openRealNode, type RealNode } from './kit/real-node.ts';
import { writeSmallRecipe } from './kit/small-recipe.ts';

const { signal } = new AbortController();
let home: TestHome;
let node: RealNode;
let recipe = '';
beforeAll(async () => {
  home = openTestHome();
  recipe = writeSmallRecipe(home.folder, { training: { steps: 40, checkpointEverySteps: 5 } });
  node = await open();
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const open = (): Promise<RealNode> =>
  openRealNode({
    model: null,
    home,
    environment: { FILON_MACHINE_WATTS: '100', FILON_PRICE_PER_KWH: '0.5' },
  });

/** How an answer of a model ended: by itself, or at the most that was asked for. So small a one may say nothing at all. */
async function endOfAnswer(model: string): Promise<string> {
  const messages = [{ role: 'user', content: 'the rig' }];
  const response = await node.post('/v1/chat/completions', { model, messages, max_tokens: 8 });
  return answerSchema.parse(await response.json()).choices[0].finish_reason;
}

const answerSchema = z.object({
  model: z.string(),
  usage: z.object({ prompt_tokens: z.int().positive() }),
  choices: z.tuple([z.object({ finish_reason: z.enum(['stop', 'length']) })]),
});
const shown = async (run: string): Promise<RunView> => (await node.control.run({ run }, { signal })).run;

function metrics(run: string): { kind: string; step: number; loss: number }[] {
  const text = readFileSync(join(home.home, 'training', run, 'metrics.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => ({ ...JSON.parse(line), ms: 0 }));
}

test('a recipe becomes a model that is listed, says where it is from, and answers', {
  timeout: 120_000,
}, async () => {
  const ran = await home.run(['train', recipe, '--yes']);
  expect([ran.code, ran.stderr]).toEqual([
    0,
    expect.stringMatching(/It takes 40 steps, about .*kWh.*for the energy/),
  ]);
  expect(ran.stdout).toMatch(/held-out bits a byte +\d\.\d+ +\d\.\d+/);
  const run = await shown('small-1');
  expect(run).toMatchObject({ state: 'done', steps: 40, error: null, result: { name: 'small-1' } });
  expect(run.after?.heldOut?.loss).toBeLessThan((run.before?.heldOut?.loss ?? 0) * 0.8);
  const listed = await home.run(['ls', '--json']);
  expect(listed.stdout).toContain('small-1');
  const [model] = jsonLines(await home.run(['show', 'small-1', '--json']));
  expect(model).toMatchObject({ stored: { licence: 'CC0-1.0', architecture: 'llama', quantization: 'F16' } });
  expect(await endOfAnswer('small-1')).toMatch(/^(stop|length)$/);
  const runs = jsonLines(await home.run(['train', 'ls', '--json']));
  expect(runs[0]).toMatchObject([{ id: 'small-1', state: 'done' }]);
  expect((await home.run(['train', 'show', 'small-1'])).stdout).toMatch(/Numbers +cpu\.[^\n]+threads-1/);
});

test('a run that waits for a yes, is stopped and resumed, and whose node is killed, ends with the same losses', {
  timeout: 120_000,
}, async () => {
  await node.control.unload({ name: 'small-1' }, { signal });
  const asked = await home.run(['train', recipe, '--json']);
  expect([asked.code, jsonLines(asked).at(-1)]).toEqual([
    1,
    { error: expect.objectContaining({ details: { code: 'CLI_NO_INPUT' } }) },
  ]);
  expect(await shown('small-2')).toMatchObject({ state: 'quoted', progress: { step: 0 } });
  await node.control.resumeRun({ run: 'small-2' }, { signal });
  await expect
    .poll(() => shown('small-2').then(({ progress }) => progress.step), { timeout: 60_000 })
    .toBeGreaterThan(4);
  const stopped = await home.run(['train', 'stop', 'small-2']);
  expect(stopped.stdout).toMatch(/small-2 is stopped at step \d+/);
  await node.control.resumeRun({ run: 'small-2' }, { signal });
  const from = (await shown('small-2')).progress.step;
  await expect
    .poll(() => shown('small-2').then(({ state, progress }) => state === 'done' || progress.step > from), {
      timeout: 60_000,
    })
    .toBe(true);
  node.running.child.kill('SIGKILL');
  await node.running.ended;
  node = await open();
  const followed = await node.control.watchRun({ run: 'small-2' }, { signal });
  expect([followed.state, followed.error]).toEqual(['done', null]);
  expect(metrics('small-2')).toEqual(metrics('small-1'));
  const [one, other] = [await shown('small-1'), followed];
  expect(other.after).toEqual(one.after);
  const evaluated = jsonLines(await home.run(['eval', 'small-2', '--json'])).at(-1);
  expect(evaluated).toEqual(one.after);
  const file = join(home.folder, 'exported.gguf');
  expect((await home.run(['train', 'export', 'small-2', file])).code).toBe(0);
  expect(existsSync(file)).toBe(true);
});

test('a LoRA on it is trained with its own tokenizer, and asked for as base:name', {
  timeout: 120_000,
}, async () => {
  const lora = writeSmallRecipe(home.folder, {
    base: { model: 'small-1', name: 'manners' },
    training: { steps: 12, learningRate: 0.05 },
    evaluation: { perplexityRiseMax: 10 },
  });
  const ran = await home.run(['train', lora, '--yes']);
  expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining('manners-1')]);
  const run = await shown('manners-1');
  expect(run).toMatchObject({
    state: 'done',
    result: { name: 'small-1:manners-1' },
    base: { name: 'small-1' },
  });
  const trained = await shown('small-1');
  expect(run.before?.heldOut?.loss).toBeCloseTo(trained.after?.heldOut?.loss ?? 0, 2);
  expect(run.after?.heldOut?.loss).toBeLessThan((run.before?.heldOut?.loss ?? 0) - 0.02);
  const looked = jsonLines(await home.run(['eval', 'small-1', lora, '--json'])).at(-1);
  expect(looked).toMatchObject({ heldOut: { loss: expect.closeTo(run.before?.heldOut?.loss ?? 0, 3) } });
  expect(await endOfAnswer('small-1:manners-1')).toMatch(/^(stop|length)$/);
});

test('a question takes the device from a run, which goes on when it is free again', {
  timeout: 120_000,
}, async () => {
  await node.control.unload({ name: 'small-1:manners-1' }, { signal });
  const long = writeSmallRecipe(home.folder);
  const ran = await home.run(['train', long, '--steps', '1000000', '--yes', '--detach', '--json']);
  const { id } = jsonLines(ran).at(-1) as unknown as RunView;
  const step = async (): Promise<number> => (await shown(id)).progress.step;
  await expect.poll(step, { timeout: 60_000 }).toBeGreaterThan(3);
  expect(await endOfAnswer('small-1')).toMatch(/^(stop|length)$/);
  await expect.poll(async () => (await shown(id)).state, { timeout: 60_000 }).toBe('waiting');
  const { progress } = await shown(id);
  expect(progress.checkpointStep).toBe(progress.step);
  await node.control.unload({ name: 'small-1' }, { signal });
  await expect.poll(step, { timeout: 60_000 }).toBeGreaterThan(progress.step);
  expect(jsonLines(await home.run(['train', 'stop', id, '--json']))[0]).toMatchObject({ state: 'stopped' });
});

test('what cannot be is said with what to do', async () => {
  const unknown = await home.run(['train', 'show', 'none-9', '--json']);
  expect(jsonLines(unknown)[0]).toMatchObject({ error: { details: { code: 'TRAIN_RUN_UNKNOWN' } } });
  const nearly = await home.run(['train', 'medcal']);
  expect(nearly.stderr).toMatch(/did you mean medical/);
  await using elsewhere = openTestHome();
  expect((await elsewhere.run(['train', 'ls'])).stderr).toMatch(/Start one with `filon up`/);
});
