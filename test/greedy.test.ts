/**
 * Greedy answers of the engine against llama.cpp's own: each answer is fed to the same library once more, by itself and
 * without anything that is ours to get wrong (scheduling, slots, prefix reuse, sampling), and at each of its
 * positions the likeliest token must be the one that the engine chose.
 *
 * The engine computes in batches of other shapes than a plain loop does, so other kernels round in other ways, and near
 * ties tip. How wide a tie that is gets measured in the same run: how far the library's two best tokens move against one
 * another when it computes the same rows all together instead of one by one. On a quantized model that is not little:
 * activations are rounded to 8 bits. A wrong position, mask or cached prefix moves them by whole logits.
 */
import { DEFAULT_SAMPLING } from '@filon/core/serving/sampling';
import { createMemoryLog } from '@filon/node/adapters/memory/log';
import { createMemoryStore } from '@filon/node/adapters/memory/store';
import { openWorkerEngine, type WorkerEngine } from '@filon/node/adapters/worker/engine';
import type { StoredModel } from '@filon/node/ports/models';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { starterModel } from './kit/starter-model.ts';
import { judgeApart, type Said } from './kit/teacher.ts';
import { ENGINE_CONFIG } from './kit/worker-engine.ts';

const QUESTIONS = [
  'What is a lode?',
  'Name three metals.',
  'Why is the sky blue?',
  'Write a haiku about a lamp.',
  'Count from one to ten.',
  'Translate "good morning" into French.',
  'What is 17 plus 25?',
  'Explain a pump to a child.',
  'Write a function that adds two numbers in Python.',
  'Who wrote Hamlet?',
  'List the days of the week.',
  'Describe the smell of rain.',
  'What does HTTP stand for?',
  'Give me a recipe for bread.',
  'Tell a short story about a miner.',
  'Is a tomato a fruit?',
  'Complete: The quick brown fox',
  'What should I pack for a walk in the hills?',
  'Écris une phrase en français, s’il te plaît.',
  'Tell me about the moon.',
];
const ANSWER_TOKENS = 32;
/** At once in the engine, so that its batches are mixed and its slots are used again. */
const SESSIONS = 8;
const CONTEXT_TOKENS = 4096;
const TIMEOUT_MS = 300_000;
/**
 * Logits lie within about 40 of one another. Measured (AVX-512): the choices differ by up to 0.28, the library's own
 * margins move by up to 0.64.
 */
const MARGIN_MAX = 0.75;
const DIFFERING_SHARE_MAX = 0.05;

const signal: AbortSignal = AbortSignal.timeout(TIMEOUT_MS);

let stored: StoredModel;
let engine: WorkerEngine;
beforeAll(async () => {
  stored = await starterModel();
  engine = await openWorkerEngine(ENGINE_CONFIG, { store: createMemoryStore(), log: createMemoryLog() });
  const { sha256: model, path } = stored;
  const shape = { mode: 'fast', contextTokens: CONTEXT_TOKENS, sessionsMax: SESSIONS } as const;
  await engine.load({ model, path, device: 'cpu', ...shape }, { signal });
}, TIMEOUT_MS);
afterAll(() => engine[Symbol.asyncDispose]());

test('greedy answers are the library’s own on 20 prompts, but for near ties', {
  timeout: TIMEOUT_MS,
}, async () => {
  const waiting = [...QUESTIONS];
  const said: Said[] = [];
  const reader = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) said.push(await ask(next));
  };
  await Promise.all(Array.from({ length: SESSIONS }, reader));
  const { margins, movedMost } = await judgeApart({ stored, contextTokens: 512, said });
  const differing = margins.filter((margin) => margin > 0);
  const widest = Math.max(0, ...differing);
  process.stdout.write(
    `greedy: ${differing.length} of ${margins.length} tokens differ, by at most ${widest.toFixed(3)} ` +
      `(allowed ${MARGIN_MAX}); the library's own margins move by at most ${movedMost.toFixed(3)}\n`,
  );
  expect(margins).toHaveLength(QUESTIONS.length * ANSWER_TOKENS);
  expect(margins.every(Number.isFinite)).toBe(true);
  expect(widest).toBeLessThan(MARGIN_MAX);
  expect(differing.length).toBeLessThanOrEqual(margins.length * DIFFERING_SHARE_MAX);
});

async function ask(question: string): Promise<Said> {
  const messages = [{ role: 'user', content: question }] as const;
  const { tokens: prompt } = await engine.tokenize(stored.sha256, { kind: 'chat', messages }, { signal });
  const answer: number[] = [];
  const request = {
    session: question,
    model: stored.sha256,
    tokens: prompt,
    promptTokens: prompt.length,
    maxTokens: ANSWER_TOKENS,
    sampling: { ...DEFAULT_SAMPLING, temperature: 0 },
    stop: [],
    grammar: null,
    topLogprobs: null,
    ignoreEos: true,
  };
  for await (const event of engine.open(request, { signal })) {
    if (event.kind === 'token') answer.push(event.token);
  }
  return { prompt, answer };
}
