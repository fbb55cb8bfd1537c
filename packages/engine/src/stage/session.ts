/**
 * One answer in the making: tokens so far and everything derived from them. All of it is rebuilt from the request's token
 * list, which is how a session goes on after its worker died.
 */
import { FilonError } from '@filon/core/errors';
import type { TokenLogprob } from '@filon/core/serving/completion';
import type { SessionEvent, SessionRequest } from '@filon/core/serving/session';
import type { EngineErrorDetails } from '../errors.ts';
import type { Sampler } from '../sampler/sampler.ts';
import { openSamplingState, type SamplingState } from '../sampler/sampling-state.ts';
import { createTextAssembler, type TextAssembler } from '../text/text-assembler.ts';
import { type Grammar, openGrammar } from './grammar.ts';
import type { Slot } from './slots.ts';
import type { Weights } from './weights.ts';

export interface Session {
  readonly request: SessionRequest;
  /** Prompt and generated tokens; grows by one a step. */
  readonly tokens: number[];
  /** Of the cache: what it may reuse, and who may reuse what it leaves. */
  readonly scope: string;
  /** Order of arrival: the youngest gives way first when the cache is full. */
  readonly arrival: number;
  slot: Slot | null;
  /** What the first slot held of its tokens; null before there was one. */
  cachedTokens: number | null;
  /** When there was last something to say of it. */
  heardMs: number;
  /** Its first token was drawn. */
  prefilled: boolean;
  /** Index of this session's output row in the batch under way, or -1. */
  outputRow: number;
  /** Draws the next token and says what happened. Errors: SAMPLER_NO_TOKEN. */
  step(logits: Float32Array): SessionEvent[];
  /** The end of a session that cannot go on for want of room. */
  endByLength(): SessionEvent;
  close(): void;
}

export interface SessionTools {
  weights: Weights;
  sampler: Sampler;
  /** Tokens that one session may hold. */
  contextTokens: number;
  arrival: number;
  nowMs: number;
}

/** Codes: ENGINE_CONTEXT_EXCEEDED, ENGINE_TOKEN_INVALID, ENGINE_GRAMMAR_INVALID. */
export function openSession(request: SessionRequest, tools: SessionTools): Session {
  const { weights } = tools;
  checkTokens(request, tools);
  const tokens = Array.from(request.tokens);
  const generated = request.tokens.subarray(request.promptTokens);
  const state = openSamplingState({
    sampling: request.sampling,
    tokens: request.tokens,
    promptTokens: request.promptTokens,
  });
  const text = createTextAssembler({ stop: request.stop });
  for (const token of generated) text.push(weights.piece(token));
  const grammar =
    request.grammar === null ? null : openGrammar(weights, { source: request.grammar, tokens: generated });
  return {
    request,
    tokens,
    scope: request.scope ?? '',
    arrival: tools.arrival,
    slot: null,
    cachedTokens: null,
    heardMs: tools.nowMs,
    prefilled: false,
    outputRow: -1,
    step: (logits) => step({ request, tokens, state, text, grammar }, logits, tools),
    endByLength: () => ({ kind: 'end', reason: 'length', text: text.flush() }),
    close: () => grammar?.close(),
  };
}

function checkTokens(
  { tokens, promptTokens }: SessionRequest,
  { weights, contextTokens }: SessionTools,
): void {
  // One place must be left for the first generated token.
  if (tokens.length === 0 || promptTokens < 1 || tokens.length >= contextTokens) {
    throw new FilonError<EngineErrorDetails>(
      { code: 'ENGINE_CONTEXT_EXCEEDED', tokens: tokens.length, contextTokens },
      `a session of ${tokens.length} tokens does not fit a context of ${contextTokens} (at least one, and one must be left).`,
    );
  }
  for (const token of tokens) {
    if (token >= 0 && token < weights.vocabTokens) continue;
    throw new FilonError<EngineErrorDetails>(
      { code: 'ENGINE_TOKEN_INVALID', token, vocabTokens: weights.vocabTokens },
      `token ${token} is not in this model's vocabulary of ${weights.vocabTokens}.`,
    );
  }
}

interface Writing {
  request: SessionRequest;
  tokens: number[];
  state: SamplingState;
  text: TextAssembler;
  grammar: Grammar | null;
}

function step(writing: Writing, logits: Float32Array, tools: SessionTools): SessionEvent[] {
  const { request, tokens, state, text, grammar } = writing;
  const { weights, sampler } = tools;
  const token = sampler.draw(logits, state, grammar ?? undefined);
  const ended = weights.isEnd(token) && (grammar !== null || !request.ignoreEos);
  if (ended) return [{ kind: 'end', reason: 'stop', text: text.flush() }];
  const position = tokens.length;
  const logprob =
    request.topLogprobs === null ? null : logprobOf({ logits, token, count: request.topLogprobs }, tools);
  tokens.push(token);
  state.push(token);
  grammar?.push(token);
  const shown = text.push(weights.piece(token));
  const event: SessionEvent = { kind: 'token', position, token, text: shown, logprob };
  if (text.stoppedBy !== null) {
    return [event, { kind: 'end', reason: 'stop', text: '', stop: text.stoppedBy }];
  }
  const room = request.promptTokens + request.maxTokens - tokens.length;
  if (room <= 0 || tokens.length >= tools.contextTokens) {
    return [event, { kind: 'end', reason: 'length', text: text.flush() }];
  }
  return [event];
}

function logprobOf(
  { logits, token, count }: { logits: Float32Array; token: number; count: number },
  { sampler, weights }: SessionTools,
): TokenLogprob {
  const chances = sampler.chances(logits, token, count);
  const named = (chance: {
    token: number;
    logprob: number;
  }): { token: number; bytes: Uint8Array; logprob: number } => ({
    token: chance.token,
    bytes: weights.piece(chance.token),
    logprob: chance.logprob,
  });
  return { ...named(chances), top: chances.top.map(named) };
}
