/** Log-probabilities in the two shapes of OpenAI's. */
import type { TokenLogprob } from '@filon/core/serving/completion';

export interface ChatLogprob {
  token: string;
  logprob: number;
  bytes: number[];
  top_logprobs: { token: string; logprob: number; bytes: number[] }[];
}

/** A token need not be whole characters: `bytes` is exact, `token` is for reading. */
export function chatLogprob({ bytes, logprob, top }: TokenLogprob): ChatLogprob {
  return { ...piece(bytes, logprob), top_logprobs: top.map((other) => piece(other.bytes, other.logprob)) };
}

function piece(bytes: Uint8Array, logprob: number): { token: string; logprob: number; bytes: number[] } {
  return { token: textOf(bytes), logprob, bytes: [...bytes] };
}

export interface TextLogprobs {
  tokens: string[];
  token_logprobs: number[];
  top_logprobs: Record<string, number>[];
  text_offset: number[];
}

/** `offset`: characters of the answer before the first of these tokens. Returns also the offset after the last. */
export function textLogprobs(
  logprobs: readonly TokenLogprob[],
  offset: number,
): { value: TextLogprobs; offset: number } {
  const value: TextLogprobs = { tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] };
  let at = offset;
  for (const { bytes, logprob, top } of logprobs) {
    const token = textOf(bytes);
    value.tokens.push(token);
    value.token_logprobs.push(logprob);
    value.top_logprobs.push(Object.fromEntries(top.map((other) => [textOf(other.bytes), other.logprob])));
    value.text_offset.push(at);
    at += token.length;
  }
  return { value, offset: at };
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
