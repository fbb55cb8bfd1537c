/** Real nodes of one swarm, and the official `openai` client at one that has neither a model nor an engine at work. */
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { never, openRealSwarm, type RealSwarm, SWARM_MODEL, type SwarmNode } from './kit/real-swarm.ts';

let swarm: RealSwarm;
let rig: SwarmNode;
let laptop: SwarmNode;
beforeAll(async () => {
  swarm = await openRealSwarm();
  rig = await swarm.add({ name: 'rig', serves: true });
  laptop = await swarm.add({ name: 'laptop', serves: false });
});
afterAll(() => swarm[Symbol.asyncDispose]());

const at = ({ url }: SwarmNode): OpenAI =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0, timeout: 60_000 });
const CHAT = {
  model: SWARM_MODEL,
  messages: [{ role: 'user' as const, content: 'What is down there?' }],
  ...{ max_tokens: 40, temperature: 0, seed: 7, ignore_eos: true },
};

describe('a node without a model', () => {
  test('came up by an invite alone, and fetched nothing', async () => {
    const ready = await laptop.running.event('ready');
    expect(ready).toMatchObject({ model: SWARM_MODEL, elsewhere: 'open' });
    const { stored, elsewhere } = await laptop.control.models({}, never);
    expect(stored).toEqual([]);
    expect(elsewhere).toMatchObject([{ name: SWARM_MODEL, sha256: swarm.model.sha256, tier: 'open' }]);
  });

  test('answers the official client with what the rig computes, byte for byte', async () => {
    const there = await at(rig).chat.completions.create(CHAT);
    const here = await at(laptop).chat.completions.create(CHAT);
    expect(here.choices).toEqual(there.choices);
    expect(here.usage).toMatchObject({ completion_tokens: 40 });
    let text = '';
    for await (const chunk of await at(laptop).chat.completions.create({ ...CHAT, stream: true }))
      text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe(there.choices[0]?.message.content);
    expect((await laptop.status()).engine.workers).toEqual([]);
  });

  test('lists what others have, marked so', async () => {
    const [model, ...more] = (await at(laptop).models.list()).data;
    expect(more).toEqual([]);
    expect(model).toMatchObject({ id: SWARM_MODEL, filon: { elsewhere: 'open', loaded: false } });
  });
});
