/** Tokens a second of exact and of fast settings, measured in turns on the same weights. */
import type { DeviceHost } from '../device/device-host.ts';
import { type Context, openContext } from '../stage/context.ts';
import { FAST_SETTINGS, type StageSettings } from '../stage/settings.ts';
import type { Weights } from '../stage/weights.ts';
import type { Certificate, Speed } from './certificate.ts';
import { testTokens } from './compare-rows.ts';

const PROMPT_TOKENS = 256;
const STEPS = 16;
const SESSIONS = 8;
const ROUNDS = 3;
const CACHE_TOKENS = 1024;

export async function measureSpeeds(
  weights: Weights,
  exact: StageSettings,
  host: DeviceHost,
  { signal }: { signal: AbortSignal },
): Promise<Certificate['speed']> {
  const open = (settings: StageSettings): Context =>
    openContext(
      weights,
      {
        settings,
        cacheTokens: CACHE_TOKENS * SESSIONS,
        sequences: SESSIONS,
        outputsMax: SESSIONS,
        threads: host.threads,
        embeddings: false,
      },
      host.backends,
    );
  // Both have the weights of the exact settings: the layout of the weights is not part of this comparison.
  const contexts = { exact: open(exact), fast: open(FAST_SETTINGS) };
  const tokens = testTokens(PROMPT_TOKENS + STEPS, weights.vocabTokens);
  const speeds: { exact: Speed[]; fast: Speed[] } = { exact: [], fast: [] };
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const mode of ['exact', 'fast'] as const) {
        signal.throwIfAborted();
        speeds[mode].push(await measure(contexts[mode], tokens, weights.canTrim));
      }
    }
  } finally {
    contexts.exact.close();
    contexts.fast.close();
  }
  return { exact: median(speeds.exact), fast: median(speeds.fast) };
}

async function measure(context: Context, tokens: Int32Array, canTrim: boolean): Promise<Speed> {
  context.trim(0, 0);
  const prefillMs = await timed(() => prefill(context, tokens, 0));
  for (let sequence = 1; sequence < SESSIONS; sequence += 1) {
    context.trim(sequence, 0);
    if (canTrim) context.copy(0, sequence, PROMPT_TOKENS);
    else await prefill(context, tokens, sequence);
  }
  const steps = (sequences: number): Promise<number> =>
    timed(async () => {
      for (let i = PROMPT_TOKENS; i < PROMPT_TOKENS + STEPS; i += 1) {
        for (let first = 0; first < sequences; first += context.rowsMax) {
          context.clearRows();
          for (let s = first; s < Math.min(sequences, first + context.rowsMax); s += 1) {
            context.add(tokens[i] as number, i, s, true);
          }
          await context.decode();
        }
      }
    });
  const eightMs = await steps(SESSIONS);
  context.trim(0, PROMPT_TOKENS);
  const oneMs = await steps(1);
  const perSecond = (count: number, ms: number): number => Math.round((count / ms) * 10_000) / 10;
  return {
    prefill: perSecond(PROMPT_TOKENS, prefillMs),
    decodeOne: perSecond(STEPS, oneMs),
    decodeEight: perSecond(STEPS * SESSIONS, eightMs),
  };
}

async function prefill(context: Context, tokens: Int32Array, sequence: number): Promise<void> {
  for (let from = 0; from < PROMPT_TOKENS; from += context.rowsMax) {
    context.clearRows();
    for (let i = from; i < Math.min(PROMPT_TOKENS, from + context.rowsMax); i += 1) {
      context.add(tokens[i] as number, i, sequence, false);
    }
    await context.decode();
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function median(speeds: readonly Speed[]): Speed {
  const of = (key: keyof Speed): number => {
    const sorted = speeds.map((speed) => speed[key]).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  };
  return { prefill: of('prefill'), decodeOne: of('decodeOne'), decodeEight: of('decodeEight') };
}
