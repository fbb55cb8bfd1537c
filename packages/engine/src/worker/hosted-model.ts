/** One model in a worker: weights, context, sessions, and an embedder when somebody asks for it. */
import { FilonError } from '@filon/core/errors';
import type { LoadedModel, LoadSpec } from '@filon/core/serving/session';
import { numericClass } from '../certify/certify.ts';
import type { DeviceHost } from '../device/device-host.ts';
import type { EngineErrorDetails } from '../errors.ts';
import { deviceFreeBytes, type NativeDevice } from '../ffi/backends.ts';
import { type GgufHeader, readGgufHeader } from '../gguf/header.ts';
import { readLoraHeader } from '../gguf/lora-header.ts';
import { memoryEstimate } from '../gguf/memory-estimate.ts';
import { type Batcher, createBatcher, type OutputBatch } from '../stage/batcher.ts';
import { openContext } from '../stage/context.ts';
import type { DecodeMeter } from '../stage/decode-meter.ts';
import { EMBED_TOKENS_MAX, type Embedder, openEmbedder } from '../stage/embedder.ts';
import { openLora } from '../stage/lora.ts';
import { selfTest } from '../stage/self-test.ts';
import { createThreadGovernor } from '../stage/thread-governor.ts';
import type { Weights, WeightsSpec } from '../stage/weights.ts';
import { freeMemoryBytes } from './free-memory.ts';
import type { LoadRequest } from './protocol.ts';
import type { SharedWeights } from './shared-weights.ts';

export interface HostedModel {
  readonly weights: Weights;
  /** null: the model embeds and does not generate. */
  readonly batcher: Batcher | null;
  readonly loaded: LoadedModel;
  /** Stops between two texts when nobody waits any more. */
  embed(texts: readonly Int32Array[], signal?: AbortSignal): Promise<Float32Array[]>;
  close(): Promise<void>;
}

export interface ModelHost extends DeviceHost {
  shared: SharedWeights;
  meter: DecodeMeter;
  emit(outputs: OutputBatch): void;
}

/**
 * Codes: ENGINE_NOT_CERTIFIED, GGUF_*, LORA_*, MODEL_ARCHITECTURE_UNSUPPORTED, ENGINE_MEMORY, ENGINE_LOAD_FAILED,
 * ENGINE_SELF_TEST_FAILED.
 */
export async function openHostedModel(request: LoadRequest, host: ModelHost): Promise<HostedModel> {
  const { spec } = request;
  checkNumericClass(request, host);
  const header = await readGgufHeader(spec.path);
  const lora = spec.loraPath === undefined ? null : await readLoraHeader(spec.loraPath, header);
  checkMemory(request, { header, loraBytes: lora?.tensorBytes ?? 0 }, host);
  // In the order of closing: what computes, then the LoRA, then the weights that others may share.
  const opened = new AsyncDisposableStack();
  try {
    const held = opened.use(await host.shared.hold(weightsSpec(request)));
    const weights = await tuned(held.weights, { spec, base: header, opened });
    const embedders = embedding(weights, spec.model, host);
    opened.defer(embedders.close);
    const generator = weights.generates ? await openGenerator(weights, request, host) : null;
    if (generator !== null) opened.defer(generator.close);
    // An encoder is tested by what it is for.
    if (generator === null) await embedders.embed([weights.tokenize('The', { parseSpecial: false })]);
    const contextTokens =
      generator?.contextTokens ?? Math.min(EMBED_TOKENS_MAX, weights.trainedContextTokens);
    return {
      weights,
      batcher: generator?.batcher ?? null,
      loaded: describe(request, { weights, device: host.device, contextTokens }),
      embed: embedders.embed,
      close: () => opened.disposeAsync(),
    };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

function weightsSpec({ spec, settings }: LoadRequest): WeightsSpec {
  return { model: spec.model, path: spec.path, extraBuffers: settings.extraBuffers };
}

async function tuned(
  weights: Weights,
  { spec, base, opened }: { spec: LoadSpec; base: GgufHeader; opened: AsyncDisposableStack },
): Promise<Weights> {
  if (spec.loraPath === undefined) return weights;
  const lora = await openLora(weights, { model: spec.model, path: spec.loraPath, base });
  opened.defer(lora.close);
  return lora.weights;
}

interface Generator {
  batcher: Batcher;
  contextTokens: number;
  close(): Promise<void>;
}

async function openGenerator(weights: Weights, request: LoadRequest, host: ModelHost): Promise<Generator> {
  const { model, sessionsMax } = request.spec;
  const context = openContext(
    weights,
    {
      settings: request.settings,
      cacheTokens: cacheTokensOf(request, weights.trainedContextTokens),
      sequences: sessionsMax,
      outputsMax: sessionsMax,
      threads: host.threads,
      embeddings: false,
    },
    host.backends,
  );
  try {
    await selfTest(weights, context, model);
  } catch (error) {
    context.close();
    throw error;
  }
  // Exact settings keep their threads; a GPU's decodes leave the processor idle, whatever else it does.
  const governed = request.spec.mode === 'fast' && host.device.backend === 'cpu';
  const governor = governed ? createThreadGovernor(host.threads) : null;
  const nowMs = (): number => performance.now();
  const batcher = createBatcher({
    ...{ model, weights, context, sessionsMax, governor, nowMs },
    ...{ meter: host.meter, emit: host.emit },
  });
  return {
    batcher,
    contextTokens: context.sequenceTokensMax,
    close: async () => {
      await batcher.close();
      context.close();
    },
  };
}

/** A unified cache is shared; otherwise every session has its own room, so that each may hold what was promised. */
function cacheTokensOf({ spec, settings }: LoadRequest, trainedContextTokens: number): number {
  const sessionTokens = Math.min(spec.contextTokens, trainedContextTokens);
  return settings.unified ? sessionTokens : sessionTokens * spec.sessionsMax;
}

/** One text at a time: an embedder has one batch. It is opened by the first text. */
function embedding(
  weights: Weights,
  model: string,
  { threads, backends }: ModelHost,
): Pick<HostedModel, 'embed' | 'close'> {
  let embedder: Embedder | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const embedAll = async (texts: readonly Int32Array[], signal?: AbortSignal): Promise<Float32Array[]> => {
    embedder ??= openEmbedder(weights, { threads, model }, backends);
    const vectors: Float32Array[] = [];
    for (const text of texts) {
      if (signal?.aborted) break;
      vectors.push(await embedder.embed(text));
    }
    return vectors;
  };
  return {
    embed: (texts, signal) => {
      const result = last.then(() => embedAll(texts, signal));
      last = result.catch(() => undefined);
      return result;
    },
    close: async () => {
      await last;
      embedder?.close();
    },
  };
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
    dialect: weights.dialect,
    bytes: weights.bytes,
    numericClass,
  };
}

/** A home outlives updates of the engine and may move to another machine: what was proved there is not proved here. */
function checkNumericClass({ spec, settings, numericClass: proved }: LoadRequest, host: ModelHost): void {
  if (proved === null || proved === numericClass(spec.model, settings, host)) return;
  throw new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_NOT_CERTIFIED', model: spec.model, device: host.device.id },
    `this model was certified with another engine, on another processor or with another number of threads (numeric class ${proved}; now ${host.threads} threads): run ./filon certify again with the name of the model, or use fast mode.`,
  );
}

/** Refuses before native code allocates: the kernel would otherwise end a process, perhaps another one. */
function checkMemory(
  request: LoadRequest,
  { header, loraBytes }: { header: GgufHeader; loraBytes: number },
  host: ModelHost,
): void {
  const { spec, settings } = request;
  const estimate = memoryEstimate(header, {
    contextTokens: cacheTokensOf(request, header.contextTokens),
    sessions: 1,
    kvType: settings.cacheType === 'q8_0' ? 'q8_0' : 'f16',
  });
  const thereBytes = host.shared.has(weightsSpec(request)) ? estimate.weightBytes + estimate.processBytes : 0;
  const totalBytes = estimate.totalBytes - thereBytes + loraBytes;
  const freeBytes =
    host.device.backend === 'cpu' ? freeMemoryBytes() : deviceFreeBytes(host.backends.ggml, host.device);
  if (totalBytes <= freeBytes) return;
  throw new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_MEMORY', model: spec.model, neededBytes: totalBytes, freeBytes },
    `this model needs about ${gigabytes(totalBytes)} with ${spec.contextTokens} tokens of context${settings.unified ? '' : ` for each of ${spec.sessionsMax} sessions`}; ${host.device.name} has ${gigabytes(freeBytes)} free. Use a smaller model or context, or fewer sessions.`,
  );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
