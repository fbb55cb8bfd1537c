/** A listening gateway before serving that answers with given chunks and remembers what it was asked. */
import type { Chunk, CompletionRequest } from '@filon/core/serving/completion';
import { createSystemClock } from '@filon/node/adapters/local/clock';
import { createMemoryLog } from '@filon/node/adapters/memory/log';
import { DEFAULT_GATEWAY_LIMITS } from '@filon/node/gateway/http/limits';
import { type OpenGateway, openGateway } from '@filon/node/gateway/listen';
import type { Serving } from '@filon/node/serve/serving';
import { MODEL, openScriptedServing } from './scripted-serving.ts';

export interface ChunkGateway extends AsyncDisposable {
  gateway: OpenGateway;
  requests: CompletionRequest[];
  /** What the next answers are made of; the usage comes by itself, unless the answer breaks off with an error. */
  answerWith(chunks: readonly Chunk[], failure?: Error): void;
}

export const CHUNK_USAGE = { promptTokens: 30, cachedTokens: 10, completionTokens: 20, reasoningTokens: 5 };

export async function openChunkGateway(): Promise<ChunkGateway> {
  const clock = createSystemClock();
  const scripted = await openScriptedServing({ clock });
  const requests: CompletionRequest[] = [];
  let script: () => AsyncGenerator<Chunk> = () => played([]);
  const serving: Serving = {
    complete: async (request) => {
      requests.push(request);
      return {
        ...{ id: 'made-up', model: MODEL, createdMs: 0, servedBy: [] },
        usage: CHUNK_USAGE,
        chunks: script(),
      };
    },
    embed: (request, options) => scripted.serving.embed(request, options),
    countTokens: (request, options) => scripted.serving.countTokens(request, options),
    models: () => scripted.serving.models(),
    readiness: () => scripted.serving.readiness(),
    stats: () => scripted.serving.stats(),
  };
  const gateway = await openGateway(
    { host: '127.0.0.1', port: 0, hosts: [], origins: [], stopMs: 1_000 },
    {
      ...{ serving, clock, log: createMemoryLog(), limits: DEFAULT_GATEWAY_LIMITS },
      randomBytes: (count) => new Uint8Array(count),
    },
  );
  return {
    gateway,
    requests,
    answerWith: (chunks, failure) => {
      script = () => played(chunks, failure);
    },
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      await scripted.serving[Symbol.asyncDispose]();
    },
  };
}

async function* played(chunks: readonly Chunk[], failure?: Error): AsyncGenerator<Chunk> {
  yield* chunks;
  if (failure) throw failure;
  yield { kind: 'usage', usage: CHUNK_USAGE };
}
