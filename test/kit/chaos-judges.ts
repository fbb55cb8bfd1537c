/** What answers must be like, whatever happened to the nodes that gave them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadSpec, SessionRequest } from '@filon/core/serving/session';
import { createMemoryLog } from '@filon/node/adapters/memory/log';
import { createMemoryStore } from '@filon/node/adapters/memory/store';
import { openWorkerEngine, type WorkerEngine } from '@filon/node/adapters/worker/engine';
import { textCall } from '@filon/node/gateway/openai/text-request';
import { linkKernels } from './kernels.ts';
import { never, type SwarmModel } from './real-swarm.ts';
import { ENGINE_CONFIG } from './worker-engine.ts';

export interface ChaosAnswer {
  text: string;
  /** Tokens as they came, where they were asked for; a new part begins after each pause. */
  parts: string[][];
  error: string | null;
  /** The longest time without a byte. */
  pauseMs: number;
}

export interface ChaosJudge {
  /** Questions count up from 0. */
  question(question: number): { path: string; body: object };
  /** In peace, before anything else. */
  prepare?(ask: (question: number) => Promise<ChaosAnswer>): Promise<void>;
  /** Hears every answer, with how many harms were begun meanwhile. */
  take(question: number, answer: ChaosAnswer, harms: number): void;
  /** Of the answers since the last time. */
  faults(): Promise<string[]>;
}

const QUESTIONS = 12;

/** Exact mode, one class: byte for byte as in peace, and where it ends early, a beginning of that. */
export function exactJudge(answerTokens: number): ChaosJudge {
  const expected: string[] = [];
  let faults: string[] = [];
  return {
    question: (question) => ({
      path: '/v1/chat/completions',
      body: {
        messages: [{ role: 'user', content: `What is in shaft ${question % QUESTIONS}?` }],
        ...{ max_tokens: answerTokens, temperature: 0.7, seed: question % QUESTIONS, ignore_eos: true },
      },
    }),
    prepare: async (ask) => {
      for (let question = expected.length; question < QUESTIONS; question += 1) {
        const { text, error } = await ask(question);
        if (error !== null) throw new RangeError(`in peace an answer failed: ${error}`);
        expected.push(text);
      }
    },
    take: (question, { text, error }) => {
      const whole = expected[question % QUESTIONS] ?? '';
      if (!whole.startsWith(text)) faults.push(`question ${question} has other bytes`);
      else if (error === null && text !== whole) faults.push(`question ${question} ended early`);
    },
    faults: async () => {
      const found = faults;
      faults = [];
      return found;
    },
  };
}

/** Tokens of one byte, which is whole as text: what has come is what was drawn, with nothing held back. */
const PLAIN_TOKENS = 128;
const VOCABULARY_TOKENS = 273;
const FIRST_MERGED = 256;
const FIRST_SPECIAL = 270;
const PROMPT_TOKENS = 24;
/** Answers without a pause that are drawn afresh as well, or more until each class was seen. */
const WITHOUT_PAUSE_MAX = 6;

interface Heard {
  question: number;
  answer: ChaosAnswer;
  harms: number;
}

export interface FastJudge extends ChaosJudge, AsyncDisposable {
  /** Answers that began, or went on, as one class and no other of them does. */
  readonly told: Record<string, number>;
  /** See {@link openFastJudge}. */
  readonly unsure: number;
}

/**
 * Fast mode, several classes mixed: each part of an answer is what one of the classes draws when it is asked afresh to go
 * on from all that came before. A node that was left may be asked again, and goes on from what it computed itself
 * earlier, which fast mode allows and this cannot repeat: an answer in which two or more harms fell and whose later parts
 * are no class's is `unsure`, not at fault.
 */
export async function openFastJudge(
  model: SwarmModel,
  kernels: readonly string[],
  answerTokens: number,
): Promise<FastJudge> {
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'filon-kernels-'));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const classes = new Map<string, WorkerEngine>();
  for (const one of kernels) {
    linkKernels(join(folder, one), one);
    const config = { ...ENGINE_CONFIG, libraryDirectories: [join(folder, one)] };
    const deps = { store: createMemoryStore(), log: createMemoryLog() };
    const engine = parts.use(await openWorkerEngine(config, deps));
    await engine.load(specOf(model), { signal: never.signal });
    classes.set(one, engine);
  }
  return new FreshResume({ model, answerTokens, classes }, parts.move());
}

function specOf({ path, sha256, contextTokens, sessionsMax }: SwarmModel): LoadSpec {
  if (path === null) throw new TypeError('the kit has no file of it');
  return { model: sha256, path, device: 'cpu', mode: 'fast', contextTokens, sessionsMax };
}

interface FreshDeps {
  model: SwarmModel;
  answerTokens: number;
  classes: ReadonlyMap<string, WorkerEngine>;
}

class FreshResume implements FastJudge {
  readonly told: Record<string, number> = {};
  unsure = 0;
  readonly #deps: FreshDeps;
  readonly #parts: AsyncDisposableStack;
  #heard: Heard[] = [];
  #sessions = 0;
  #withoutPause = 0;

  constructor(deps: FreshDeps, parts: AsyncDisposableStack) {
    this.#deps = deps;
    this.#parts = parts;
  }

  question(question: number): { path: string; body: object } {
    const forbidden = Array.from({ length: VOCABULARY_TOKENS }, (_, token) => token).filter(
      (token) => (token >= PLAIN_TOKENS && token < FIRST_MERGED) || token >= FIRST_SPECIAL,
    );
    return {
      path: '/v1/completions',
      body: {
        prompt: promptOf(question),
        ...{ max_tokens: this.#deps.answerTokens, temperature: 0.9, seed: question, ignore_eos: true },
        ...{ logprobs: 0, logit_bias: Object.fromEntries(forbidden.map((token) => [token, -100])) },
      },
    };
  }

  take(question: number, answer: ChaosAnswer, harms: number): void {
    this.#heard.push({ question, answer, harms });
  }

  async faults(): Promise<string[]> {
    const heard = this.#heard;
    this.#heard = [];
    const faults: string[] = [];
    for (const one of heard) faults.push(...(await this.#faultsOf(one)));
    return faults;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }

  async #faultsOf({ question, answer, harms }: Heard): Promise<string[]> {
    const { text, parts, error } = answer;
    const drawn = parts.flat();
    const wrong = (what: string): string[] => [`question ${question} ${what}`];
    if (drawn.join('') !== text) return wrong('has a text that is not its tokens');
    if (error === null && drawn.length !== this.#deps.answerTokens)
      return wrong(`has ${drawn.length} tokens`);
    if (parts.length === 1 && this.#isEnough()) return [];
    const known = promptOf(question);
    for (const [index, part] of parts.entries()) {
      const tokens = await this.#drawnAfresh(question, known, part);
      if (tokens === null) {
        if (index > 0 && harms > 1) {
          this.unsure += 1;
          return [];
        }
        return wrong(`has a part ${index} of ${part.length} tokens that no class draws there`);
      }
      known.push(...tokens);
    }
    return [];
  }

  #isEnough(): boolean {
    this.#withoutPause += 1;
    const all = Object.keys(this.told).length === this.#deps.classes.size;
    return all && this.#withoutPause > WITHOUT_PAUSE_MAX;
  }

  /** The tokens of this part if a class draws just these; null: none does. */
  async #drawnAfresh(
    question: number,
    known: readonly number[],
    part: readonly string[],
  ): Promise<number[] | null> {
    if (part.length === 0) return [];
    const found: { kernels: string; tokens: number[] }[] = [];
    for (const [kernels, engine] of this.#deps.classes) {
      const tokens = await this.#draw(engine, { question, known, part });
      if (tokens !== null) found.push({ kernels, tokens });
    }
    const [first] = found;
    if (first !== undefined && found.length === 1)
      this.told[first.kernels] = (this.told[first.kernels] ?? 0) + 1;
    return first?.tokens ?? null;
  }

  async #draw(
    engine: WorkerEngine,
    { question, known, part }: { question: number; known: readonly number[]; part: readonly string[] },
  ): Promise<number[] | null> {
    const session = this.#sessionOf(question, known);
    const tokens: number[] = [];
    for await (const sign of engine.open(session, never)) {
      if (sign.kind !== 'token') continue;
      if (sign.text !== part[tokens.length]) return null;
      tokens.push(sign.token);
      if (tokens.length === part.length) return tokens;
    }
    return null;
  }

  #sessionOf(question: number, known: readonly number[]): SessionRequest {
    const { model, answerTokens } = this.#deps;
    const call = textCall({ model: model.name, ...this.question(question).body });
    const [request] = call.requests;
    if (request === undefined) throw new RangeError('a body with one prompt is one request');
    this.#sessions += 1;
    const { sampling, stop, ignoreEos } = request;
    return {
      ...{ session: `fresh ${this.#sessions}`, model: model.sha256, tokens: Int32Array.from(known) },
      ...{ promptTokens: PROMPT_TOKENS, maxTokens: answerTokens, stop, ignoreEos, grammar: null },
      sampling: { ...sampling, seed: BigInt(question) },
      topLogprobs: null,
      // Nothing that was computed before is used.
      scope: `fresh ${this.#sessions}`,
    };
  }
}

/** No two of them near one another begin with the same token, so that no cache helps. */
function promptOf(question: number): number[] {
  return Array.from({ length: PROMPT_TOKENS }, (_, at) => (question + at * at * 7) % PLAIN_TOKENS);
}
