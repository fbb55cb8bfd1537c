/**
 * The process of one device. It holds no key, opens no socket and reads no environment: what it knows comes over the
 * channel of the node that forked it, and it ends when that channel closes. Native code that aborts takes down this
 * process alone.
 */
import { flushCompileCache } from 'node:module';
import { FilonError, isFilonError, messageOf } from '@filon/core/errors';
import type { LoadedModel } from '@filon/core/serving/session';
import { certify } from '../certify/certify.ts';
import { type DeviceHost, type DeviceHostSpec, openDeviceHost } from '../device/device-host.ts';
import type { EngineErrorDetails } from '../errors.ts';
import type { Batcher, Counters, OutputBatch } from '../stage/batcher.ts';
import { createDecodeMeter, processTimes } from '../stage/decode-meter.ts';
import { openTemplateRenderer } from '../template/template-renderer.ts';
import { type HostedModel, openHostedModel } from './hosted-model.ts';
import { tokenizePrompt } from './prompt-text.ts';
import {
  type CallKind,
  type Calls,
  type FromWorker,
  type LoadRequest,
  START_ID,
  type ToWorker,
} from './protocol.ts';
import { createSharedWeights } from './shared-weights.ts';

type Handlers = {
  [K in CallKind]: (request: Calls[K]['request'], options: CallOptions) => Promise<Calls[K]['reply']>;
};

interface CallOptions {
  signal: AbortSignal;
  onProgress: (share: number) => void;
}

const send = (message: FromWorker): void => {
  if (process.connected) process.send?.(message);
};

const models = new Map<string, HostedModel>();
/** What models counted that are unloaded by now. */
const retired: Counters = { generatedTokens: 0, promptTokens: 0, cachedTokens: 0, cancelled: 0, ticks: 0 };
let lastLoad: Promise<unknown> = Promise.resolve();
const aborts = new Map<number, AbortController>();
const templates = openTemplateRenderer();
const host = openHost(JSON.parse(process.argv[2] ?? '{}') as DeviceHostSpec);
const shared = createSharedWeights(host);
const meter = createDecodeMeter(processTimes);

/** A device that is gone, or a library that does not load, is told by its code before the process ends. */
function openHost(spec: DeviceHostSpec): DeviceHost {
  try {
    return openDeviceHost(spec);
  } catch (error) {
    if (isFilonError(error)) send({ kind: 'failure', id: START_ID, error: error.toObject() });
    throw error;
  }
}

function emit(outputs: OutputBatch): void {
  send({
    kind: 'outputs',
    outputs: outputs.map(([session, output]) => [
      session,
      output.kind === 'error' ? { kind: 'error', error: output.error.toObject() } : output,
    ]),
    counters: counters(),
  });
}

function counters(): Counters {
  const sum = { ...retired };
  for (const { batcher } of models.values()) if (batcher !== null) addCounters(sum, batcher.counters);
  return sum;
}

function addCounters(sum: Counters, counts: Counters): void {
  for (const key of Object.keys(sum) as (keyof Counters)[]) sum[key] += counts[key];
}

function modelOf(model: string): HostedModel {
  const hosted = models.get(model);
  if (hosted !== undefined) return hosted;
  throw new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_MODEL_NOT_LOADED', model },
    `model ${model} is not loaded on ${host.device.id}.`,
  );
}

const handlers: Handlers = {
  load: (request, { signal }) => {
    // One at a time: two would measure the same free memory.
    const loading = lastLoad.then(() => load(request, signal));
    lastLoad = loading.catch(() => undefined);
    return loading;
  },
  unload: async ({ model }) => {
    await unload(model);
    return null;
  },
  tokenize: ({ model, prompt }, { signal }) =>
    tokenizePrompt(prompt, { model, weights: modelOf(model).weights, templates }, { signal }),
  embed: ({ model, texts }, { signal }) => modelOf(model).embed(texts, signal),
  certify: (request, options) => certify(request, host, options),
  cancel: async ({ model, session }) => {
    models.get(model)?.batcher?.cancel(session);
    return counters();
  },
};

async function load(request: LoadRequest, signal: AbortSignal): Promise<LoadedModel> {
  const { model } = request.spec;
  await unload(model);
  const hosted = await openHostedModel(request, { ...host, shared, meter, emit });
  if (signal.aborted) {
    // Whoever asked has gone: nobody would ever unload it.
    await hosted.close();
    throw new FilonError<EngineErrorDetails>({ code: 'ENGINE_CLOSED' }, 'the load was given up.');
  }
  models.set(model, hosted);
  return hosted.loaded;
}

function generatorOf(model: string): Batcher {
  const { batcher } = modelOf(model);
  if (batcher !== null) return batcher;
  throw new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_MODEL_UNSUPPORTED', model, reason: 'embeddings only' },
    'this model makes embeddings and does not generate text. Use the embeddings endpoint.',
  );
}

async function unload(model: string): Promise<void> {
  const hosted = models.get(model);
  if (hosted === undefined) return;
  models.delete(model);
  await hosted.close();
  if (hosted.batcher !== null) addCounters(retired, hosted.batcher.counters);
}

async function answer(message: Extract<ToWorker, { id: number }>): Promise<void> {
  if (message.kind === 'abort') return aborts.get(message.id)?.abort();
  const { id, kind, request } = message;
  const controller = new AbortController();
  aborts.set(id, controller);
  const onProgress = (share: number): void => send({ kind: 'progress', id, share });
  try {
    const handler = handlers[kind] as (request: unknown, options: CallOptions) => Promise<unknown>;
    send({ kind: 'reply', id, value: await handler(request, { signal: controller.signal, onProgress }) });
  } catch (error) {
    if (!isFilonError(error)) throw error;
    send({ kind: 'failure', id, error: error.toObject() });
  } finally {
    aborts.delete(id);
  }
}

function open(message: Extract<ToWorker, { kind: 'open' }>): void {
  try {
    generatorOf(message.request.model).open(message.request);
  } catch (error) {
    if (!isFilonError(error)) throw error;
    emit([[message.request.session, { kind: 'error', error }]]);
  }
}

process.on('message', (message: ToWorker) => {
  if (message.kind === 'open') open(message);
  else
    answer(message).catch((error: unknown) => {
      process.stderr.write(`worker: ${messageOf(error)}\n`);
      process.exit(1);
    });
});
process.on('disconnect', () => process.exit(0));
// The terminal's Ctrl-C reaches the whole group; the node decides when its workers end.
process.on('SIGINT', () => undefined);
send({ kind: 'ready' });
// Kept now, not at the exit, which may be a kill: the next worker needs less memory.
flushCompileCache();
