/** The engine with its worker process, and nothing of the node: what the messages between the two cost. */
import { DEFAULT_SAMPLING } from '@filon/core/serving/sampling';
import { openEngine } from '@filon/engine/engine';
import type { LoopSpec } from '../bench.ts';
import type { DecodeWork } from '../cases/work.ts';
import type { Completion } from '../completion.ts';
import type { Loop } from './protocol.ts';

const MODEL = 'bench';
const TIMEOUT_MS = 120_000;
const SEED = 7n;

type Engine = ReturnType<typeof openEngine>;

export async function openEngineLoop(spec: LoopSpec): Promise<Loop> {
  const { path, device, threads, contextTokens, sessions } = spec;
  const limits = { probeTimeoutMs: TIMEOUT_MS, loadTimeoutMs: TIMEOUT_MS, stallMs: TIMEOUT_MS };
  const engine = openEngine({ libraryDirectories: [], threads, ...limits }, { certificate: () => undefined });
  const signal = new AbortController().signal;
  const load = { model: MODEL, path, device, mode: 'fast', contextTokens, sessionsMax: sessions } as const;
  await engine.load(load, { signal });
  return { run: (work) => Promise.all(work.prompts.map((prompt) => answer(engine, prompt, work))) };
}

async function answer(
  engine: Engine,
  prompt: string,
  { tokens: maxTokens, temperature }: DecodeWork,
): Promise<Completion> {
  const { signal } = new AbortController();
  const startMs = performance.now();
  const { tokens } = await engine.tokenize(MODEL, { kind: 'text', text: prompt }, { signal });
  const request = {
    ...{ session: crypto.randomUUID(), model: MODEL, tokens, promptTokens: tokens.length, maxTokens },
    ...{ stop: [], grammar: null, topLogprobs: null, ignoreEos: true },
    sampling: { ...DEFAULT_SAMPLING, seed: SEED, ...(temperature !== null && { temperature }) },
  };
  const counts = { promptTokens: tokens.length, cachedTokens: 0, tokens: 0 };
  let firstMs = 0;
  for await (const event of engine.open(request, { signal })) {
    if (event.kind === 'prefilled') counts.cachedTokens = event.cachedTokens;
    if (event.kind !== 'token') continue;
    counts.tokens += 1;
    if (firstMs === 0) firstMs = performance.now();
  }
  return { startMs, firstMs, endMs: performance.now(), ...counts };
}
