/**
 * Measures a loaded model where it is: how fast prompts go in and answers come out, for several numbers of sessions at
 * once. Every prompt is another text, so that nothing comes from the prefix cache; answers go on past the model's end
 * marks to the wanted length.
 */
import { DEFAULT_SAMPLING } from '@filon/core/serving/sampling';
import type { LoadedModel } from '@filon/core/serving/session';
import type { Clock } from '../ports/clock.ts';
import type { Engine } from '../ports/engine.ts';
import type { BenchInput, BenchReport, CallOptions, Speed } from './calls.ts';

export interface BenchDeps {
  engine: Engine;
  clock: Clock;
}

const SHORT_PROMPT_TOKENS = 16;

type Size = Pick<BenchInput, 'promptTokens' | 'generatedTokens'>;
type Progress = (share: number, text: string) => void;

/** A short run first, which is not counted: the first batch of a shape pays for the memory of its graph. */
const WARM_UP: Size = { promptTokens: 16, generatedTokens: 8 };

export async function benchModel(
  deps: BenchDeps,
  work: { model: LoadedModel; name: string; input: BenchInput },
  options: CallOptions,
): Promise<BenchReport> {
  const { model, name, input } = work;
  const bench = new Bench(deps, model, options.signal);
  const report = (done: number, text: string): void =>
    options.onProgress?.({ kind: 'share', share: done / input.sessions.length, text });
  report(0, 'warming up');
  await bench.run(1, WARM_UP, () => {});
  const runs: Speed[] = [];
  for (const [index, sessions] of input.sessions.entries()) {
    const onShare: Progress = (share, text) => report(index + share, text);
    runs.push(await bench.run(Math.min(sessions, model.sessionsMax), sizeFor(model, input), onShare));
  }
  return { model: name, device: model.device, mode: model.mode, runs };
}

/** What the model's context has room for. */
function sizeFor(model: LoadedModel, input: Size): Size {
  const generatedTokens = Math.min(input.generatedTokens, model.contextTokens - 1);
  return {
    generatedTokens,
    promptTokens: Math.min(input.promptTokens, model.contextTokens - generatedTokens),
  };
}

class Bench {
  readonly #deps: BenchDeps;
  readonly #model: LoadedModel;
  readonly #signal: AbortSignal;
  #prompts = 0;

  constructor(deps: BenchDeps, model: LoadedModel, signal: AbortSignal) {
    this.#deps = deps;
    this.#model = model;
    this.#signal = signal;
  }

  /**
   * Two rounds: long prompts with one token each, then short prompts with long answers. In one round the first sessions
   * would be at the end of their answers before the last one has read its prompt.
   */
  async run(sessions: number, size: Size, onShare: Progress): Promise<Speed> {
    const text = `${sessions} ${sessions === 1 ? 'session' : 'sessions'}`;
    const read = await this.#round(sessions, { ...size, generatedTokens: 1 }, () => {});
    const short = Math.min(size.promptTokens, SHORT_PROMPT_TOKENS);
    const total = sessions * size.generatedTokens;
    const written = await this.#round(sessions, { ...size, promptTokens: short }, (tokens) => {
      if (tokens % 8 === 0) onShare(tokens / total, text);
    });
    const later = written.tokenTimesMs.filter((timeMs) => timeMs > written.allStartedMs).length;
    const endMs = written.tokenTimesMs.at(-1) ?? written.allStartedMs;
    return {
      sessions,
      promptTokens: read.promptTokens,
      generatedTokens: written.tokenTimesMs.length,
      prefillTokensPerSecond: rate(read.promptTokens, read.allStartedMs - read.startMs),
      decodeTokensPerSecond: rate(later, endMs - written.allStartedMs),
      firstTokenMs: read.allStartedMs - read.startMs,
    };
  }

  async #round(sessions: number, size: Size, onToken: (tokens: number) => void): Promise<Round> {
    const { clock } = this.#deps;
    const prompts = await Promise.all(
      Array.from({ length: sessions }, () => this.#prompt(size.promptTokens)),
    );
    const tokenTimesMs: number[] = [];
    const startMs = clock.monotonicMs();
    const starts = await Promise.all(
      prompts.map((tokens) =>
        this.#session(tokens, size.generatedTokens, () => {
          tokenTimesMs.push(clock.monotonicMs());
          onToken(tokenTimesMs.length);
        }),
      ),
    );
    const promptTokens = prompts.reduce((sum, tokens) => sum + tokens.length, 0);
    return { promptTokens, startMs, allStartedMs: Math.max(...starts), tokenTimesMs };
  }

  /** When the first token came. */
  async #session(tokens: Int32Array, maxTokens: number, onToken: () => void): Promise<number> {
    const { engine, clock } = this.#deps;
    let firstTokenMs: number | null = null;
    const request = {
      session: `bench-${this.#prompts++}-${crypto.randomUUID()}`,
      model: this.#model.model,
      tokens,
      promptTokens: tokens.length,
      maxTokens,
      sampling: DEFAULT_SAMPLING,
      stop: [],
      grammar: null,
      topLogprobs: null,
      ignoreEos: true,
    };
    for await (const event of engine.open(request, { signal: this.#signal })) {
      if (event.kind !== 'token') continue;
      firstTokenMs ??= clock.monotonicMs();
      onToken();
    }
    return firstTokenMs ?? clock.monotonicMs();
  }

  /** Text of its own in every call, cut to the wanted length. */
  async #prompt(promptTokens: number): Promise<Int32Array> {
    const number = this.#prompts++;
    const words = Array.from({ length: promptTokens }, (_, at) => `${(at * 7919 + number * 104_729) % 9973}`);
    const prompt = { kind: 'text', text: `Run ${crypto.randomUUID()}: ${words.join(' ')}` } as const;
    const { tokens } = await this.#deps.engine.tokenize(this.#model.model, prompt, { signal: this.#signal });
    return tokens.slice(0, promptTokens);
  }
}

interface Round {
  /** Of all sessions. */
  promptTokens: number;
  startMs: number;
  /** When the last session had its first token. */
  allStartedMs: number;
  tokenTimesMs: number[];
}

function rate(tokens: number, durationMs: number): number {
  return durationMs <= 0 ? 0 : (tokens * 1000) / durationMs;
}
