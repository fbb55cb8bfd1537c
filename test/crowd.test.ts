/** 200 clients at once against a real node with one thread: each is answered or told the truth, and memory stays bounded. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryOf, openRealNode, type RealNode, readEvents } from './kit/real-node.ts';
import { STARTER } from './kit/starter-model.ts';

const CLIENTS = 200;
const SESSIONS = 8;
const QUEUE = 32;
const ANSWER_TOKENS = 6;
const SYSTEM = 'You know the mines of the old mountains.';
const TIMEOUT_MS = 180_000;
/**
 * MB that two crowds may add, at their peak, to what the process held after its first answers: bodies and streams of 200
 * connections in the node, whose garbage V8 collects when it likes (measured: 20); in the worker little, since its cache
 * and buffers are made at the load (measured: 8).
 */
const NODE_PEAK_MB = 80;
const WORKER_PEAK_MB = 40;
/** And what the second crowd may add to what the first one left. */
const GROWTH_MB = 30;

let node: RealNode;
beforeAll(async () => {
  node = await openRealNode({
    model: 'starter',
    environment: {
      FILON_CONTEXT_TOKENS: '2048',
      FILON_SESSIONS_MAX: `${SESSIONS}`,
      FILON_QUEUE_MAX: `${QUEUE}`,
    },
  });
});
afterAll(() => node[Symbol.asyncDispose]());

interface Outcome {
  status: number;
  retryAfter: string | null;
  /** Of an answer: tokens; of a refusal: its code. */
  what: number | string;
}

async function client(index: number): Promise<Outcome> {
  const stream = index % 2 === 0;
  const answer = await node.post('/v1/chat/completions', {
    model: STARTER,
    messages: [
      { role: 'system', content: SYSTEM },
      { role: 'user', content: `What about mine number ${index}?` },
    ],
    max_tokens: ANSWER_TOKENS,
    ignore_eos: true,
    stream,
    ...(stream && { stream_options: { include_usage: true } }),
  });
  const { status } = answer;
  const retryAfter = answer.headers.get('retry-after');
  if (status !== 200) {
    const { error } = (await answer.json()) as { error: { code: string } };
    return { status, retryAfter, what: error.code };
  }
  if (!stream) return { status, retryAfter, what: tokensOf(await answer.json()) };
  const { data } = await readEvents(answer);
  expect(data.at(-1)).toBe('[DONE]');
  return { status, retryAfter, what: tokensOf(JSON.parse(data.at(-2) ?? '{}')) };
}

function tokensOf(body: unknown): number {
  return (body as { usage?: { completion_tokens?: number } }).usage?.completion_tokens ?? 0;
}

async function crowd(): Promise<void> {
  const counted = await Promise.all(
    ['admitted', 'refused'].map((name) => node.metric(`filon_${name}_total`)),
  );
  const outcomes = await Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)));
  const answered = outcomes.filter(({ status }) => status === 200);
  const refused = outcomes.filter(({ status }) => status !== 200);
  for (const { what } of answered) expect(what).toBe(ANSWER_TOKENS);
  for (const { status, retryAfter, what } of refused) {
    expect([429, 503]).toContain(status);
    expect(['SERVE_QUEUE_FULL', 'GATEWAY_REQUESTS_FULL']).toContain(what);
    expect(Number(retryAfter)).toBeGreaterThanOrEqual(1);
  }
  // Nobody is sent away while there is room.
  expect(answered.length).toBeGreaterThanOrEqual(SESSIONS + QUEUE);
  expect(refused.length).toBeGreaterThan(0);
  const after = await Promise.all(['admitted', 'refused'].map((name) => node.metric(`filon_${name}_total`)));
  expect(after[0]).toBe((counted[0] ?? 0) + answered.length);
  expect(after[1]).toBe((counted[1] ?? 0) + refused.filter(({ status }) => status === 503).length);
}

async function expectFree(): Promise<void> {
  await expect.poll(() => node.metric('filon_requests_in_flight')).toBe(0);
  const { serving, engine } = await node.status();
  expect(serving).toMatchObject({ active: 0, queued: 0 });
  expect(engine.sessions.reduce((sum, { count }) => sum + count, 0)).toBe(0);
  expect(engine.workers).toMatchObject([{ state: 'up', deaths: 0 }]);
  expect(await client(1)).toMatchObject({ status: 200 });
}

describe('200 clients at once', () => {
  test('are answered or told when to come again; then every slot is free', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const pids = [node.running.child.pid ?? 0, await node.workerPid()] as const;
    for (let warm = 0; warm < SESSIONS; warm += 1) await client(warm);
    const before = pids.map(memoryOf);
    await crowd();
    await expectFree();
    const between = pids.map(memoryOf);
    await crowd();
    await expectFree();
    const after = pids.map(memoryOf);
    for (const [index, name] of ['node', 'worker'].entries()) {
      const at = [before, between, after].map((memory) => memory[index]?.residentMb ?? Number.NaN);
      const peak = after[index]?.peakMb ?? Number.NaN;
      process.stdout.write(`${name}: ${at.map(Math.round).join(' -> ')} MB, ${Math.round(peak)} at most\n`);
      const allowed = index === 0 ? NODE_PEAK_MB : WORKER_PEAK_MB;
      expect(peak - (at[0] ?? 0)).toBeLessThan(allowed);
      expect((at[2] ?? 0) - (at[1] ?? 0)).toBeLessThan(GROWTH_MB);
    }
  });
});
