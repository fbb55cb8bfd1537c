/** One model in a worker: weights, context, sessions, and an embedder when somebody asks for it. */
import { FilonError } from '@filon/core/errors';
import type { LoadedModel } from '@filon/core/serving/session';
import type { DeviceHost } from '../device/device-host.ts';
import type { EngineErrorDetails } from '../errors.ts';
import { deviceFreeBytes, type NativeDevice } from '../ffi/backends.ts';
import { readGgufHeader } from '../gguf/header.ts';
import { memoryEstimate } from '../gguf/memory-estimate.ts';
import { type Batcher, createBatcher, type OutputBatch } from '../stage/batcher.ts';
import { type Context, openContext } from '../stage/context.ts';
import { type Embedder, openEmbedder } from '../stage/embedder.ts';
import { selfTest } from '../stage/self-test.ts';
import { openWeights, type Weights } from '../stage/weights.ts';
import { freeMemoryBytes } from './free-memory.ts';
import type { LoadRequest } from './protocol.ts';

export interface HostedModel {
  readonly weights: Weights;
  readonly batcher: Batcher;
  readonly loaded: LoadedModel;
  embed(texts: readonly Int32Array[]): Promise<Float32Array[]>;
  close(): Promise<void>;
}

export interface ModelHost extends DeviceHost {
  emit(outputs: OutputBatch): void;
}

/** Codes: GGUF_*, MODEL_ARCHITECTURE_UNSUPPORTED, ENGINE_MEMORY, ENGINE_LOAD_FAILED, ENGINE_SELF_TEST_FAILED. */
export async function openHostedModel(request: LoadRequest, host: ModelHost): Promise<HostedModel> {
  const { spec, settings } = request;
  await checkMemory(request, host);
  const weights = await openWeights(
    host.llama,
    { model: spec.model, path: spec.path, extraBuffers: settings.extraBuffers },
    host,
  );
  const cacheTokens = Math.min(
    spec.contextTokens,
    weights.trainedContextTokens * (settings.unified ? 1 : spec.sessionsMax),
  );
  const context = await openTested(weights, { ...request, cacheTokens }, host);
  const { model, sessionsMax } = spec;
  const batcher = createBatcher({ model, weights, context, sessionsMax, emit: host.emit });
  let embedder: Embedder | null = null;
  const embedAll = async (texts: readonly Int32Array[]): Promise<Float32Array[]> => {
    embedder ??= openEmbedder(weights, { threads: host.threads, model: spec.model }, host.backends);
    const vectors: Float32Array[] = [];
    for (const text of texts) vectors.push(await embedder.embed(text));
    return vectors;
  };
  let embedding: Promise<unknown> = Promise.resolve();
  return {
    weights,
    batcher,
    loaded: describe(request, { weights, device: host.device, contextTokens: context.sequenceTokensMax }),
    embed: (texts) => {
      // One at a time: an embedder has one batch.
      const result = embedding.then(() => embedAll(texts));
      embedding = result.catch(() => undefined);
      return result;
    },
    close: async () => {
      await batcher.close();
      await embedding;
      embedder?.close();
      context.close();
      weights.close();
    },
  };
}

/** Nothing of a model that fails stays in memory. */
async function openTested(
  weights: Weights,
  { spec, settings, cacheTokens }: LoadRequest & { cacheTokens: number },
  host: ModelHost,
): Promise<Context> {
  let context: Context | null = null;
  try {
    context = openContext(
      weights,
      {
        settings,
        cacheTokens,
        sequences: spec.sessionsMax,
        outputsMax: spec.sessionsMax,
        threads: host.threads,
        embeddings: !weights.generates,
      },
      host.backends,
    );
    await selfTest(weights, context, spec.model);
    return context;
  } catch (error) {
    context?.close();
    weights.close();
    throw error;
  }
}

function describe(
  { spec, numericClass }: LoadRequest,
  { weights, device, contextTokens }: { weights: Weights; device: NativeDevice; contextTokens: number },
): LoadedModel {
  return {
    model: spec.model,
    mode: spec.mode,
    device: device.id,
    architecture: weights.architecture,
    vocabTokens: weights.vocabTokens,
    contextTokens,
    trainedContextTokens: weights.trainedContextTokens,
    sessionsMax: spec.sessionsMax,
    embeddingLength: weights.embeddingLength,
    hasChatTemplate: weights.chatTemplate !== null,
    bytes: weights.bytes,
    numericClass,
  };
}

/** Refuses before native code allocates: the kernel would otherwise end a process, perhaps another one. */
async function checkMemory({ spec, settings }: LoadRequest, host: ModelHost): Promise<void> {
  const header = await readGgufHeader(spec.path);
  const { totalBytes } = memoryEstimate(header, {
    contextTokens: Math.min(spec.contextTokens, header.contextTokens),
    sessions: 1,
    kvType: settings.cacheType === 'q8_0' ? 'q8_0' : 'f16',
  });
  const freeBytes =
    host.device.backend === 'cpu' ? freeMemoryBytes() : deviceFreeBytes(host.backends.ggml, host.device);
  if (totalBytes <= freeBytes) return;
  throw new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_MEMORY', model: spec.model, neededBytes: totalBytes, freeBytes },
    `this model needs about ${gigabytes(totalBytes)} with a context of ${spec.contextTokens} tokens; ${host.device.name} has ${gigabytes(freeBytes)} free. Use a smaller model or context.`,
  );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
