/** `kill -9` of the worker under a real node, seen by clients over HTTP: their streams go on, or end with a reason. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Events, openRealNode, type RealNode, readEvents } from './kit/real-node.ts';
import { STARTER } from './kit/starter-model.ts';

const ANSWER_TOKENS = 40;

let node: RealNode;
beforeAll(async () => {
  node = await openRealNode({ model: 'starter', environment: { FILON_CONTEXT_TOKENS: '2048' } });
});
afterAll(() => node[Symbol.asyncDispose]());

function chat(content: string, more: object = {}): object {
  return {
    model: STARTER,
    messages: [{ role: 'user', content }],
    max_tokens: ANSWER_TOKENS,
    ignore_eos: true,
    temperature: 0,
    ...more,
  };
}

const STREAM = { stream: true, stream_options: { include_usage: true } };

async function kill(): Promise<number> {
  const pid = await node.workerPid();
  process.kill(pid, 'SIGKILL');
  return pid;
}

async function deaths(): Promise<number> {
  return await node.metric('filon_worker_deaths_total');
}

/** Reads a stream and kills the worker once for each entry, when so many events have come since the last kill. */
async function streamAndKill(content: string, killsAfter: readonly number[]): Promise<Events> {
  const answer = await node.post('/v1/chat/completions', chat(content, STREAM));
  expect(answer.status).toBe(200);
  const kills = [...killsAfter];
  let from = 0;
  let pauses = 0;
  return await readEvents(answer, async ({ data, comments }) => {
    const paused = comments.filter((comment) => comment === 'pause').length;
    if (paused > pauses) [pauses, from] = [paused, data.length];
    const [next] = kills;
    // Nobody is killed twice: the next life begins with the pause.
    if (next === undefined || pauses < killsAfter.length - kills.length || data.length - from < next) return;
    kills.shift();
    await kill();
  });
}

function expectWhole({ data, text }: Events): void {
  expect(data.at(-1)).toBe('[DONE]');
  const chunks = data.slice(0, -1).map((one) => JSON.parse(one));
  expect(chunks.at(-1).usage).toMatchObject({ completion_tokens: ANSWER_TOKENS });
  expect(chunks.filter((chunk) => chunk.choices[0]?.finish_reason === 'length')).toHaveLength(1);
  expect(text.length).toBeGreaterThan(ANSWER_TOKENS);
  expect(chunks.some((chunk) => 'error' in chunk)).toBe(false);
}

describe('a worker killed under a stream', () => {
  test.each([2, 9, 25])('after %i events costs a pause, and the answer is whole', async (killAfter) => {
    const before = await deaths();
    const seen = await streamAndKill(`What is in shaft ${killAfter}?`, [killAfter]);
    expectWhole(seen);
    expect(seen.comments.filter((comment) => comment === 'pause')).toHaveLength(1);
    expect(await deaths()).toBe(before + 1);
  });

  test('is felt by nobody else as more than a pause', async () => {
    const before = await deaths();
    const others = ['ore', 'salt', 'coal'].map(async (topic) => {
      const answer = await node.post('/v1/chat/completions', chat(`Tell me of ${topic}.`, STREAM));
      return await readEvents(answer);
    });
    const whole = node.post('/v1/chat/completions', chat('And of clay?'));
    expectWhole(await streamAndKill('And of chalk?', [6]));
    for (const seen of await Promise.all(others)) expectWhole(seen);
    expect(await (await whole).json()).toMatchObject({ usage: { completion_tokens: ANSWER_TOKENS } });
    expect(await deaths()).toBe(before + 1);
  });
});

describe('a request present at two deaths', () => {
  test('ends its stream with the reason, and the node goes on', async () => {
    const seen = await streamAndKill('A poisonous prompt', [4, 4]);
    const last = JSON.parse(seen.data.at(-1) ?? '{}');
    expect(last).toMatchObject({
      error: { code: 'SERVE_QUARANTINED', message: expect.stringMatching(/2 times/) },
    });
    expect(seen.data).not.toContain('[DONE]');
    expectWhole(await streamAndKill('A harmless prompt', []));
  });

  test('is refused as a whole, and the node goes on', async () => {
    const quarantined = await node.metric('filon_quarantined_total');
    const answer = node.post('/v1/chat/completions', chat('Another one', { max_tokens: 1500 }));
    let last = 0;
    for (let death = 1; death <= 2; death += 1) {
      const start = await node.metric('filon_generated_tokens_total');
      await expect
        .poll(async () => (await node.metric('filon_generated_tokens_total')) > start, { timeout: 30_000 })
        .toBe(true);
      const pid = await kill();
      expect(pid).not.toBe(last);
      last = pid;
      await expect
        .poll(async () => (await node.status()).engine.workers[0]?.pid, { timeout: 30_000 })
        .not.toBe(pid);
    }
    expect((await answer).status).toBe(422);
    expect(await (await answer).json()).toMatchObject({ error: { code: 'SERVE_QUARANTINED' } });
    expect(await node.metric('filon_quarantined_total')).toBe(quarantined + 1);
    expectWhole(await streamAndKill('Another harmless prompt', []));
    expect((await fetch(`${node.url}/readyz`)).status).toBe(200);
    expect(await node.metric('filon_sessions')).toBe(0);
  });
});
