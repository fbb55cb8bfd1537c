/** Answers of a real node that outlive their connection, and `kill -9` of the node. */
import { mkdir } from 'node:fs/promises';
import { createMemoryLog } from '@filon/node/adapters/memory/log';
import { openSqliteStore } from '@filon/node/adapters/sqlite/store';
import { openWorkerEngine } from '@filon/node/adapters/worker/engine';
import { homePaths } from '@filon/node/home/paths';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openTestHome, type TestHome } from './kit/filon.ts';
import { openRealNode, type RealNode } from './kit/real-node.ts';
import { STARTER, starterModel } from './kit/starter-model.ts';
import { ENGINE_CONFIG } from './kit/worker-engine.ts';

const ANSWER_TOKENS = 60;
/** By their length, as all that ignore the end mark. */
const ENDED = 'response.incomplete';
/** Longer than what the tests put into a session; the whole proof is `filon certify`'s. */
const CACHE_TOKENS = [256];
const SETUP_TIMEOUT_MS = 600_000;

const usageSchema = z.object({ output_tokens: z.number() });
const responseSchema = z.object({
  id: z.string(),
  status: z.string(),
  output: z.array(z.object({ content: z.array(z.object({ text: z.string() })).default([]) })),
  usage: usageSchema.nullish(),
});
const eventSchema = z.object({
  type: z.string(),
  sequence_number: z.number(),
  delta: z.string().default(''),
  response: responseSchema.optional(),
});
type Event = z.infer<typeof eventSchema>;
type Whole = z.infer<typeof responseSchema>;

const body = (more: object = {}): object => ({
  ...{ model: STARTER, input: 'Tell me of the old mine.', max_output_tokens: ANSWER_TOKENS },
  ...{ temperature: 0.8, seed: 7, ignore_eos: true, store: true, background: true, ...more },
});
const textOf = (events: readonly Event[]): string => events.map(({ delta }) => delta).join('');
const wholeText = ({ output }: Whole): string =>
  output.flatMap(({ content }) => content.map(({ text }) => text)).join('');

/** Reads until `enough` says so, then leaves; or to the end of the stream, wherever that is. */
async function read(
  response: Response,
  enough: (events: readonly Event[]) => boolean = () => false,
): Promise<Event[]> {
  expect(response.status).toBe(200);
  const events: Event[] = [];
  let rest = '';
  try {
    for await (const piece of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + piece).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data !== undefined) events.push(eventSchema.parse(JSON.parse(data)));
      }
      if (enough(events)) break;
    }
  } catch (error) {
    // What undici throws when the other end is gone.
    if (!(error instanceof TypeError)) throw error;
  }
  return events;
}

function idOf(events: readonly Event[]): string {
  return events.find(({ response }) => response !== undefined)?.response?.id ?? '';
}

function follow(node: RealNode, id: string, after: number): Promise<Response> {
  return fetch(`${node.url}/v1/responses/${id}?stream=true&starting_after=${after}`);
}

async function get(node: RealNode, id: string): Promise<Whole> {
  return responseSchema.parse(await (await fetch(`${node.url}/v1/responses/${id}`)).json());
}

function expectWhole(events: readonly Event[]): void {
  expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
  const last = events.at(-1);
  expect(last).toMatchObject({
    type: ENDED,
    response: { usage: { output_tokens: ANSWER_TOKENS } },
  });
  expect(textOf(events)).toBe(last?.response === undefined ? '' : wholeText(last.response));
}

describe.each(['exact', 'fast'] as const)('in %s mode', (mode) => {
  let home: TestHome;
  let node: RealNode;
  const up = async (): Promise<void> => {
    const environment = { FILON_CONTEXT_TOKENS: '1024', FILON_SESSIONS_MAX: '2', FILON_MODE: mode };
    node = await openRealNode({ model: 'starter', environment, home });
  };
  beforeAll(async () => {
    home = openTestHome();
    if (mode === 'exact') await certify(home);
    await up();
  }, SETUP_TIMEOUT_MS);
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });
  const restart = async (signal: NodeJS.Signals): Promise<void> => {
    node.running.child.kill(signal);
    await node.running.ended;
    await up();
  };

  test.each([3, 20, 45])('kill -9 after %i events of an answer', { timeout: 120_000 }, async (count) => {
    const request = body({ seed: count, stream: true });
    const stream = await node.post('/v1/responses', request);
    const before = await read(stream, ({ length }) => {
      if (length >= count) node.running.child.kill('SIGKILL');
      return false;
    });
    await node.running.ended;
    expect(before.length).toBeGreaterThanOrEqual(count);
    expect(before.at(-1)?.type).not.toBe(ENDED);
    await up();
    const after = await read(await follow(node, idOf(before), before.length - 1));
    expectWhole([...before, ...after]);
    expect(wholeText(await get(node, idOf(before)))).toBe(textOf([...before, ...after]));
    if (mode === 'fast') return;
    const undisturbed = await node.post('/v1/responses', body({ seed: count, background: false }));
    const whole = responseSchema.parse(await undisturbed.json());
    expect(textOf([...before, ...after])).toBe(wholeText(whole));
  });

  test('a background answer goes on by itself after the node was killed, and after an orderly stop', async () => {
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const started = await node.post('/v1/responses', body({ max_output_tokens: 150 }));
      const { id } = responseSchema.parse(await started.json());
      const tokens = (): Promise<number> => node.metric('filon_generated_tokens_total');
      const soFar = await tokens();
      await expect.poll(tokens, { timeout: 30_000 }).toBeGreaterThan(soFar);
      await restart(signal);
      await expect.poll(async () => (await get(node, id)).status, { timeout: 60_000 }).toBe('incomplete');
      expect((await get(node, id)).usage).toEqual(expect.objectContaining({ output_tokens: 150 }));
    }
  }, 120_000);
});

describe('without a restart', () => {
  let node: RealNode;
  beforeAll(async () => {
    node = await openRealNode({ model: 'starter', environment: { FILON_CONTEXT_TOKENS: '2048' } });
  }, SETUP_TIMEOUT_MS);
  afterAll(() => node[Symbol.asyncDispose]());
  afterEach(async () => {
    await expect.poll(() => node.metric('filon_sessions'), { timeout: 10_000 }).toBe(0);
  });

  test('whoever loses the connection goes on where it was, as often as need be', async () => {
    const events = await read(
      await node.post('/v1/responses', body({ stream: true })),
      ({ length }) => length > 5,
    );
    const id = idOf(events);
    while (events.at(-1)?.type !== ENDED) {
      const from = events.length;
      const next = await follow(node, id, from - 1);
      events.push(...(await read(next, ({ length }) => length > 9)));
      expect(events.length).toBeGreaterThan(from);
    }
    expectWhole(events);
  });

  test('cancelling frees the slot at once: not one token more is computed', async () => {
    const endless = body({ stream: true, max_output_tokens: 1900 });
    const stream = await node.post('/v1/responses', endless);
    const events = await read(stream, ({ length }) => length > 9);
    const cancelled = await node.post(`/v1/responses/${idOf(events)}/cancel`, {});
    expect(await cancelled.json()).toMatchObject({ status: 'cancelled' });
    expect(await node.metric('filon_sessions')).toBe(0);
    const [computed, stored] = [
      await node.metric('filon_generated_tokens_total'),
      await get(node, idOf(events)),
    ];
    const control = await node.post('/v1/responses', body({ max_output_tokens: 5, background: false }));
    expect(await control.json()).toMatchObject({ status: expect.any(String) });
    expect(await node.metric('filon_generated_tokens_total')).toBe(computed + 5);
    expect(wholeText(stored).startsWith(textOf(events))).toBe(true);
  });

  test('one that is not in the background ends with its connection', async () => {
    const endless = body({ stream: true, background: false, max_output_tokens: 1900 });
    const events = await read(await node.post('/v1/responses', endless), ({ length }) => length > 9);
    await expect.poll(async () => (await get(node, idOf(events))).status).toBe('cancelled');
  });
});

/** Finds exact settings as `filon certify` does, into the home that a node will have. */
async function certify(home: TestHome): Promise<void> {
  const paths = homePaths(home.home);
  await mkdir(paths.home, { recursive: true, mode: 0o700 });
  const { sha256: model, path } = await starterModel();
  await using store = await openSqliteStore({ path: paths.database });
  await using engine = await openWorkerEngine(ENGINE_CONFIG, { store, log: createMemoryLog() });
  const file = { model, path, device: null, cacheTokens: CACHE_TOKENS, measure: false };
  await engine.certify(file, { signal: AbortSignal.timeout(SETUP_TIMEOUT_MS) });
}
