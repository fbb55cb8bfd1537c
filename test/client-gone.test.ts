/** Clients that leave a real node before their answer is whole: nothing further is computed for them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRealNode, type RealNode, readEvents } from './kit/real-node.ts';
import { STARTER } from './kit/starter-model.ts';

const LONG = 1500;
/** Answered after the leaver: long enough that a session left running would be seen to go on. */
const NEXT_TOKENS = 24;

let node: RealNode;
beforeAll(async () => {
  node = await openRealNode({
    model: 'starter',
    environment: { FILON_CONTEXT_TOKENS: '2048', FILON_SESSIONS_MAX: '4' },
  });
});
afterAll(() => node[Symbol.asyncDispose]());

function chat(content: string, more: object = {}): object {
  return {
    model: STARTER,
    messages: [{ role: 'user', content }],
    max_tokens: LONG,
    ignore_eos: true,
    ...more,
  };
}

const generated = (): Promise<number> => node.metric('filon_generated_tokens_total');
const cancelled = (): Promise<number> => node.metric('filon_cancelled_total');

async function until(condition: () => Promise<boolean>): Promise<void> {
  await expect.poll(condition, { interval: 20, timeout: 30_000 }).toBe(true);
}

/** Every slot is free, and only what is asked for now is computed: to the token. */
async function expectIdle(): Promise<void> {
  await until(async () => (await node.metric('filon_requests_in_flight')) === 0);
  const { serving, engine } = await node.status();
  expect(serving).toMatchObject({ active: 0, queued: 0 });
  expect(engine.sessions.reduce((sum, { count }) => sum + count, 0)).toBe(0);
  const before = await generated();
  const next = await node.post('/v1/chat/completions', chat('What next?', { max_tokens: NEXT_TOKENS }));
  expect(await next.json()).toMatchObject({ usage: { completion_tokens: NEXT_TOKENS } });
  expect(await generated()).toBe(before + NEXT_TOKENS);
}

/** Asks, and leaves when `when` says so; resolves when the node has been left. */
async function leave(body: object, when: () => Promise<unknown>): Promise<void> {
  const leaving = new AbortController();
  const answering = node.post('/v1/chat/completions', body, { signal: leaving.signal });
  const over = answering
    .then((answer) => answer.text())
    .then(
      () => 'answered',
      () => 'left',
    );
  await when();
  leaving.abort();
  expect(await over).toBe('left');
}

describe('a client that leaves', () => {
  test.each([
    ['a stream', { stream: true }, 1],
    ['a stream of three choices', { stream: true, n: 3 }, 3],
    ['an answer that comes as a whole', {}, 1],
  ])('in the middle of %s ends its work', async (_, more, sessions) => {
    const [start, left] = [await generated(), await cancelled()];
    await leave(chat('Tell me a very long story.', more), () =>
      until(async () => (await generated()) > start + 10 * sessions),
    );
    await expectIdle();
    expect(await cancelled()).toBe(left + sessions);
    expect(await generated()).toBeLessThan(start + LONG);
  });

  test('as its reader breaks off ends its work', async () => {
    const left = await cancelled();
    const answer = await node.post('/v1/chat/completions', chat('Count for ever.', { stream: true }));
    const reading = readEvents(answer, ({ data }) => {
      if (data.length > 5) throw new RangeError('enough');
    });
    await expect(reading).rejects.toThrow('enough');
    await expectIdle();
    expect(await cancelled()).toBe(left + 1);
  });

  test('while its prompt is read ends its work', async () => {
    const prompts = await node.metric('filon_prompt_tokens_total');
    const before = await generated();
    await leave(chat('ore '.repeat(1500), { max_tokens: 100 }), () =>
      until(async () => (await node.metric('filon_sessions')) === 1),
    );
    await expectIdle();
    expect(await generated()).toBe(before + NEXT_TOKENS);
    // It has 1,500 and more; they are read in pieces.
    expect(await node.metric('filon_prompt_tokens_total')).toBeLessThan(prompts + 1500);
  });

  test('in the queue never comes to a slot, and the one behind does', async () => {
    const holding = Array.from({ length: 4 }, async (_, index) => {
      const body = chat(`Hold ${index}`, { max_tokens: 60 });
      return (await node.post('/v1/chat/completions', body)).status;
    });
    await until(async () => (await node.metric('filon_sessions')) === 4);
    const admitted = await node.metric('filon_admitted_total');
    await leave(chat('In vain'), () => until(async () => (await node.metric('filon_queue')) === 1));
    const behind = node.post('/v1/chat/completions', chat('Behind', { max_tokens: 2 }));
    expect(await Promise.all(holding)).toEqual([200, 200, 200, 200]);
    expect((await behind).status).toBe(200);
    await until(async () => (await node.metric('filon_requests_in_flight')) === 0);
    expect(await node.metric('filon_admitted_total')).toBe(admitted + 1);
    await expectIdle();
  });
});
