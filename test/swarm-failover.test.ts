/** Who answers dies, freezes, is cut off or is revoked in the middle: another node goes on, and the reader sees a pause. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Events, readEvents } from './kit/real-node.ts';
import {
  never,
  openRealSwarm,
  type RealSwarm,
  SWARM_MODEL,
  type SwarmNode,
  until,
} from './kit/real-swarm.ts';

const ANSWER_TOKENS = 400;
/** Read so many events before something happens to whoever answers. */
const AFTER_EVENTS = 20;

let swarm: RealSwarm;
let laptop: SwarmNode;
let rigs: SwarmNode[];
beforeAll(async () => {
  swarm = await openRealSwarm();
  rigs = [
    await swarm.add({ name: 'rig', serves: true }),
    await swarm.add({ name: 'second rig', serves: true }),
  ];
  laptop = await swarm.add({ name: 'laptop', serves: false });
  await bothReady();
});
afterAll(() => swarm[Symbol.asyncDispose]());

/** A request of the laptop would be taken by either rig. */
async function bothReady(): Promise<void> {
  const question = { model: SWARM_MODEL, tier: null, promptTokens: 10, answerTokens: 10 };
  await until('both rigs are ready', async () => {
    const { places } = await laptop.control.route(question, never).catch(() => ({ places: [] }));
    return places.length === 2;
  });
}

function ask(content: string): Promise<Response> {
  return fetch(`${laptop.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: SWARM_MODEL,
      messages: [{ role: 'user', content }],
      ...{ max_tokens: ANSWER_TOKENS, temperature: 0.8, seed: 11, ignore_eos: true },
      ...{ stream: true, stream_options: { include_usage: true } },
    }),
  });
}

/** Whoever began an answer. */
async function whoBegan(answer: Response): Promise<SwarmNode> {
  const [node] = answer.headers.get('filon-served-by')?.split(',') ?? [];
  for (const rig of rigs) if ((await keyOf(rig)) === node) return rig;
  throw new RangeError(`no rig began it: ${node}`);
}

function expectWhole({ data, comments }: Events): void {
  expect(data.at(-1)).toBe('[DONE]');
  expect(JSON.parse(data.at(-2) ?? '').usage).toMatchObject({ completion_tokens: ANSWER_TOKENS });
  expect(comments).toContain('pause');
}

interface Harm {
  do(rig: SwarmNode): Promise<void>;
  undo(rig: SwarmNode): Promise<void>;
}

/** Asks once in peace, and once with harm to whoever began when the beginning was read: the bytes are the same. */
async function expectSame(content: string, harm: Harm): Promise<void> {
  const { text } = await readEvents(await ask(content));
  const answer = await ask(content);
  const rig = await whoBegan(answer);
  let done = false;
  try {
    const seen = await readEvents(answer, async ({ data }) => {
      if (done || data.length < AFTER_EVENTS) return;
      done = true;
      await harm.do(rig);
    });
    expectWhole(seen);
    expect(seen.text).toBe(text);
  } finally {
    if (done) await harm.undo(rig);
  }
  await bothReady();
}

const keyOf = async (node: SwarmNode): Promise<string> => (await node.status()).swarm?.self.key ?? '';

describe('the node that answers', () => {
  test('is killed: another goes on, and not one byte differs', async () => {
    await expectSame('Of the old shaft.', { do: (rig) => rig.kill(), undo: (rig) => rig.start() });
  });

  test('is frozen: it is given up, and not one byte differs', async () => {
    await expectSame('Of the cold shaft.', {
      do: async (rig) => rig.freeze(),
      undo: async (rig) => rig.thaw(),
    });
  });

  test('is cut off: it is given up, and not one byte differs', async () => {
    await expectSame('Of the cut shaft.', {
      do: async (rig) => swarm.line(rig, laptop).cut(),
      undo: async (rig) => swarm.line(rig, laptop).mend(),
    });
  });
});

test('everything that stops and starts again is in the swarm as before', async () => {
  const before = await Promise.all(swarm.nodes.map(keyOf));
  await Promise.all(swarm.nodes.map((node) => node.kill()));
  await Promise.all(rigs.map((rig) => rig.start()));
  await laptop.start();
  expect(await Promise.all(swarm.nodes.map(keyOf))).toEqual(before);
  await bothReady();
  const { data } = await readEvents(await ask('Of the new shaft.'));
  expect(data.at(-1)).toBe('[DONE]');
});

test('a revoked member is nobody at once: nobody asks it, and it asks nobody', async () => {
  const [root, outcast] = rigs;
  if (root === undefined || outcast === undefined) throw new RangeError('there are two rigs');
  const key = await keyOf(outcast);
  await root.control.revoke({ node: key }, never);
  await until('the laptop has heard of it', async () => {
    const look = await laptop.control.peers({}, never);
    return look?.peers.every((peer) => peer.key !== key) ?? false;
  });
  const { places, refused } = await laptop.control.route(
    { model: SWARM_MODEL, tier: 'open', promptTokens: 10, answerTokens: 10 },
    never,
  );
  expect(places.map(({ node }) => node)).toEqual([await keyOf(root)]);
  expect(refused).toEqual([]);
  await until('the outcast is alone', async () => {
    const look = await outcast.control.peers({}, never);
    return look?.peers.every(({ connection }) => connection === null) ?? false;
  });
});
