/** The node's own OpenAI API, as the commands that talk use it: one way to ask, for them and for everybody else. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { FilonError } from '@filon/core/errors';
import type { PrivacyTier } from '@filon/core/serving/tier';
import { z } from 'zod';
import { openSocketPath } from '../home/socket-path.ts';
import type { CliErrorDetails } from './errors.ts';
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
}

export type ChatPiece =
  | { kind: 'text'; text: string }
  | { kind: 'end'; reason: string }
  | { kind: 'usage'; promptTokens: number; cachedTokens: number; completionTokens: number };

/** Small models wander at the API's own default of 1. */
export const TALK_TEMPERATURE = 0.5;
export const TEMPERATURE_HELP = '0: always the likeliest token; higher: more surprising';

const ERROR_BYTES_MAX = 65_536;

const errorSchema = z.object({
  error: z.object({ message: z.string(), code: z.string().nullable().optional() }),
});

const chunkSchema = z.object({
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

/**
 * `apiSocket`: of the node's home; nobody else can open it, so no key is needed, whatever the network side asks for.
 * Codes: CLI_API_REFUSED, CLI_API_BROKEN. Leaving the iteration ends the answer at the node.
 */
export async function* streamChat(
  apiSocket: string,
  ask: ChatAsk,
  options: { signal: AbortSignal; tier?: PrivacyTier | undefined },
): AsyncGenerator<ChatPiece> {
  const { signal } = options;
  const body = JSON.stringify({ ...ask, stream: true, stream_options: { include_usage: true } });
  using socketPath = openSocketPath(apiSocket);
  const response = await post(socketPath.path, body, options);
  try {
    if (response.statusCode !== 200) throw await refusal(response);
    let complete = false;
    for await (const data of readServerEvents(response)) {
      if (data === '[DONE]') complete = true;
      else yield* pieces(data);
    }
    if (!complete) throw broken();
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof FilonError ? error : broken(error);
  } finally {
    response.destroy();
  }
}

function post(
  socketPath: string,
  body: string,
  { signal, tier }: { signal: AbortSignal; tier?: PrivacyTier | undefined },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...{ host: 'localhost', 'content-type': 'application/json' },
      ...(tier !== undefined && { 'filon-tier': tier }),
    };
    const where = { socketPath, path: '/v1/chat/completions', method: 'POST' };
    const request = httpRequest({ ...where, headers, signal }, (response) => {
      response.on('error', () => {});
      resolve(response);
    });
    request.on('error', (error) => reject(signal.aborted ? signal.reason : broken(error)));
    request.end(body);
  });
}

function* pieces(data: string): Generator<ChatPiece> {
  const value: unknown = JSON.parse(data);
  const failed = errorSchema.safeParse(value);
  if (failed.success) throw apiError(200, failed.data.error);
  const chunk = chunkSchema.parse(value);
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

function broken(cause?: unknown): FilonError<CliErrorDetails> {
  return new FilonError<CliErrorDetails>(
    { code: 'CLI_API_BROKEN' },
    'The node went away in the middle of the answer. `filon status` and `filon logs` say more.',
    { cause },
  );
}
