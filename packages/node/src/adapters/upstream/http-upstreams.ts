/** Upstreams over HTTP. */
import type { Chunk, Prompt, Usage } from '@filon/core/serving/completion';
import { upstreamBroken, upstreamError } from '@filon/core/upstream/errors';
import { upstreamKind } from '@filon/core/upstream/kinds';
import { z } from 'zod';
import type { Waiting } from '../../ports/engine.ts';
import type {
  Endpoint,
  EndpointAddress,
  UpstreamModel,
  UpstreamRequest,
  Upstreams,
} from '../../ports/upstreams.ts';
import { AnswerChunks } from './answer-chunks.ts';
import { chatEvent, type Event, textEvent, usageSchema } from './events.ts';
import { call, type HttpAnswer, type HttpAsk } from './http-call.ts';
import {
  EMBED_BATCH_INPUTS,
  MODEL_CHARACTERS_MAX,
  MODELS_LISTED_MAX,
  TOKENS_SAID_MAX,
  UPSTREAM_LIMITS,
  type UpstreamLimits,
  VECTOR_LENGTH_MAX,
} from './limits.ts';
import { parsed, readEvents, readJson } from './read-body.ts';
import { failureEvent } from './refusal.ts';
import { requestBody } from './request-body.ts';

export function createHttpUpstreams(limits: UpstreamLimits = UPSTREAM_LIMITS): Upstreams {
  const json = async <T>(
    endpoint: EndpointAddress,
    ask: Pick<HttpAsk, 'path' | 'body' | 'signal'>,
    schema: z.ZodType<T>,
  ): Promise<T> => {
    using answer = await call(endpoint, { ...ask, type: 'application/json', limits });
    return await readJson(answer, schema, limits);
  };
  return {
    models: async (endpoint, { signal }) =>
      await json(endpoint, { path: '/models', body: null, signal }, modelList),
    complete: (endpoint, asked, options) => complete({ endpoint, limits }, asked, options),
    embed: async (endpoint, { model, inputs }, { signal }) => {
      const vectors: Float32Array[] = [];
      let promptTokens: number | null = 0;
      for (const batch of batches(inputs)) {
        const body = { model, input: batch, encoding_format: 'float' };
        const list = await json(endpoint, { path: '/embeddings', body, signal }, vectorList);
        vectors.push(...inOrder(list.data, batch.length, endpoint));
        promptTokens = list.usage === null || promptTokens === null ? null : promptTokens + list.usage;
      }
      return { vectors: ofOneLength(vectors, endpoint), promptTokens };
    },
  };
}

const tokens = z.int().min(1).max(TOKENS_SAID_MAX).nullish().catch(null);

const modelList: z.ZodType<UpstreamModel[]> = z
  .object({
    data: z
      .array(
        z.object({
          id: z.string().min(1).max(MODEL_CHARACTERS_MAX),
          owned_by: z.string().catch(''),
          max_model_len: tokens,
          context_length: tokens,
          meta: z.object({ n_ctx: tokens, n_ctx_train: tokens }).nullish().catch(null),
          filon: z.object({ upstream: z.boolean().nullish() }).nullish().catch(null),
        }),
      )
      .max(MODELS_LISTED_MAX),
  })
  .transform(({ data }) =>
    data.map((said) => ({
      id: said.id,
      kind: upstreamKind(said.owned_by),
      contextTokens:
        said.max_model_len ?? said.context_length ?? said.meta?.n_ctx ?? said.meta?.n_ctx_train ?? null,
      passedOn: said.filon?.upstream === true,
    })),
  );

async function* complete(
  { endpoint, limits }: { endpoint: Endpoint; limits: UpstreamLimits },
  asked: UpstreamRequest,
  { signal }: Waiting,
): AsyncGenerator<Chunk> {
  const { request } = asked;
  const { path, body } = requestBody(asked, endpoint.kind);
  using answer = await call(endpoint, { path, body, type: 'text/event-stream', signal, limits });
  const { host } = answer;
  const logprobs = request.topLogprobs !== null;
  const chunks = new AnswerChunks({ host, choices: request.choices, logprobs, stop: request.stop });
  const schema = request.prompt.kind === 'chat' ? chatEvent : textEvent;
  let usage: Usage | null = null;
  answer.expectWithin(limits.answerMs);
  try {
    for await (const data of readEvents(answer, limits)) {
      if (data === '[DONE]') break;
      const event = eventOf(data, { schema, answer, key: endpoint.key });
      usage = event.usage ?? usage;
      const made = event.pieces.flatMap((piece) => chunks.push(piece));
      if (made.length === 0) continue;
      // How long the reader takes is not the endpoint's fault.
      answer.expectWithin(null);
      yield* made;
      answer.expectWithin(chunks.isOver ? limits.endMs : limits.quietMs);
    }
    if (!chunks.isOver) throw upstreamBroken(host, 'its answer ends in the middle');
  } catch (error) {
    signal.throwIfAborted();
    // All of the answer is here; what it cost is counted otherwise.
    if (!chunks.isOver) throw error;
  }
  if (usage !== null) yield { kind: 'usage', usage };
}

interface EventScene {
  schema: z.ZodType<Event>;
  answer: HttpAnswer;
  key: string | null;
}

function eventOf(data: string, { schema, answer, key }: EventScene): Event {
  const event = parsed(answer.host, data, schema);
  if (event.failed) throw failureEvent(JSON.parse(data), { host: answer.host, key });
  return event;
}

interface VectorList {
  data: { index: number; embedding: number[] }[];
  /** Tokens of the inputs; null: it does not say. */
  usage: number | null;
}

const vectorList: z.ZodType<VectorList> = z
  .object({
    data: z
      .array(
        z.object({ index: z.int().min(0), embedding: z.array(z.number()).min(1).max(VECTOR_LENGTH_MAX) }),
      )
      .max(EMBED_BATCH_INPUTS),
    usage: usageSchema.nullish().catch(null),
  })
  .transform(({ data, usage }) => ({ data, usage: usage?.promptTokens ?? null }));

/** Inputs of one sort in a call. Codes: UPSTREAM_UNSUPPORTED. */
function batches(inputs: readonly Prompt[]): (string[] | number[][])[] {
  const made: { sort: Prompt['kind']; batch: unknown[] }[] = [];
  for (const input of inputs) {
    if (input.kind === 'chat') {
      const message = 'a chat has no vector at an upstream; send text';
      throw upstreamError({ code: 'UPSTREAM_UNSUPPORTED', what: 'vectors of chats' }, message);
    }
    const last = made.at(-1);
    const value = input.kind === 'text' ? input.text : input.tokens;
    if (last?.sort === input.kind && last.batch.length < EMBED_BATCH_INPUTS) last.batch.push(value);
    else made.push({ sort: input.kind, batch: [value] });
  }
  return made.map(({ batch }) => batch as string[] | number[][]);
}

function inOrder(data: VectorList['data'], inputs: number, { url }: EndpointAddress): Float32Array[] {
  const sorted = data.toSorted((a, b) => a.index - b.index);
  if (sorted.length === inputs && sorted.every(({ index }, at) => index === at)) {
    return sorted.map(({ embedding }) => Float32Array.from(embedding));
  }
  throw upstreamBroken(new URL(url).host, 'it sends other vectors than it was asked for');
}

function ofOneLength(vectors: Float32Array[], { url }: EndpointAddress): Float32Array[] {
  if (vectors.every(({ length }) => length === vectors[0]?.length)) return vectors;
  throw upstreamBroken(new URL(url).host, 'it sends vectors of several lengths');
}
