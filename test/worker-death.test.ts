/**
 * `kill -9` of the worker in the middle of an answer of the starter model, 20 times a mode, at pseudo-random tokens: at
 * temperature 0 and 0.8, alone and among seven sessions that come and go, with and without a cached prefix.
 */
import type { Chunk, CompletionRequest } from '@filon/core/serving/completion';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chatRequest, never, textOf } from './kit/scripted-serving.ts';
import { STARTER } from './kit/starter-model.ts';
import { openStarterServing, type StarterServing } from './kit/starter-serving.ts';

const ANSWER_TOKENS = 40;
const NEIGHBOURS = 7;
const KILLS = 20;
const TEST_TIMEOUT_MS = 900_000;
const SYSTEM =
  'You know the mines of the old mountains: ore, shafts, pumps, railways and the people who dug them. ';

interface Case {
  run: number;
  temperature: number;
  neighbours: boolean;
  cachedPrefix: boolean;
  /** The kill comes when the client has seen this many pieces of text. */
  killAfter: number;
}

const CASES: Case[] = Array.from({ length: KILLS }, (_, run) => ({
  run,
  temperature: run % 2 === 0 ? 0 : 0.8,
  neighbours: (run >> 1) % 2 === 1,
  cachedPrefix: (run >> 2) % 2 === 1,
  killAfter: 1 + ((run * 11 + 13) % (ANSWER_TOKENS - 10)),
}));

describe.each(['exact', 'fast'] as const)('in %s mode', (mode) => {
  let under: StarterServing;
  beforeAll(async () => {
    under = await openStarterServing({ mode, contextTokens: 1024, sessionsMax: NEIGHBOURS + 1 });
  }, TEST_TIMEOUT_MS);
  afterAll(async () => under[Symbol.asyncDispose]());

  test.for(CASES)(
    'kill $run: temperature $temperature, neighbours $neighbours, cached prefix $cachedPrefix, after $killAfter tokens',
    { timeout: TEST_TIMEOUT_MS },
    async (one) => {
      const request = requestOf(one);
      if (one.cachedPrefix) await read(under, { ...request, maxTokens: 1 });
      const undisturbed = mode === 'exact' ? await read(under, request) : [];
      const deaths = deathsOf(under);
      const leave = new AbortController();
      const crowd = one.neighbours ? neighboursOf(under, leave.signal, one) : [];
      const seen = await readAndKill(under, request, one.killAfter);
      leave.abort();
      await Promise.all(crowd);
      expect(deathsOf(under)).toBe(deaths + 1);
      expect(seen.filter(({ kind }) => kind === 'pause')).toHaveLength(1);
      expect(tokensOf(seen)).toHaveLength(ANSWER_TOKENS);
      expect(seen.at(-1)).toMatchObject({ kind: 'usage', usage: { completionTokens: ANSWER_TOKENS } });
      if (mode === 'exact') {
        expect(textOf(seen)).toBe(textOf(undisturbed));
        expect(tokensOf(seen)).toEqual(tokensOf(undisturbed));
      } else if (!one.neighbours) {
        const sent = tokensOf(
          seen.slice(
            0,
            seen.findIndex(({ kind }) => kind === 'pause'),
          ),
        );
        expect(tokensOf(seen)).toEqual([...sent, ...(await freshResume(under, request, sent))]);
      }
    },
  );
});

function requestOf({ run, temperature }: Case): CompletionRequest {
  const request = chatRequest(`${SYSTEM} Tell me about mine number ${run}.`);
  return {
    ...request,
    model: STARTER,
    maxTokens: ANSWER_TOKENS,
    ignoreEos: true,
    // Brings the token ids along.
    topLogprobs: 0,
    sampling: { ...request.sampling, temperature, seed: BigInt(run) },
  };
}

async function read({ serving }: StarterServing, request: CompletionRequest): Promise<Chunk[]> {
  return await Array.fromAsync((await serving.complete(request, { signal: never })).chunks);
}

async function readAndKill(
  under: StarterServing,
  request: CompletionRequest,
  killAfter: number,
): Promise<Chunk[]> {
  const seen: Chunk[] = [];
  const answer = await under.serving.complete(request, { signal: never });
  let killed = false;
  for await (const chunk of answer.chunks) {
    seen.push(chunk);
    if (killed || tokensOf(seen).length < killAfter) continue;
    under.kill();
    killed = true;
  }
  return seen;
}

/** Seven readers who ask, read and ask again until they are told to leave. */
function neighboursOf(under: StarterServing, leaving: AbortSignal, one: Case): Promise<void>[] {
  return Array.from({ length: NEIGHBOURS }, async (_, index) => {
    for (let round = 0; !leaving.aborted; round += 1) {
      const request = requestOf({ ...one, run: 1000 * (index + 1) + 20 * round + one.run });
      await read(under, { ...request, maxTokens: 8 + ((index * 5 + round * 3) % 24) });
    }
  });
}

/** The same tokens and seed, opened on a worker that has nothing in its cache. */
async function freshResume(
  under: StarterServing,
  request: CompletionRequest,
  sent: readonly number[],
): Promise<number[]> {
  const { engine } = under;
  if (request.prompt.kind !== 'chat') throw new RangeError('the test asks in chats');
  const loaded = await under.restart();
  const { tokens: prompt } = await engine.tokenize(loaded.model, request.prompt, { signal: never });
  const events = engine.open(
    {
      session: 'fresh',
      model: loaded.model,
      tokens: Int32Array.of(...prompt, ...sent),
      promptTokens: prompt.length,
      maxTokens: ANSWER_TOKENS,
      sampling: { ...request.sampling, seed: request.sampling.seed ?? 0n },
      stop: [],
      grammar: null,
      topLogprobs: null,
      ignoreEos: true,
    },
    { signal: never },
  );
  const tokens: number[] = [];
  for await (const event of events) if (event.kind === 'token') tokens.push(event.token);
  return tokens;
}

function tokensOf(chunks: readonly Chunk[]): number[] {
  return chunks.flatMap((chunk) => (chunk.kind === 'delta' ? chunk.logprobs.map(({ token }) => token) : []));
}

function deathsOf({ engine }: StarterServing): number {
  return engine.status().workers.reduce((sum, { deaths }) => sum + deaths, 0);
}
