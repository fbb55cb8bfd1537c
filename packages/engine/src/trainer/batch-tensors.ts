/** A batch on the device. */
import { lossTokens, type TrainingBatch } from '@filon/core/training/batch';
import { TENSOR_TYPE } from '../ffi/ggml-graph.ts';
import { chunkTokens } from './blocks/loss.ts';
import type { TrainingDevice } from './device.ts';
import type { BatchTensors } from './forward-backward.ts';
import { f32Extents, type GraphBuilder } from './graph/builder.ts';
import type { LlamaShape } from './shape.ts';

/** What is computed at once. */
export interface BatchShape {
  sequences: number;
  length: number;
}

export function newBatchTensors(
  b: GraphBuilder,
  shape: LlamaShape,
  { sequences, length }: BatchShape,
): BatchTensors {
  const ints = () => b.apply('new_tensor_4d', TENSOR_TYPE.i32, sequences * length, 1, 1, 1);
  return {
    shape,
    sequences,
    length,
    tokens: ints(),
    positions: ints(),
    mask: b.apply('new_tensor_4d', ...f32Extents(length, length, 1, sequences)),
    targets: {
      places: ints(),
      weights: b.apply('new_tensor_4d', ...f32Extents(1, sequences * length)),
    },
  };
}

/**
 * Writes a batch to its tensors.
 * @param weight of each target that counts in the loss
 */
export function writeBatch(
  device: TrainingDevice,
  tensors: BatchTensors,
  batch: TrainingBatch,
  weight: number = 1 / lossTokens(batch),
): void {
  const { vocabulary } = tensors.shape;
  const chunk = chunkTokens(vocabulary, batch.tokens.length);
  device.set(tensors.tokens, batch.tokens);
  device.set(tensors.positions, batch.positions);
  device.set(tensors.mask, attentionMask(batch));
  device.set(
    tensors.targets.places,
    batch.targets.map((target, index) => Math.max(target, 0) + (index % chunk) * vocabulary),
  );
  device.set(
    tensors.targets.weights,
    Float32Array.from(batch.targets, (target) => (target < 0 ? 0 : weight)),
  );
}

/** `[sequences, length (who sees), length (who is seen)]`. Padding sees itself: a row of nothing would be NaN. */
function attentionMask({ sequences, length, documents }: TrainingBatch): Float32Array {
  const mask = new Float32Array(sequences * length * length).fill(Number.NEGATIVE_INFINITY);
  for (let sequence = 0; sequence < sequences; sequence += 1) {
    const from = sequence * length;
    for (let query = 0; query < length; query += 1) {
      const row = (from + query) * length;
      const document = documents[from + query];
      for (let key = query; key >= 0 && documents[from + key] === document; key -= 1) mask[row + key] = 0;
    }
  }
  return mask;
}
