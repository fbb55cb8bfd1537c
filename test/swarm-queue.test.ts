/** More people at a node without a model than the rigs of its swarm have places. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRealSwarm, type RealSwarm, SWARM_MODEL, type SwarmNode, until } from './kit/real-swarm.ts';

const QUESTIONS = 60;
const WITHIN_MS = 120_000;

let swarm: RealSwarm;
let laptop: SwarmNode;
beforeAll(async () => {
  swarm = await openRealSwarm();
  await swarm.add({ name: 'rig', serves: true });
  await swarm.add({ name: 'second rig', serves: true });
  laptop = await swarm.add({ name: 'laptop', serves: false });
});
afterAll(() => swarm[Symbol.asyncDispose]());

interface Told {
  status: number;
  retryAfter: string | null;
  tokens: number;
  servedBy: string;
}

async function ask(node: SwarmNode, content: string): Promise<Told> {
  const answer = await fetch(`${node.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ model: SWARM_MODEL, messages: [{ role: 'user', content }], max_tokens: 24 },
      ...{ temperature: 0, ignore_eos: true },
    }),
  });
  const body = (await answer.json()) as { usage?: { completion_tokens: number } };
  const servedBy = answer.headers.get('filon-served-by') ?? '';
  const tokens = body.usage?.completion_tokens ?? 0;
  return { status: answer.status, retryAfter: answer.headers.get('retry-after'), tokens, servedBy };
}

async function bothReady(node: SwarmNode): Promise<void> {
  const question = { model: SWARM_MODEL, tier: null, promptTokens: 10, answerTokens: 10 };
  await until('both rigs are ready', async () => {
    const { signal } = new AbortController();
    const { places } = await node.control.route(question, { signal }).catch(() => ({ places: [] }));
    return places.length >= 2;
  });
}

const crowd = (node: SwarmNode): Promise<Told[]> =>
  Promise.all(Array.from({ length: QUESTIONS }, (_, index) => ask(node, `Question ${index}?`)));

test(
  'all of them wait for their turn, and both rigs answer',
  async () => {
    await bothReady(laptop);
    const told = await crowd(laptop);
    expect(told.filter(({ status }) => status !== 200)).toEqual([]);
    expect(told.every(({ tokens }) => tokens === 24)).toBe(true);
    expect(new Set(told.map(({ servedBy }) => servedBy)).size).toBe(2);
  },
  WITHIN_MS,
);

test(
  'those for whom the queue has no place hear so at once, and when to ask again',
  async () => {
    const small = await swarm.add({
      ...{ name: 'small laptop', serves: false },
      environment: { FILON_QUEUE_MAX: '10' },
    });
    await bothReady(small);
    const told = await crowd(small);
    const refused = told.filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThan(0);
    expect(told.length - refused.length).toBeGreaterThanOrEqual(10);
    for (const { status, retryAfter } of refused) {
      expect(status).toBe(503);
      expect(Number(retryAfter)).toBeGreaterThan(0);
    }
  },
  WITHIN_MS,
);
