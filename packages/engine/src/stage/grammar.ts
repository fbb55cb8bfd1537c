/** A GBNF grammar at some position of an answer, behind llama.cpp's grammar sampler. */
import { FilonError } from '@filon/core/errors';
import type { EngineErrorDetails } from '../errors.ts';
import type { CandidateArray } from '../ffi/llama.ts';
import type { GrammarGate } from '../sampler/grammar-gate.ts';
import type { Weights } from './weights.ts';

export interface Grammar extends GrammarGate {
  /** Takes a token that the grammar accepts, and goes on to the next position. */
  push(token: number): void;
  close(): void;
}

/** Bytes of `llama_token_data`: id i32, logit f32, p f32. */
const CANDIDATE_WORDS = 3;
/** Ambiguous grammars grow exponentially with depth; all sessions wait for each step. */
const STEP_MS_MAX = 1_000;

/** @throws ENGINE_GRAMMAR_INVALID when it does not parse, or `tokens` do not follow it; ENGINE_GRAMMAR_TOO_SLOW */
export function openGrammar(
  weights: Weights,
  { source, tokens }: { source: string; tokens: ArrayLike<number> },
): Grammar {
  const { llama } = weights;
  const sampler = llama.newGrammar(llama.vocab(weights.pointer), source, 'root');
  if (sampler === null) throw invalid('it does not parse');
  const timed = <T>(work: () => T): T => {
    const startMs = performance.now();
    const result = work();
    const tookMs = performance.now() - startMs;
    if (tookMs > STEP_MS_MAX) throw tooSlow(tookMs);
    return result;
  };
  const one = candidateArray(1);
  let all: CandidateBuffer | null = null;
  const grammar: Grammar = {
    accepts: (token) => {
      one.ids[0] = token;
      one.values[1] = 0;
      timed(() => llama.applySampler(sampler, one.native(1)));
      return one.values[1] === 0;
    },
    mask: (logits) => {
      all ??= candidateArray(logits.length);
      const buffer = all;
      timed(() => applyToAll(buffer, logits, (candidates) => llama.applySampler(sampler, candidates)));
    },
    push: (token) => timed(() => llama.acceptToken(sampler, token)),
    close: () => llama.freeSampler(sampler),
  };
  try {
    goOn(grammar, tokens);
  } catch (error) {
    grammar.close();
    throw error;
  }
  return grammar;
}

function goOn(grammar: Grammar, tokens: ArrayLike<number>): void {
  for (let i = 0; i < tokens.length; i += 1) {
    const token = tokens[i] as number;
    if (!grammar.accepts(token))
      throw invalid(`token ${token} at generated position ${i} does not follow it`);
    grammar.push(token);
  }
}

interface CandidateBuffer {
  ids: Int32Array;
  values: Float32Array;
  native(size: number): CandidateArray;
}

function candidateArray(capacity: number): CandidateBuffer {
  const data = new ArrayBuffer(capacity * CANDIDATE_WORDS * 4);
  const values = new Float32Array(data);
  return {
    ids: new Int32Array(data),
    values,
    native: (size) => ({ data: values, size, selected: -1, sorted: false }),
  };
}

/** The grammar marks refused candidates with -Infinity and leaves their order alone. */
function applyToAll(
  buffer: CandidateBuffer,
  logits: Float32Array,
  apply: (candidates: CandidateArray) => void,
): void {
  const { ids, values } = buffer;
  for (let token = 0, word = 0; token < logits.length; token += 1, word += CANDIDATE_WORDS) {
    ids[word] = token;
    values[word + 1] = logits[token] as number;
  }
  apply(buffer.native(logits.length));
  for (let token = 0, word = 1; token < logits.length; token += 1, word += CANDIDATE_WORDS) {
    logits[token] = values[word] as number;
  }
}

function tooSlow(tookMs: number): FilonError<EngineErrorDetails> {
  return new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_GRAMMAR_TOO_SLOW', tookMs: Math.round(tookMs), stepMsMax: STEP_MS_MAX },
    `the grammar took ${Math.round(tookMs)} ms for one token, more than ${STEP_MS_MAX}: alternatives that begin alike, one inside the other, make it ambiguous. Simplify the schema.`,
  );
}

function invalid(reason: string): FilonError<EngineErrorDetails> {
  return new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_GRAMMAR_INVALID', reason },
    `the grammar cannot be used: ${reason}.`,
  );
}
