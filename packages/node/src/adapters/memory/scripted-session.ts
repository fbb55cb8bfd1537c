/** One session of the scripted engine, token by token. */
import type { LoadedModel, SessionEvent, SessionRequest } from '@filon/core/serving/session';
import { createTextAssembler } from '@filon/engine/text/text-assembler';
import { answerSource, logprobOf } from './scripted-answer.ts';
import { END_TOKEN, pieceOf, textOf } from './scripted-vocabulary.ts';

const PREFIXES_MAX = 32;

/** What one life of the worker holds. */
export interface ScriptedWorker {
  readonly life: AbortController;
  readonly loaded: Map<string, LoadedModel>;
  readonly sessions: Map<string, string>;
  prefixes: { tokens: Int32Array; scope: string }[];
}

/** A token about to be computed. */
export interface ScriptedStep {
  session: string;
  /** Counted from the start of the prompt. */
  position: number;
  /** Counted from the first generated token. */
  generated: number;
  /** The prompt without its marks. */
  prompt: string;
}

export interface ScriptedScene {
  worker: ScriptedWorker;
  counters: { generatedTokens: number; promptTokens: number; cachedTokens: number };
  contextTokens: number;
  hooks: {
    beforeToken: (step: ScriptedStep) => Promise<void> | void;
    diesAt: (step: ScriptedStep) => boolean;
    answer: ((question: { text: string; grammar: string | null }) => string | undefined) | undefined;
    kill: () => void;
  };
}

export async function* runScriptedSession(
  request: SessionRequest,
  scene: ScriptedScene,
  signal: AbortSignal,
): AsyncGenerator<SessionEvent> {
  const { tokens, promptTokens, grammar, scope = '' } = request;
  const { counters, hooks } = scene;
  const prompt = textOf(tokens.subarray(0, promptTokens));
  const source = answerSource(request, hooks.answer?.({ text: prompt, grammar }));
  const shown = createTextAssembler({ stop: request.stop });
  for (const token of tokens.subarray(promptTokens)) shown.push(pieceOf(token));
  const cachedTokens = cachedPrefix(
    tokens,
    scene.worker.prefixes.flatMap((prefix) => (prefix.scope === scope ? [prefix.tokens] : [])),
  );
  counters.promptTokens += promptTokens;
  counters.cachedTokens += cachedTokens;
  scene.worker.prefixes = [{ tokens: tokens.slice(), scope }, ...scene.worker.prefixes].slice(
    0,
    PREFIXES_MAX,
  );
  yield { kind: 'prefilled', cachedTokens };
  for (let position = tokens.length; ; position++) {
    const generated = position - promptTokens;
    if (shown.stoppedBy !== null) {
      return yield { kind: 'end', reason: 'stop', text: '', stop: shown.stoppedBy };
    }
    if (generated >= request.maxTokens || position >= scene.contextTokens) {
      return yield { kind: 'end', reason: 'length', text: shown.flush() };
    }
    await stepInto({ session: request.session, position, generated, prompt }, scene, signal);
    const token = source.next();
    counters.generatedTokens += 1;
    if (token === END_TOKEN && !request.ignoreEos) {
      return yield { kind: 'end', reason: 'stop', text: shown.flush() };
    }
    source.accept(token);
    const logprob = request.topLogprobs === null ? null : logprobOf(token, position, request.topLogprobs);
    yield { kind: 'token', position, token, text: shown.push(pieceOf(token)), logprob };
  }
}

async function stepInto(step: ScriptedStep, scene: ScriptedScene, signal: AbortSignal): Promise<void> {
  const { hooks, worker } = scene;
  await orAborted(hooks.beforeToken(step), [signal, worker.life.signal]);
  if (hooks.diesAt(step)) hooks.kill();
  signal.throwIfAborted();
  worker.life.signal.throwIfAborted();
}

/** The work, or the reason of the first signal that aborts. */
async function orAborted(work: Promise<void> | void, signals: readonly AbortSignal[]): Promise<void> {
  if (work === undefined) return;
  const { promise, reject } = Promise.withResolvers<never>();
  const leave = (event: Event): void => {
    if (event.target instanceof AbortSignal) reject(event.target.reason);
  };
  for (const signal of signals) {
    signal.throwIfAborted();
    signal.addEventListener('abort', leave);
  }
  try {
    await Promise.race([work, promise]);
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', leave);
  }
}

/** The longest common beginning with an earlier session; the last token is always computed. */
function cachedPrefix(tokens: Int32Array, prefixes: readonly Int32Array[]): number {
  let longest = 0;
  for (const prefix of prefixes) {
    let length = 0;
    while (length < prefix.length && length < tokens.length - 1 && prefix[length] === tokens[length])
      length += 1;
    longest = Math.max(longest, length);
  }
  return longest;
}
