/** The gateway itself dies in the middle of an answer: its client goes on at another one of the swarm. */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  never,
  openRealSwarm,
  type RealSwarm,
  SWARM_MODEL,
  type SwarmNode,
  until,
} from './kit/real-swarm.ts';

const TOKENS = 300;
/** Read so much before the gateway is killed. */
const AFTER_CHARS = 60;
const PROMPT = 'Of the deep shaft.';
const SEEDS_MAX = 50;

let swarm: RealSwarm;
/** Answers, and is asked. */
let rig: SwarmNode;
/** Another gateway, without an engine of its own. */
let laptop: SwarmNode;
/** With which the answer to the prompt is long. */
let seed = 0;
beforeAll(async () => {
  swarm = await openRealSwarm();
  rig = await swarm.add({ name: 'rig', serves: true });
  await swarm.add({ name: 'second rig', serves: true });
  laptop = await swarm.add({ name: 'laptop', serves: false });
  await bothReady();
  seed = await seedOfLongAnswer();
});
afterAll(() => swarm[Symbol.asyncDispose]());

async function bothReady(): Promise<void> {
  const question = { model: SWARM_MODEL, tier: null, promptTokens: 10, answerTokens: 10 };
  await until('both rigs are ready', async () => {
    const { places } = await laptop.control.route(question, never).catch(() => ({ places: [] }));
    return places.length === 2;
  });
}

const run = (...words: string[]) => {
  const asked = ['--seed', String(seed), '--temperature', '0.8', '--max-tokens', String(TOKENS)];
  return rig.home.start(['run', SWARM_MODEL, PROMPT, ...asked, ...words]);
};

async function seedOfLongAnswer(): Promise<number> {
  for (let tried = 1; tried <= SEEDS_MAX; tried++) {
    const messages = [{ role: 'user', content: PROMPT }];
    const body = { ...CHAT, messages, seed: tried, max_tokens: TOKENS, ignore_eos: false };
    const { events } = await ask(rig, { ...body, stream_options: { include_usage: true } });
    const usage = events.find((event) => event['usage'])?.['usage'] as { completion_tokens: number };
    if (usage.completion_tokens > TOKENS / 2) return tried;
  }
  throw new RangeError('no seed makes a long answer');
}

describe('filon run, whose gateway is killed in mid-answer', () => {
  test('goes on at another gateway, and not one byte differs', async () => {
    const calm = await run().ended;
    expect(calm.code).toBe(0);
    expect(calm.stdout.length).toBeGreaterThan(2 * AFTER_CHARS);
    const asked = run('--gateways', `http://127.0.0.1:1,${laptop.url}`);
    let read = 0;
    while (read < AFTER_CHARS) read += String(await once(asked.child.stdout ?? asked.child, 'data')).length;
    await rig.kill();
    const { code, stdout, stderr } = await asked.ended;
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining(`another node: ${laptop.url}`),
    });
    expect(stdout).toBe(calm.stdout);
    await rig.start();
    await bothReady();
  });

  test('says that one must ask again where no other is named', async () => {
    const asked = run();
    await once(asked.child.stdout ?? asked.child, 'data');
    await rig.kill();
    const { code, stderr } = await asked.ended;
    expect(code).not.toBe(0);
    expect(stderr).toContain('ask again');
    await rig.start();
    await bothReady();
  });
});

type Json = Record<string, unknown>;
const CHAT = {
  ...{ model: SWARM_MODEL, messages: [{ role: 'user', content: 'Of the old shaft.' }], max_tokens: 40 },
  ...{ temperature: 0.8, seed: 11, ignore_eos: true, stream: true },
};

async function ask(
  node: SwarmNode,
  body: Json,
): Promise<{ status: number; code: string | null; events: Json[] }> {
  const response = await fetch(`${node.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const lines = (await response.text()).split('\n').filter((line) => line.startsWith('data: {'));
  const events = lines.map((line): Json => JSON.parse(line.slice(6)));
  return { status: response.status, code: response.headers.get('x-filon-error'), events };
}

function heldBy(events: readonly Json[]): { start: Json; drawn: Json[] } {
  const news = events.flatMap(({ filon }) => (filon === undefined ? [] : [filon as Json]));
  return {
    start: news.find(({ start }) => start !== undefined)?.['start'] as Json,
    drawn: news.flatMap(({ drawn }) => (drawn as Json[] | undefined) ?? []),
  };
}

describe('what is handed in', () => {
  test('is in the words of the protocol, whoever computed it', async () => {
    const { events } = await ask(rig, { ...CHAT, filon: { resumable: true } });
    const held = heldBy(events);
    expect(held.drawn).toHaveLength(CHAT.max_tokens);
    expect(held.start).toMatchObject({ seed: '11', model: swarm.model.sha256, max_tokens: CHAT.max_tokens });
    expect(held.start['numeric_class']).toMatch(/./);
    const part = { start: held.start, drawn: held.drawn.slice(0, 17) };
    const there = await ask(laptop, { ...CHAT, filon: { resumable: true, resume: part } });
    expect(heldBy(there.events).drawn).toEqual(held.drawn);
    const refused = await ask(laptop, {
      ...CHAT,
      response_format: { type: 'json_object' },
      filon: { resume: part },
    });
    const said = refused.events.find(({ error }) => error !== undefined)?.['error'];
    expect(said, 'the grammar does not allow them').toMatchObject({ code: 'ENGINE_GRAMMAR_INVALID' });
  });

  test.each<[status: number, code: string, change: (held: { start: Json; drawn: Json[] }) => unknown]>([
    [400, 'RESUME_INVALID', () => 'rubbish'],
    [400, 'RESUME_INVALID', ({ start }) => ({ start, drawn: [{ token: -1, text: '' }] })],
    [422, 'RESUME_MISMATCH', ({ start }) => ({ start, drawn: [{ token: 999_999, text: '' }] })],
    [422, 'RESUME_MISMATCH', ({ start, drawn }) => ({ start: { ...start, prompt: '0'.repeat(64) }, drawn })],
    [422, 'RESUME_MISMATCH', ({ start, drawn }) => ({ start, drawn: [...drawn, ...drawn] })],
    [
      404,
      'SERVE_MODEL_UNKNOWN',
      ({ start, drawn }) => ({ start: { ...start, model: '0'.repeat(64) }, drawn }),
    ],
  ])('is refused with %d %s where it is none', async (status, code, change) => {
    const { events } = await ask(rig, { ...CHAT, filon: { resumable: true } });
    const refused = await ask(laptop, { ...CHAT, filon: { resume: change(heldBy(events)) } });
    expect([refused.status, refused.code]).toEqual([status, code]);
  });
});
