/** LoRAs in real worker processes: several on one base at the same time, each as if it were alone. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_SAMPLING } from '@filon/core/serving/sampling';
import type { LoadSpec } from '@filon/core/serving/session';
import { createMemoryLog } from '@filon/node/adapters/memory/log';
import { createMemoryStore } from '@filon/node/adapters/memory/store';
import { openWorkerEngine, type WorkerEngine } from '@filon/node/adapters/worker/engine';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tinyModel } from './kit/gguf.ts';
import { OTHER_SHAPE, tinyLora, writeTinyLora } from './kit/lora.ts';
import { ENGINE_CONFIG } from './kit/worker-engine.ts';

const signal = AbortSignal.timeout(600_000);
/** Long enough for what is read of it to be worth a copy. */
const PROMPT = 'The lamp in the mine went out, and nobody who was there said a word for a while';
/** Of these a worker has not computed the last when the first are seen. */
const ANSWER_TOKENS = 200;

let folder = '';
let base: LoadSpec;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'filon-loras-'));
  await writeFile(join(folder, 'tiny.gguf'), tinyModel({ weights: 'q8_0' }));
  for (const [index, name] of ['poet', 'clerk'].entries())
    await writeTinyLora(join(folder, `${name}.gguf`), { seed: index + 1 });
  const path = join(folder, 'tiny.gguf');
  base = { model: 'tiny', path, device: 'cpu', mode: 'fast', contextTokens: 512, sessionsMax: 2 };
});
afterAll(() => rm(folder, { recursive: true }));

const tuned = (name: string): LoadSpec => ({
  ...base,
  model: `tiny:${name}`,
  loraPath: join(folder, `${name}.gguf`),
});

function openEngine(): Promise<WorkerEngine> {
  return openWorkerEngine(ENGINE_CONFIG, { store: createMemoryStore(), log: createMemoryLog() });
}

interface Asked {
  engine: WorkerEngine;
  model: string;
  /** Of an answer that began before. */
  drawn?: readonly number[];
  onToken?: (tokens: readonly number[]) => void;
  /** Absent: nothing that was computed before is reused. */
  scope?: string;
}

let asked = 0;

/** Greedy. Resolves to the answer's tokens, and how many of the prompt's were there already. */
async function ask({ engine, model, drawn = [], onToken, scope }: Asked) {
  asked += 1;
  const id = `${asked}`;
  const { tokens } = await engine.tokenize(model, { kind: 'text', text: PROMPT }, { signal });
  const said = [...drawn];
  let cachedTokens = 0;
  const request = {
    ...{
      session: id,
      model,
      tokens: Int32Array.of(...tokens, ...drawn),
      promptTokens: tokens.length,
    },
    ...{ maxTokens: ANSWER_TOKENS, stop: [], grammar: null, topLogprobs: null, ignoreEos: true },
    ...{ scope: scope ?? id, sampling: { ...DEFAULT_SAMPLING, temperature: 0 } },
  };
  for await (const event of engine.open(request, { signal })) {
    if (event.kind === 'prefilled') ({ cachedTokens } = event);
    if (event.kind !== 'token') continue;
    said.push(event.token);
    onToken?.(said);
  }
  return { tokens: said, cachedTokens, promptTokens: tokens.length };
}

/** Asked of an engine that has nothing else in memory; after `drawn`, to go on from there. */
async function alone(spec: LoadSpec, drawn: readonly number[] = []): Promise<number[]> {
  await using engine = await openEngine();
  await engine.load(spec, { signal });
  return (await ask({ engine, model: spec.model, drawn })).tokens;
}

function kill(engine: WorkerEngine): void {
  const { pid } = engine.status().workers[0] ?? {};
  if (pid == null) throw new RangeError('no worker to kill');
  process.kill(pid, 'SIGKILL');
}

describe('two LoRAs and their base in one worker', () => {
  let engine: WorkerEngine;
  const specs = (): LoadSpec[] => [base, tuned('poet'), tuned('clerk')];
  const answers = new Map<string, number[]>();
  beforeAll(async () => {
    for (const spec of specs()) answers.set(spec.model, await alone(spec));
    engine = await openEngine();
    for (const spec of specs()) await engine.load(spec, { signal });
  });
  afterAll(async () => engine[Symbol.asyncDispose]());

  test('answer differently', () => {
    const texts = [...answers.values()].map(String);
    expect(texts.every((text) => text.split(',').length === ANSWER_TOKENS)).toBe(true);
    expect(new Set(texts).size).toBe(3);
  });

  test('answer at the same time what each answers alone, with the weights in memory once', async () => {
    expect(engine.status().workers.filter(({ pid }) => pid !== null)).toHaveLength(1);
    const order: string[] = [];
    const together = await Promise.all(
      specs().map(({ model }) => ask({ engine, model, onToken: () => order.push(model) })),
    );
    expect(together.map(({ tokens }) => tokens)).toEqual(specs().map(({ model }) => answers.get(model)));
    // They took turns: each had begun before any had ended.
    const ends = specs().map(({ model }) => order.lastIndexOf(model));
    const begins = specs().map(({ model }) => order.indexOf(model));
    expect(Math.max(...begins)).toBeLessThan(Math.min(...ends));
  });

  test('a prompt that one has read is not reused by another', async () => {
    const scope = 'one reader';
    const first = await ask({ engine, model: 'tiny:poet', scope });
    expect(first.cachedTokens).toBe(0);
    expect((await ask({ engine, model: 'tiny:clerk', scope })).cachedTokens).toBe(0);
    const again = await ask({ engine, model: 'tiny:poet', scope });
    expect(again.cachedTokens).toBe(again.promptTokens - 1);
  });

  test('embed differently', async () => {
    const { tokens } = await engine.tokenize('tiny', { kind: 'text', text: PROMPT }, { signal });
    const vectors = [];
    for (const { model } of specs()) vectors.push(...(await engine.embed(model, [tokens], { signal })));
    expect(new Set(vectors.map(String)).size).toBe(3);
  });

  test('one that leaves takes nothing from the others', async () => {
    await engine.unload('tiny:poet', { signal });
    await engine.unload('tiny', { signal });
    await expect(ask({ engine, model: 'tiny:poet' })).rejects.toMatchObject({
      code: 'ENGINE_MODEL_NOT_LOADED',
    });
    expect((await ask({ engine, model: 'tiny:clerk' })).tokens).toEqual(answers.get('tiny:clerk'));
    await engine.load(tuned('poet'), { signal });
    await engine.load(base, { signal });
    expect((await ask({ engine, model: 'tiny:poet' })).tokens).toEqual(answers.get('tiny:poet'));
  });

  test('after kill -9 in mid-answer each goes on with its own', async () => {
    const drawn = new Map<string, readonly number[]>();
    const cut = specs().map(({ model }) => {
      const onToken = (tokens: readonly number[]): void => {
        drawn.set(model, [...tokens]);
        if (model === 'tiny:poet' && tokens.length === 20) kill(engine);
      };
      return ask({ engine, model, onToken });
    });
    for (const one of await Promise.allSettled(cut))
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'ENGINE_WORKER_DIED' } });
    for (const spec of specs()) {
      const begun = drawn.get(spec.model) ?? [];
      expect(begun.length).toBeGreaterThan(0);
      const resumed = (await ask({ engine, model: spec.model, drawn: begun })).tokens;
      expect(resumed).toEqual(await alone(spec, begun));
    }
  });

  test('a file that is no LoRA of it is refused, and nobody else hears of it', async () => {
    const { pid, deaths } = engine.status().workers[0] ?? {};
    await writeFile(join(folder, 'rubbish.gguf'), Buffer.alloc(4096, 0x5a));
    await writeFile(join(folder, 'wide.gguf'), await tinyLora({ shape: OTHER_SHAPE }));
    const load = (name: string) => engine.load(tuned(name), { signal });
    const answering = ask({ engine, model: 'tiny:poet' });
    await expect(load('rubbish')).rejects.toMatchObject({ code: 'GGUF_NOT_GGUF' });
    await expect(load('wide')).rejects.toMatchObject({ code: 'LORA_BASE_MISMATCH' });
    await expect(load('tiny')).rejects.toMatchObject({ code: 'GGUF_NOT_A_LORA' });
    expect((await answering).tokens).toEqual(answers.get('tiny:poet'));
    expect(engine.status().workers[0]).toMatchObject({ pid, deaths });
  });
});

test('numbers that are none are found before anybody is answered', async () => {
  const path = join(folder, 'broken.gguf');
  const bytes = await tinyLora();
  // The last numbers of the last tensor.
  bytes.fill(0xff, bytes.length - 64);
  await writeFile(path, bytes);
  await using engine = await openEngine();
  await expect(engine.load(tuned('broken'), { signal })).rejects.toMatchObject({
    code: 'ENGINE_SELF_TEST_FAILED',
  });
});

test('exact mode is certified for each LoRA, and its answers do not depend on the others', async () => {
  await using engine = await openEngine();
  const exact = (spec: LoadSpec): LoadSpec => ({ ...spec, mode: 'exact' });
  await expect(engine.load(exact(tuned('poet')), { signal })).rejects.toMatchObject({
    code: 'ENGINE_NOT_CERTIFIED',
  });
  const classes = [];
  for (const { model, path, loraPath } of [base, tuned('poet')]) {
    const file = { model, path, ...(loraPath !== undefined && { loraPath }) };
    const found = await engine.certify({ ...file, device: 'cpu', measure: false }, { signal });
    expect(found.settings).not.toBeNull();
    classes.push(found.numericClass);
  }
  expect(new Set(classes).size).toBe(2);
  for (const spec of [base, tuned('poet')]) await engine.load(exact(spec), { signal });
  const single = await ask({ engine, model: 'tiny:poet' });
  const crowd = await Promise.all(['tiny', 'tiny:poet', 'tiny:poet'].map((model) => ask({ engine, model })));
  expect(crowd.slice(1).map(({ tokens }) => tokens)).toEqual([single.tokens, single.tokens]);
  let drawn: readonly number[] = [];
  const onToken = (tokens: readonly number[]): void => {
    drawn = [...tokens];
    if (tokens.length === 20) kill(engine);
  };
  await expect(ask({ engine, model: 'tiny:poet', onToken })).rejects.toMatchObject({
    code: 'ENGINE_WORKER_DIED',
  });
  expect((await ask({ engine, model: 'tiny:poet', drawn })).tokens).toEqual(single.tokens);
});
