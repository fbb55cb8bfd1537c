/** A LoRA that one node has, asked for at another that has neither it nor its base. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeTinyLora } from './kit/lora.ts';
import {
  never,
  openRealSwarm,
  type RealSwarm,
  SWARM_MODEL,
  type SwarmNode,
  until,
} from './kit/real-swarm.ts';

const POET = `${SWARM_MODEL}:poet`;

let swarm: RealSwarm;
let rig: SwarmNode;
let laptop: SwarmNode;
beforeAll(async () => {
  swarm = await openRealSwarm('tiny-alone');
  rig = await swarm.add({ name: 'rig', serves: true });
  laptop = await swarm.add({ name: 'laptop', serves: false });
  const path = join(rig.home.folder, 'poet.gguf');
  const shape = { layers: 8, width: 384, heads: 6, kvHeads: 2, headWidth: 64, feedForward: 1024 };
  await writeTinyLora(path, { shape });
  await rig.control.pull({ name: `file:${path}`, lora: { base: SWARM_MODEL, name: 'poet' } }, never);
  await rig.control.load({ name: POET }, never);
});
afterAll(() => swarm[Symbol.asyncDispose]());

async function answered({ url }: SwarmNode, model: string): Promise<string> {
  const chat = { messages: [{ role: 'user', content: 'What is down there?' }], max_tokens: 40 };
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...chat, model, temperature: 0, seed: 7, ignore_eos: true }),
  });
  const body = (await response.json()) as { choices?: { message: { content: string } }[] };
  if (!response.ok) throw new RangeError(JSON.stringify(body));
  return body.choices?.[0]?.message.content ?? '';
}

test('is announced as a model of its own, and computed where it is', async () => {
  const stored = (await rig.control.show({ name: POET }, never)).stored;
  await until('word of the LoRA', async () => {
    const { elsewhere } = await laptop.control.models({}, never);
    return elsewhere.some(({ name, sha256 }) => name === POET && sha256 === stored?.sha256);
  });
  const there = await answered(laptop, POET);
  expect(there).toBe(await answered(rig, POET));
  expect(there).not.toBe(await answered(laptop, SWARM_MODEL));
  expect((await laptop.status()).engine.workers).toEqual([]);
});
