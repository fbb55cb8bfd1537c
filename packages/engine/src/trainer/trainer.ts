/**
 * Trains one model on one device. Deterministic: the same device, threads, weights and batches give the same numbers to
 * the last bit, whether or not the training was interrupted in between.
 */
import { FilonError } from '@filon/core/errors';
import { batchFault, lossTokens, type TrainingBatch } from '@filon/core/training/batch';
import type { LossResult, StatePart, StepResult, StepValues } from '@filon/core/training/session';
import { TENSOR_TYPE } from '../ffi/ggml-graph.ts';
import { type BatchShape, newBatchTensors, writeBatch } from './batch-tensors.ts';
import type { StaticGraph, TrainingDevice } from './device.ts';
import type { TrainerErrorDetails } from './errors.ts';
import { type BatchTensors, forwardAndBackward, forwardOnly } from './forward-backward.ts';
import type { GraphBuilder, ProductKinds, Tensor } from './graph/builder.ts';
import { Optimizer } from './optimizer.ts';
import type { ParameterGroup } from './parameter-group.ts';
import type { LlamaShape } from './shape.ts';
import { convertFrozen, refreshCopies, type TrainableModel } from './training-model.ts';

export interface TrainerSettings {
  shape: LlamaShape;
  batch: BatchShape;
  kinds: ProductKinds;
  /** Compute inner results of layers again on the way back instead of keeping them. */
  recompute: boolean;
}

/** Losses in f16 are multiplied by this at first, and at most: gradients of 1e-12 are numbers then. */
const F16_LOSS_SCALE = 65_536;
/** After so many updates a factor that was halved is doubled again. */
const F16_GROW_STEPS = 1000;

export class Trainer {
  readonly #device: TrainingDevice;
  readonly #settings: TrainerSettings;
  readonly #model: TrainableModel;
  readonly #batch: BatchTensors;
  readonly #train: { graph: StaticGraph; loss: Tensor };
  readonly #optimizer: Optimizer;
  readonly #refresh: StaticGraph;
  #evaluate: { graph: StaticGraph; loss: Tensor } | null = null;
  #updates = 0;
  #lossScale: number;

  /** @throws TRAIN_OUT_OF_MEMORY */
  constructor(
    device: TrainingDevice,
    settings: TrainerSettings,
    newModel: (b: GraphBuilder) => TrainableModel,
  ) {
    const { kinds, shape, batch } = settings;
    this.#device = device;
    this.#settings = settings;
    this.#lossScale = kinds.copies === TENSOR_TYPE.f16 ? F16_LOSS_SCALE : 1;
    this.#model = device.describeState(kinds, newModel);
    this.#batch = device.describeState(kinds, (b) => newBatchTensors(b, shape, batch));
    const { graph, described } = device.buildGraph(kinds, (b) =>
      forwardAndBackward(b, this.#model.tensors, this.#batch, settings.recompute),
    );
    this.#train = { graph, loss: described };
    const refresh = (b: GraphBuilder) => refreshCopies(b, this.#model.copies);
    this.#optimizer = new Optimizer(device, kinds, this.#model.groups, refresh);
    this.#refresh = device.buildGraph(kinds, refresh).graph;
  }

  get groups(): readonly ParameterGroup[] {
    return this.#model.groups;
  }

  /** Updates since the moments were zero (AdamW's t), and what losses are multiplied by. */
  get progress(): { updates: number; lossScale: number } {
    return { updates: this.#updates, lossScale: this.#lossScale };
  }

  /** Memory of everything that stays, and of one step's results. */
  get memory(): { stateBytes: number; stepBytes: number } {
    return { stateBytes: this.#device.stateBytes(), stepBytes: this.#train.graph.bytes };
  }

  /**
   * One update from the mean gradient of all unmasked tokens of the batches. When the loss or the gradient is no number,
   * nothing is changed.
   * @throws TRAIN_NOT_FINITE, TRAIN_BATCH_INVALID
   */
  async step(batches: readonly TrainingBatch[], values: StepValues): Promise<StepResult> {
    const { loss, tokens, gradientNorm } = await this.#gradients(batches);
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      throw new FilonError<TrainerErrorDetails>(
        { code: 'TRAIN_NOT_FINITE', update: this.#updates + 1, loss, gradientNorm },
        `update ${this.#updates + 1} has loss ${loss} and gradient norm ${gradientNorm}; nothing was changed. Go on from an earlier checkpoint with a lower learning rate`,
      );
    }
    if (values.clipNorm > 0 && gradientNorm > values.clipNorm)
      await this.#optimizer.scaleGradients(values.clipNorm / gradientNorm);
    await this.#optimizer.update(values, this.#updates + 1);
    this.#updates += 1;
    if (this.#lossScale > 1 && this.#updates % F16_GROW_STEPS === 0)
      this.#lossScale = Math.min(2 * this.#lossScale, F16_LOSS_SCALE);
    return { loss, gradientNorm, tokens };
  }

  /** In f16 too large a factor makes gradients infinite: it is halved until they are not (Micikevicius et al. 2018). */
  async #gradients(batches: readonly TrainingBatch[]): Promise<StepResult> {
    for (;;) {
      const result = await this.accumulate(batches);
      const gradientNorm = await this.#optimizer.gradientNorm();
      const overflowed = Number.isFinite(result.loss) && !Number.isFinite(gradientNorm);
      if (!overflowed || this.#lossScale <= 1) return { ...result, gradientNorm };
      this.#lossScale /= 2;
    }
  }

  /** Loss and gradients of the batches, without an update. @throws TRAIN_BATCH_INVALID */
  async accumulate(batches: readonly TrainingBatch[]): Promise<LossResult> {
    for (const batch of batches) this.#check(batch);
    const tokens = batches.reduce((sum, batch) => sum + lossTokens(batch), 0);
    for (const { gradients } of this.#model.groups) this.#device.clear(gradients);
    let loss = 0;
    for (const batch of batches) {
      writeBatch(this.#device, this.#batch, batch, this.#lossScale / Math.max(tokens, 1));
      await this.#train.graph.compute();
      loss += this.#device.scalar(this.#train.loss) / this.#lossScale;
    }
    if (this.#lossScale !== 1) await this.#optimizer.scaleGradients(1 / this.#lossScale);
    return { loss, tokens };
  }

  /** Mean loss of a batch in nats, and how many tokens counted. @throws TRAIN_BATCH_INVALID */
  async evaluate(batch: TrainingBatch): Promise<LossResult> {
    this.#check(batch);
    if (this.#evaluate === null) {
      const { graph, described } = this.#device.buildGraph(this.#settings.kinds, (b) =>
        forwardOnly(b, this.#model.tensors, this.#batch),
      );
      this.#evaluate = { graph, loss: described };
    }
    writeBatch(this.#device, this.#batch, batch);
    await this.#evaluate.graph.compute();
    return { loss: this.#device.scalar(this.#evaluate.loss), tokens: lossTokens(batch) };
  }

  /** A part of the state, one flat array a group. */
  read(part: StatePart): Float32Array[] {
    return this.#model.groups.map((group) => {
      const flat = new Float32Array(group.layout.length);
      this.#device.get(group[part], flat);
      return flat;
    });
  }

  /** Puts a part of the state back; products see new values at once. */
  async write(part: StatePart, flats: readonly Float32Array[]): Promise<void> {
    for (const [index, group] of this.#model.groups.entries()) {
      const flat = flats[index];
      if (flat?.length !== group.layout.length)
        throw new RangeError(`group ${index} has ${group.layout.length} numbers, not ${flat?.length}`);
      this.#device.set(group[part], flat);
    }
    if (part === 'values') await this.#refresh.compute();
  }

  /** Values by the names of GGUF tensors; what is not named stays. @throws TypeError for a name that is not trained */
  async writeTensors(tensors: ReadonlyMap<string, Float32Array>): Promise<void> {
    for (const [name, numbers] of tensors) {
      const group = this.#model.groups.find(({ layout }) =>
        layout.places.some((place) => place.name === name),
      );
      const place = group?.layout.places.find((candidate) => candidate.name === name);
      if (group === undefined || place?.length !== numbers.length)
        throw new TypeError(`no trained tensor ${name} of ${numbers.length} numbers`);
      this.#device.set(group.values, numbers, place.offset * 4);
    }
    await this.#refresh.compute();
  }

  /**
   * Puts the base's tensors in.
   * @param read the bytes of a tensor as its file has them, one at a time
   */
  async writeFrozen(read: (name: string) => Promise<Uint8Array>): Promise<void> {
    for (const frozen of this.#model.frozen) {
      const bytes = await read(frozen.name);
      await this.#device.computeOnce(
        this.#settings.kinds,
        (b) => convertFrozen(b, frozen),
        ({ encoded }) => this.#device.set(encoded, bytes),
        ({ results }) => {
          for (const { from, to } of results) this.#device.move(from, to);
        },
      );
    }
  }

  /** A trained value from a file's bytes, in whatever type they are. */
  async writeEncoded(name: string, type: number, bytes: Uint8Array): Promise<void> {
    const group = this.#model.groups.find(({ layout }) => layout.places.some((place) => place.name === name));
    if (group === undefined) throw new TypeError(`no trained tensor ${name}`);
    const value = group.valueOf(name);
    await this.#device.computeOnce(
      this.#settings.kinds,
      (b) => {
        const [n0, n1] = value.extents;
        const encoded = b.apply('new_tensor_4d', type, n0, n1, 1, 1);
        b.append(b.apply('cpy', encoded, value));
        return encoded;
      },
      (encoded) => this.#device.set(encoded, bytes),
    );
  }

  /** Brings the copies that products read up to the values. */
  refresh(): Promise<void> {
    return this.#refresh.compute();
  }

  /** A part of one parameter. */
  readTensor(part: StatePart, name: string): Float32Array {
    for (const group of this.#model.groups) {
      const place = group.layout.places.find((candidate) => candidate.name === name);
      if (place === undefined) continue;
      const numbers = new Float32Array(place.length);
      this.#device.get(group[part], numbers, place.offset * 4);
      return numbers;
    }
    throw new TypeError(`no trained tensor ${name}`);
  }

  /** After the moments were written: what they stand for. */
  resumeAt({ updates, lossScale }: { updates: number; lossScale: number }): void {
    this.#updates = updates;
    this.#lossScale = lossScale;
  }

  close(): void {
    this.#device.close();
  }

  #check(batch: TrainingBatch): void {
    const { sequences, length } = this.#settings.batch;
    const wrongShape =
      batch.sequences === sequences && batch.length === length
        ? null
        : `${batch.sequences} x ${batch.length} tokens, where this training has ${sequences} x ${length}`;
    const fault = wrongShape ?? batchFault(batch, this.#settings.shape.vocabulary);
    if (fault === null) return;
    throw new FilonError<TrainerErrorDetails>(
      { code: 'TRAIN_BATCH_INVALID', reason: fault },
      `a training batch is no good: ${fault}`,
    );
  }
}
