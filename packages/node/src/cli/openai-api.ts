/** The node's own OpenAI API, as the commands that talk use it: one way to ask, for them and for everybody else. */
import type { IncomingMessage } from 'node:http';
import { FilonError } from '@filon/core/errors';
import type { PrivacyTier } from '@filon/core/serving/tier';
import { z } from 'zod';
import type { CliErrorDetails } from './errors.ts';
import { callGateway } from './gateway-call.ts';
import { type Gateway, nameOf } from './gateways.ts';
import { readServerEvents } from './server-events.ts';

export interface ChatTurn {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

export interface ChatAsk {
  model: string;
  messages: readonly ChatTurn[];
  max_tokens?: number;
  temperature?: number;
  top_p?: number;
  seed?: number;
  /** docs/protocol/resume.md. */
  filon?: object;
}

export type ChatPiece =
  | { kind: 'text'; text: string }
  | { kind: 'end'; reason: string }
  /** What it takes to go on elsewhere. */
  | { kind: 'start'; start: unknown }
  | { kind: 'drawn'; from: number; drawn: unknown[] }
  | { kind: 'usage'; promptTokens: number; cachedTokens: number; completionTokens: number };

/** Small models wander at the API's own default of 1. */
export const TALK_TEMPERATURE = 0.5;
export const TEMPERATURE_HELP = '0: always the likeliest token; higher: more surprising';

const ERROR_BYTES_MAX = 65_536;

const errorSchema = z.object({
  error: z.object({ message: z.string(), code: z.string().nullable().optional() }),
});

const chunkSchema = z.object({
  filon: z
    .union([
      z.object({ from: z.int().min(0), drawn: z.array(z.unknown()) }),
      z.object({ start: z.unknown() }),
    ])
    .optional(),
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish() }).optional(),
        finish_reason: z.string().nullish(),
      }),
    )
    .default([]),
  usage: z
    .object({
      prompt_tokens: z.number(),
      completion_tokens: z.number(),
      prompt_tokens_details: z.object({ cached_tokens: z.number().default(0) }).nullish(),
    })
    .nullish(),
});

export interface ChatOptions {
  signal: AbortSignal;
  tier?: PrivacyTier | undefined;
  /** Another gateway would be asked where this one says nothing; false when absent. */
  hasOthers?: boolean;
}

/** Codes: CLI_API_REFUSED, CLI_API_BROKEN. Leaving the iteration ends the answer at the node. */
export async function* streamChat(
  gateway: Gateway,
  ask: ChatAsk,
  { signal, tier, hasOthers = false }: ChatOptions,
): AsyncGenerator<ChatPiece> {
  const body = JSON.stringify({ ...ask, stream: true, stream_options: { include_usage: true } });
  let response: IncomingMessage | null = null;
  try {
    response = await callGateway(gateway, { body, signal, tier, hasOthers });
    if (response.statusCode !== 200) throw await refusal(response);
    let complete = false;
    for await (const data of readServerEvents(response)) {
      if (data === '[DONE]') complete = true;
      else yield* pieces(data);
    }
    if (!complete) throw broken(gateway);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof FilonError ? error : broken(gateway, error);
  } finally {
    response?.destroy();
  }
}

function* pieces(data: string): Generator<ChatPiece> {
  const value: unknown = JSON.parse(data);
  const failed = errorSchema.safeParse(value);
  if (failed.success) throw apiError(200, failed.data.error);
  const chunk = chunkSchema.parse(value);
  const { filon } = chunk;
  if (filon !== undefined) yield 'drawn' in filon ? { kind: 'drawn', ...filon } : { kind: 'start', ...filon };
  for (const choice of chunk.choices) {
    if (choice.delta?.content) yield { kind: 'text', text: choice.delta.content };
    if (choice.finish_reason) yield { kind: 'end', reason: choice.finish_reason };
  }
  if (!chunk.usage) return;
  yield {
    kind: 'usage',
    promptTokens: chunk.usage.prompt_tokens,
    cachedTokens: chunk.usage.prompt_tokens_details?.cached_tokens ?? 0,
    completionTokens: chunk.usage.completion_tokens,
  };
}

async function refusal(response: IncomingMessage): Promise<FilonError> {
  const status = response.statusCode ?? 0;
  let text = '';
  for await (const piece of response.setEncoding('utf8')) {
    text += piece;
    if (text.length > ERROR_BYTES_MAX) break;
  }
  try {
    return apiError(status, errorSchema.parse(JSON.parse(text)).error);
  } catch {
    return apiError(status, { message: `the API answered with status ${status}` });
  }
}

function apiError(
  status: number,
  error: { message: string; code?: string | null | undefined },
): FilonError<CliErrorDetails> {
  const apiCode = error.code ?? null;
  return new FilonError<CliErrorDetails>({ code: 'CLI_API_REFUSED', status, apiCode }, error.message);
}

function broken(gateway: Gateway, cause?: unknown): FilonError<CliErrorDetails> {
  const message =
    gateway.kind === 'home'
      ? 'The node went away in the middle of the answer; ask again. `filon status` and `filon logs` say more.'
      : `${nameOf(gateway)} cannot be reached, or went away in the middle of the answer; ask again.`;
  return new FilonError<CliErrorDetails>({ code: 'CLI_API_BROKEN' }, message, { cause });
}
