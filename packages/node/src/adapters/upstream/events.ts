/** What the events of an answer say, chats and texts alike. Fields that nobody here knows are passed over. */

import type { TokenLogprob, Usage } from '@filon/core/serving/completion';
import { TOP_LOGPROBS_MAX } from '@filon/core/serving/sampling';
import { z } from 'zod';
import {
  CALL_ID_CHARACTERS_MAX,
  CALLED_NAME_CHARACTERS_MAX,
  TOKEN_BYTES_MAX,
  TOKENS_SAID_MAX,
} from './limits.ts';

/** A piece of one choice. */
export interface Piece {
  index: number;
  text: string;
  reasoning: string;
  calls: CallPiece[];
  logprobs: TokenLogprob[];
  /** As the endpoint words it; null: it goes on. */
  finish: string | null;
  /** The stop string that was met, where it says so. */
  stop: string | null;
}

export interface CallPiece {
  index?: number | null | undefined;
  id?: string | null | undefined;
  function?: { name?: string | null | undefined; arguments?: string | null | undefined } | null | undefined;
}

export interface Event {
  pieces: Piece[];
  usage: Usage | null;
  failed: boolean;
}

/** A token's id is not said; nothing that leaves this node has one. */
const TOKEN_UNKNOWN = -1;

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const count = z.int().min(0).max(TOKENS_SAID_MAX);
const bytes = z.array(z.int().min(0).max(255)).max(TOKEN_BYTES_MAX);

const usage = z
  .object({
    prompt_tokens: count,
    completion_tokens: count.nullish(),
    prompt_tokens_details: z.object({ cached_tokens: count.nullish() }).nullish(),
    completion_tokens_details: z.object({ reasoning_tokens: count.nullish() }).nullish(),
  })
  .transform((said): Usage => {
    const { prompt_tokens: promptTokens, completion_tokens: completionTokens } = said;
    const cached = said.prompt_tokens_details?.cached_tokens ?? 0;
    const reasoning = said.completion_tokens_details?.reasoning_tokens ?? 0;
    return {
      promptTokens,
      cachedTokens: Math.min(promptTokens, cached),
      completionTokens: completionTokens ?? 0,
      reasoningTokens: Math.min(completionTokens ?? 0, reasoning),
    };
  });

export const usageSchema: z.ZodType<Usage> = usage;

const candidate = z
  .object({ token: z.string(), logprob: z.number(), bytes: bytes.nullish() })
  .transform((said) => candidateOf(said.token, said.logprob, said.bytes));
const chatLogprob = z
  .object({
    ...{ token: z.string(), logprob: z.number(), bytes: bytes.nullish() },
    top_logprobs: z.array(candidate).nullish(),
  })
  .transform(
    (said): TokenLogprob => ({
      ...candidateOf(said.token, said.logprob, said.bytes),
      top: (said.top_logprobs ?? []).slice(0, TOP_LOGPROBS_MAX),
    }),
  );

const call: z.ZodType<CallPiece> = z.object({
  index: z.int().min(0).nullish(),
  id: z.string().max(CALL_ID_CHARACTERS_MAX).nullish(),
  function: z
    .object({ name: z.string().max(CALLED_NAME_CHARACTERS_MAX).nullish(), arguments: z.string().nullish() })
    .nullish(),
});

const choiceEnd = {
  index: z.int().min(0).default(0),
  finish_reason: z.string().nullish(),
  // A number: a token that stops.
  stop_reason: z.union([z.string(), z.number()]).nullish(),
};

function endOf(said: { finish_reason?: string | null | undefined; stop_reason?: unknown }): {
  finish: string | null;
  stop: string | null;
} {
  const { stop_reason: stop } = said;
  return { finish: said.finish_reason ?? null, stop: typeof stop === 'string' ? stop : null };
}

const chatChoice = z
  .object({
    ...choiceEnd,
    delta: z
      .object({
        content: text,
        reasoning_content: z.string().nullish(),
        reasoning: z.string().nullish(),
        tool_calls: z.array(call).nullish(),
      })
      .nullish(),
    logprobs: z.object({ content: z.array(chatLogprob).nullish() }).nullish(),
  })
  .transform(
    ({ delta, logprobs, ...said }): Piece => ({
      ...{ index: said.index, text: delta?.content ?? '', calls: delta?.tool_calls ?? [] },
      reasoning: delta?.reasoning_content ?? delta?.reasoning ?? '',
      logprobs: logprobs?.content ?? [],
      ...endOf(said),
    }),
  );

const textLogprobs = z
  .object({
    tokens: z.array(z.string()),
    token_logprobs: z.array(z.number().nullable()),
    top_logprobs: z.array(z.record(z.string(), z.number()).nullable()).nullish(),
  })
  .transform(({ tokens, token_logprobs: values, top_logprobs: tops }): TokenLogprob[] =>
    tokens.map((token, at) => ({
      ...candidateOf(token, values[at] ?? 0, null),
      top: Object.entries(tops?.[at] ?? {})
        .slice(0, TOP_LOGPROBS_MAX)
        .map(([other, logprob]) => candidateOf(other, logprob, null)),
    })),
  );

const textChoice = z.object({ ...choiceEnd, text, logprobs: textLogprobs.nullish() }).transform(
  ({ text: piece, logprobs, ...said }): Piece => ({
    ...{ index: said.index, text: piece, calls: [], reasoning: '', logprobs: logprobs ?? [] },
    ...endOf(said),
  }),
);

export const chatEvent: z.ZodType<Event> = eventOf(chatChoice);
export const textEvent: z.ZodType<Event> = eventOf(textChoice);

function eventOf(choice: z.ZodType<Piece>): z.ZodType<Event> {
  return z
    .object({ choices: z.array(choice).nullish(), usage: usage.nullish(), error: z.unknown().optional() })
    .transform((said) => ({
      pieces: said.choices ?? [],
      usage: said.usage ?? null,
      failed: said.error !== undefined && said.error !== null,
    }));
}

function candidateOf(
  token: string,
  logprob: number,
  said: number[] | null | undefined,
): Omit<TokenLogprob, 'top'> {
  return { token: TOKEN_UNKNOWN, bytes: said ? Uint8Array.from(said) : Buffer.from(token), logprob };
}
