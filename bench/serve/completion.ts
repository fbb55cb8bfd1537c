/**
 * One streamed completion and when its parts arrived. While it streams nothing is parsed: the bench shares the cores with
 * what it measures.
 */
import { request } from 'node:http';
import { FilonError } from '@filon/core/errors';
import type { BenchErrorDetails } from './errors.ts';
import type { Served } from './programs/served.ts';

export interface CompletionSpec {
  prompt: string;
  tokens: number;
  /** Null: the program's own way of drawing. */
  temperature: number | null;
}

export interface Completion {
  /** Milliseconds of this process's clock: asked, first text, end of the answer. */
  startMs: number;
  firstMs: number;
  endMs: number;
  promptTokens: number;
  cachedTokens: number;
  /** Tokens generated. */
  tokens: number;
}

export interface Arrival {
  atMs: number;
  bytes: Buffer;
}

const TIMEOUT_MS = 300_000;
const SEED = 7;

/** Codes: BENCH_ANSWER_WRONG. */
export async function complete(
  served: Served,
  { prompt, tokens, temperature }: CompletionSpec,
  signal: AbortSignal,
): Promise<Completion> {
  const body = JSON.stringify({
    ...{ model: served.model, prompt, max_tokens: tokens, seed: SEED, ignore_eos: true },
    ...{ stream: true, stream_options: { include_usage: true } },
    ...(temperature !== null && { temperature }),
  });
  const startMs = performance.now();
  const { status, arrivals } = await post(served, body, signal);
  const said = Buffer.concat(arrivals.map(({ bytes }) => bytes)).toString('utf8');
  if (status !== 200) throw wrong(served, `status ${status}: ${said.slice(0, 300)}`);
  const read = readStream(arrivals);
  if (read === null) throw wrong(served, said.slice(-300));
  return { startMs, ...read };
}

async function post(
  served: Served,
  body: string,
  signal: AbortSignal,
): Promise<{ status: number; arrivals: Arrival[] }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; arrivals: Arrival[] }>();
  // A connection of its own each time: a kept one may be closed by the other side just when it is used again.
  const call = request(`${served.url}/v1/completions`, {
    ...{ method: 'POST', agent: false, signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) },
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
  });
  call.setNoDelay(true);
  const fail = (error: Error): void => reject(signal.aborted ? error : wrong(served, error.message));
  call.once('error', fail);
  call.once('response', (response) => {
    const arrivals: Arrival[] = [];
    response.on('data', (bytes: Buffer) => arrivals.push({ atMs: performance.now(), bytes }));
    response.once('error', fail);
    response.once('end', () => resolve({ status: response.statusCode ?? 0, arrivals }));
  });
  call.end(body);
  return promise;
}

interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  prompt_tokens_details?: { cached_tokens: number };
}

interface StreamEvent {
  choices?: { text?: string; finish_reason?: string | null }[];
  usage?: Usage | null;
}

/** What a stream said and when; null where its end or its usage is missing. An event counts when its last byte is there. */
export function readStream(arrivals: readonly Arrival[]): Omit<Completion, 'startMs'> | null {
  let text = '';
  let firstMs: number | null = null;
  let endMs: number | null = null;
  let usage: Usage | null = null;
  for (const { atMs, bytes } of arrivals) {
    text += bytes.toString('latin1');
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('data: {')) continue;
      const event = JSON.parse(line.slice('data: '.length)) as StreamEvent;
      const [choice] = event.choices ?? [];
      if (choice?.text) firstMs ??= atMs;
      if (choice?.finish_reason) endMs = atMs;
      usage = event.usage ?? usage;
    }
  }
  if (firstMs === null || endMs === null || usage === null) return null;
  return {
    firstMs,
    endMs,
    promptTokens: usage.prompt_tokens,
    cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
    tokens: usage.completion_tokens,
  };
}

function wrong({ name }: Served, got: string): FilonError<BenchErrorDetails> {
  return new FilonError(
    { code: 'BENCH_ANSWER_WRONG', program: name, got },
    `${name} gave no whole answer: ${got}`,
  );
}
