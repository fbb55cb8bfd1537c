/** A training as it was asked for: the device, the model, and what its numbers depend on. */
import { createHash } from 'node:crypto';
import { FilonError } from '@filon/core/errors';
import { BYTE_VOCABULARY_SIZE } from '@filon/core/training/byte-vocabulary';
import type { Projection as ShortProjection } from '@filon/core/training/quote';
import type {
  ExportSpec,
  TrainedModel,
  TrainingFacts,
  TrainingPrecision,
  TrainingSpec,
} from '@filon/core/training/session';
import type { DeviceHostSpec } from '../../device/device-host.ts';
import { deviceFreeBytes, loadBackends, type NativeDevice } from '../../ffi/backends.ts';
import { openGgmlGraph, TENSOR_TYPE } from '../../ffi/ggml-graph.ts';
import { openLibrarySet } from '../../ffi/library-set.ts';
import type { MetaPair } from '../../gguf/encode.ts';
import { freeMemoryBytes } from '../../worker/free-memory.ts';
import { type AdapterSettings, initialAdapters, newAdapterModel } from '../adapter-model.ts';
import { TrainingDevice } from '../device.ts';
import type { TrainerErrorDetails } from '../errors.ts';
import { byteTokenizerMetadata } from '../files/byte-tokenizer.ts';
import { type ModelFile, openModelFile } from '../files/read-model.ts';
import { writeAdapterFile, writeModelFile } from '../files/write-model.ts';
import type { ProductKinds } from '../graph/builder.ts';
import { initialWeights } from '../initial-weights.ts';
import { type LlamaShape, type Projection, tensorsOf } from '../shape.ts';
import { Trainer } from '../trainer.ts';
import { newWholeModel } from '../training-model.ts';

export interface OpenTraining {
  trainer: Trainer;
  facts: () => TrainingFacts;
  /** What a state must belong to. */
  layout: string;
  /** Writes what was trained as GGUF. */
  write: (spec: ExportSpec, signal: AbortSignal) => Promise<void>;
}

const PROJECTION_NAMES: Record<ShortProjection, Projection> = {
  q: 'attn_q',
  k: 'attn_k',
  v: 'attn_v',
  o: 'attn_output',
  gate: 'ffn_gate',
  up: 'ffn_up',
  down: 'ffn_down',
};

/** Keys that come from the shape, or say what is no longer true of a model that was trained on. */
const OWN_KEYS = /^(general\.(architecture|file_type|name|license|quantization_version)|llama\.|split\.)/;

/** @throws TRAIN_*, GGUF_*, ENGINE_LIBRARY_MISSING, ENGINE_VERSION_MISMATCH */
export async function openTraining(host: DeviceHostSpec, spec: TrainingSpec): Promise<OpenTraining> {
  const set = openLibrarySet(host.libraryDirectory);
  const backends = loadBackends(set, [host.backend]);
  const native = backends.devices.find(({ id }) => id === host.device);
  if (native === undefined) throw refused(host.device);
  const precision = precisionOn(native, spec.precision);
  const kinds = productKinds(native, precision);
  const base = spec.model.kind === 'fresh' ? null : await openModelFile(spec.model.path);
  const shape = base === null ? freshShape(spec.model) : base.shape;
  const adapter = adapterSettings(spec.model);
  const device = new TrainingDevice(openGgmlGraph(set), backends, native, {
    threads: host.threads,
    freeBytes: () => (native.backend === 'cpu' ? freeMemoryBytes() : deviceFreeBytes(backends.ggml, native)),
  });
  const batch = { sequences: spec.sequences, length: spec.length };
  const trainer = new Trainer(device, { shape, batch, kinds, recompute: spec.recompute }, (b) =>
    adapter === null || base === null
      ? newWholeModel(b, shape)
      : newAdapterModel(b, shape, adapter, (name) => base.typeOf(name)),
  );
  await writeInitial(trainer, { model: spec.model, shape, adapter, base });
  const numericClass = [native.backend, backends.cpuKernels, precision, `threads-${host.threads}`].join('.');
  return {
    trainer,
    layout: layoutId(shape, spec, adapter),
    facts: () => factsOf(trainer, { shape, precision, numericClass }),
    write: (target, signal) => writeTrained(target, { trainer, shape, adapter, base, signal }),
  };
}

function factsOf(
  trainer: Trainer,
  { shape, precision, numericClass }: { shape: LlamaShape; precision: Precision; numericClass: string },
): TrainingFacts {
  const size = (extents: readonly number[]) => extents.reduce((product, extent) => product * extent, 1);
  const places = trainer.groups.flatMap(({ layout }) => layout.places);
  return {
    parameters: tensorsOf(shape).reduce((sum, { extents }) => sum + size(extents), 0),
    trainedParameters: places.reduce((sum, { length }) => sum + length, 0),
    vocabularySize: shape.vocabulary,
    precision,
    ...trainer.memory,
    numericClass,
    updates: trainer.progress.updates,
  };
}

type Precision = Exclude<TrainingPrecision, 'auto'>;

function precisionOn({ backend }: NativeDevice, wanted: TrainingPrecision): Precision {
  if (wanted !== 'auto') return wanted;
  return backend === 'cpu' ? 'bf16' : 'f16';
}

/**
 * Measured on processors (bench/train): outer products are slower than copies and MUL_MAT, except where the sums are as
 * short as an adapter's rank. GPUs have fast kernels for MUL_MAT alone.
 */
function productKinds({ backend }: NativeDevice, precision: Precision): ProductKinds {
  return {
    copies: TENSOR_TYPE[precision],
    large: 'transposed',
    attention: 'transposed',
    adapters: backend === 'cpu' ? 'outer' : 'transposed',
  };
}

function freshShape(model: TrainedModel): LlamaShape {
  if (model.kind !== 'fresh') throw new TypeError('a model of a file has its shape there');
  const { width, heads } = model.model;
  return {
    ...model.model,
    headWidth: width / heads,
    ropeLayout: 'adjacent',
    normEpsilon: 1e-5,
  };
}

function adapterSettings(model: TrainedModel): AdapterSettings | null {
  if (model.kind !== 'lora') return null;
  const { rank, alpha, projections } = model;
  return { rank, alpha, projections: projections.map((name) => PROJECTION_NAMES[name]) };
}

interface Origin {
  model: TrainedModel;
  shape: LlamaShape;
  adapter: AdapterSettings | null;
  base: ModelFile | null;
}

async function writeInitial(trainer: Trainer, { model, shape, adapter, base }: Origin): Promise<void> {
  if (model.kind === 'fresh') return trainer.writeTensors(initialWeights(shape, model.seed));
  if (base === null) throw new TypeError('a base is a file');
  if (model.kind === 'lora' && adapter !== null) {
    await trainer.writeFrozen((name) => base.read(name));
    return trainer.writeTensors(initialAdapters(shape, adapter, model.seed));
  }
  for (const { name } of tensorsOf(shape))
    await trainer.writeEncoded(name, base.typeOf(name), await base.read(name));
  await trainer.refresh();
}

/** Of everything that the flat arrays' meaning depends on. */
function layoutId(shape: LlamaShape, spec: TrainingSpec, adapter: AdapterSettings | null): string {
  return createHash('sha256')
    .update(JSON.stringify({ shape, kind: spec.model.kind, adapter }))
    .digest('hex');
}

interface Trained {
  trainer: Trainer;
  shape: LlamaShape;
  adapter: AdapterSettings | null;
  base: ModelFile | null;
  signal: AbortSignal;
}

async function writeTrained(
  { path, type, metadata }: ExportSpec,
  { trainer, shape, adapter, base, signal }: Trained,
): Promise<void> {
  const read = (name: string) => trainer.readTensor('values', name);
  const own = Object.entries(metadata).map(([key, value]): MetaPair => [key, { type: 'string', value }]);
  if (adapter !== null)
    return writeAdapterFile(path, { shape, settings: adapter, read, metadata: own }, signal);
  const inherited = base === null ? freshMetadata(shape) : await inheritedMetadata(base, metadata);
  await writeModelFile(path, { shape, type, read, metadata: [...inherited, ...own] }, signal);
}

function freshMetadata(shape: LlamaShape): MetaPair[] {
  if (shape.vocabulary !== BYTE_VOCABULARY_SIZE)
    throw new TypeError('a fresh model without a tokenizer has bytes for its vocabulary');
  return byteTokenizerMetadata();
}

/** The base's tokenizer, template and the like, byte for byte. */
async function inheritedMetadata(
  base: ModelFile,
  own: Readonly<Record<string, string>>,
): Promise<MetaPair[]> {
  const pairs: MetaPair[] = [];
  for (const key of base.header.metadata.keys()) {
    if (OWN_KEYS.test(key) || key in own) continue;
    const bytes = await base.readValue(key);
    if (bytes !== null) pairs.push([key, { type: 'encoded', bytes }]);
  }
  return pairs;
}

function refused(device: string): FilonError<TrainerErrorDetails> {
  return new FilonError<TrainerErrorDetails>(
    { code: 'TRAIN_DEVICE_REFUSED', device },
    `device ${device} is not here any more; \`filon doctor\` lists those that are`,
  );
}
