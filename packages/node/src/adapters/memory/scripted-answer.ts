/** The scripted engine's model: the next token is a hash of the tokens so far and of the seed, and of nothing else. */
import type { TokenLogprob } from '@filon/core/serving/completion';
import type { SessionRequest } from '@filon/core/serving/session';
import { END_TOKEN, FIRST_WORD, pieceOf, tokensOf, VOCAB_TOKENS, WORDS } from './scripted-vocabulary.ts';

/** Answers are at least this long and end, on average, {@link END_ONE_IN} tokens later. */
const SHORTEST_TOKENS = 12;
const END_ONE_IN = 48;
/** One token in this many begins a character of several bytes. */
const WIDE_ONE_IN = 9;
const WIDE = ['é', 'ñ', '€', '矿', '⛏', '🪙'].map((character) => new TextEncoder().encode(character));

export interface AnswerSource {
  next(): number;
  /** Tells the source what was drawn, so that the next token follows from it. */
  accept(token: number): void;
}

/** `script` replaces the hash by a fixed text, then the end mark. */
export function answerSource(request: SessionRequest, script: string | undefined): AnswerSource {
  return script === undefined ? new HashAnswer(request) : new FixedAnswer(request, script);
}

class HashAnswer implements AnswerSource {
  #state: number;
  #generated: number[];

  constructor(request: SessionRequest) {
    const seed = request.sampling.temperature === 0 ? 0n : request.sampling.seed;
    this.#state = mix(Number(seed & 0xffff_ffffn), Number(seed >> 32n));
    for (const token of request.tokens) this.#state = mix(this.#state, token);
    this.#generated = [...request.tokens.subarray(request.promptTokens)];
  }

  next(): number {
    const rest = restOfCharacter(this.#generated);
    if (rest !== undefined) return rest;
    const draw = mix(this.#state, 0x5eed);
    if (this.#generated.length >= SHORTEST_TOKENS && draw % END_ONE_IN === 0) return END_TOKEN;
    if (draw % WIDE_ONE_IN === 0) return WIDE[mix(draw, 1) % WIDE.length]?.[0] ?? END_TOKEN;
    return FIRST_WORD + (mix(draw, 2) % WORDS.length);
  }

  accept(token: number): void {
    this.#state = mix(this.#state, token);
    this.#generated.push(token);
  }
}

class FixedAnswer implements AnswerSource {
  #tokens: number[];
  #at: number;

  constructor(request: SessionRequest, text: string) {
    this.#tokens = tokensOf(text);
    this.#at = request.tokens.length - request.promptTokens;
  }

  next(): number {
    return this.#tokens[this.#at] ?? END_TOKEN;
  }

  accept(): void {
    this.#at += 1;
  }
}

/** The byte that a character begun by the last tokens still needs. */
function restOfCharacter(generated: readonly number[]): number | undefined {
  for (const bytes of WIDE) {
    for (let have = bytes.length - 1; have >= 1; have--) {
      const tail = generated.slice(-have);
      if (tail.length === have && tail.every((token, index) => token === bytes[index])) return bytes[have];
    }
  }
  return undefined;
}

/** Made up, but always the same for the same token at the same place, and sorted. */
export function logprobOf(token: number, position: number, topCount: number): TokenLogprob {
  const draw = (mix(token, position) % 1000) / 1000;
  const top = Array.from({ length: topCount }, (_, rank) => {
    const other = (token + rank * 7) % VOCAB_TOKENS;
    return { token: other, bytes: pieceOf(other), logprob: -draw - rank };
  });
  return { token, bytes: pieceOf(token), logprob: -draw, top };
}

/** A unit vector that depends on every token. */
export function embeddingOf(tokens: Int32Array, length: number): Float32Array {
  const vector = new Float32Array(length);
  let state = 1;
  for (const token of tokens) state = mix(state, token);
  for (let index = 0; index < length; index++) vector[index] = (mix(state, index) % 2001) / 1000 - 1;
  const norm = Math.hypot(...vector) || 1;
  return vector.map((value) => value / norm);
}

/** 32-bit avalanche of two words. */
function mix(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return (h ^ (h >>> 15)) >>> 0;
}
