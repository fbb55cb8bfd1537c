/** LoRAs as people use them: pulled by a command, asked for by HTTP as `base:name`, by other nodes as well. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jsonLines } from './kit/filon.ts';
import { OTHER_SHAPE, writeTinyLora } from './kit/lora.ts';
import { openRealNode, type RealNode, readEvents } from './kit/real-node.ts';

let node: RealNode;
const source = (name: string): string => join(node.home.folder, `${name}.gguf`);

beforeAll(async () => {
  node = await openRealNode({ model: 'tiny' });
  for (const [index, name] of ['poet', 'clerk'].entries())
    await writeTinyLora(source(name), { seed: index + 1 });
  await writeTinyLora(source('wide'), { shape: OTHER_SHAPE });
});
afterAll(() => node[Symbol.asyncDispose]());

const chat = (model: string, more: object = {}) => ({
  ...{ model, messages: [{ role: 'user', content: 'Hello' }], temperature: 0, seed: 1 },
  ...{ max_tokens: 60, ignore_eos: true, ...more },
});

async function answered(model: string): Promise<string> {
  const response = await node.post('/v1/chat/completions', chat(model));
  const body = (await response.json()) as { model: string; choices: { message: { content: string } }[] };
  if (!response.ok) throw new RangeError(JSON.stringify(body));
  expect(body.model).toBe(model);
  return body.choices[0]?.message.content ?? '';
}

async function read<T>(path: string): Promise<T> {
  return (await (await fetch(node.url + path)).json()) as T;
}

describe('a LoRA of a file', () => {
  test('is pulled on a base, listed and shown', async () => {
    const words = ['pull', `file:${source('poet')}`, '--base', 'tiny', '--json'];
    expect(jsonLines(await node.home.run(words)).at(-1)).toMatchObject({ name: 'tiny:poet' });
    const named = await node.home.run([
      'pull',
      `file:${source('clerk')}`,
      '--base',
      'tiny',
      '--as',
      'office',
    ]);
    expect(named.stdout).toMatch(/^tiny:office: .*, LoRA of rank 4, licence apache-2.0\.$/m);
    const list = (await node.home.run(['ls'])).stdout;
    expect(list).toMatch(/^tiny:poet .*llama F32 \+ LoRA/m);
    const shown = (await node.home.run(['show', 'tiny:poet'])).stdout;
    expect(shown).toMatch(/^LoRA +of rank 4, sha256 [0-9a-f]{64}$/m);
    expect(shown).toMatch(/^Base +tiny, sha256 [0-9a-f]{64}$/m);
  });

  test('that does not fit is refused, and so is a name without a base', async () => {
    const wide = await node.home.run(['pull', `file:${source('wide')}`, '--base', 'tiny']);
    expect(wide.stderr).toContain('[LORA_BASE_MISMATCH]');
    const alone = await node.home.run(['pull', `file:${source('poet')}`]);
    expect(alone.stderr).toMatch(/--base MODEL.*\[GGUF_NOT_A_MODEL\]/s);
    const nameless = await node.home.run(['pull', `file:${source('poet')}`, '--as', 'x']);
    expect(nameless.stderr).toContain('[CLI_OPTION_INVALID]');
  });

  test('is in the lists of every API, with its base', async () => {
    const { data } = await read<{ data: { id: string; parent?: string }[] }>('/v1/models');
    const ids = data.map(({ id, parent }) => [id, parent]);
    expect(ids).toEqual([
      ['tiny', undefined],
      ['tiny:office', 'tiny'],
      ['tiny:poet', 'tiny'],
    ]);
    type Tags = { models: { name: string; details: { parent_model: string } }[] };
    const { models } = await read<Tags>('/api/tags');
    expect(models.find(({ name }) => name === 'tiny:poet')?.details.parent_model).toBe('tiny');
  });

  test('answers beside its base and another, each with its own words', async () => {
    const models = ['tiny', 'tiny:poet', 'tiny:office'];
    const alone = [];
    for (const model of models) alone.push(await answered(model));
    expect(new Set(alone).size).toBe(3);
    expect(await Promise.all(models.map(answered))).toEqual(alone);
    const { engine, serving } = await node.status();
    expect(engine.workers.filter(({ pid }) => pid !== null)).toHaveLength(1);
    expect(serving.loaded.sort()).toEqual([...models].sort());
  });

  test('goes on with its answer after kill -9 of the worker', async () => {
    const pid = await node.workerPid();
    let killed = false;
    const streamed = await readEvents(
      await node.post('/v1/chat/completions', chat('tiny:poet', { stream: true, max_tokens: 300 })),
      () => {
        if (!killed) process.kill(pid, 'SIGKILL');
        killed = true;
      },
    );
    expect(streamed.data.at(-1)).toBe('[DONE]');
    expect(await node.workerPid()).not.toBe(pid);
    // It began as this one does, and as its base does not.
    const beginning = (text: string): string => text.slice(0, 12);
    expect(beginning(streamed.text)).toBe(beginning(await answered('tiny:poet')));
    expect(await answered('tiny')).not.toContain(beginning(streamed.text));
    expect(await node.metric('filon_resumed_total')).toBeGreaterThan(0);
  });

  test('is removed before its base', async () => {
    const refused = await node.home.run(['rm', 'tiny']);
    expect(refused.stderr).toMatch(/tiny:office, tiny:poet.*\[MODEL_HAS_LORAS\]/s);
    await node.home.run(['rm', 'tiny:poet']);
    const gone = await node.post('/v1/chat/completions', chat('tiny:poet'));
    expect(gone.status).toBe(404);
    expect(await answered('tiny:office')).not.toBe(await answered('tiny'));
  });
});
