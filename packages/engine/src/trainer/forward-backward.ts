/** The whole model: embedding, layers, last norm, loss, and the way back. */
import {
  type Attention,
  type AttentionPlace,
  attentionBackward,
  attentionForward,
} from './blocks/attention.ts';
import { type Embedding, embeddingBackward, embeddingForward } from './blocks/embedding.ts';
import { type FeedForward, feedForwardBackward, feedForwardForward } from './blocks/feed-forward.ts';
import type { Linear } from './blocks/linear.ts';
import { crossEntropy, type Targets } from './blocks/loss.ts';
import { type Norm, normBackward, normForward } from './blocks/norm.ts';
import { f32Extents, type GraphBuilder, type Tensor } from './graph/builder.ts';

export interface LayerTensors extends Attention, FeedForward {
  attn_norm: Norm;
  ffn_norm: Norm;
}

export interface ModelTensors {
  embedding: Embedding;
  layers: LayerTensors[];
  outputNorm: Norm;
  output: Linear;
}

export interface BatchTensors extends AttentionPlace {
  /** i32 `[sequences * length]` */
  tokens: Tensor;
  targets: Targets;
}

/** Appends what computes the loss of a batch, without gradients. */
export function forwardOnly(b: GraphBuilder, model: ModelTensors, batch: BatchTensors): Tensor {
  let x = embeddingForward(b, model.embedding, batch.tokens);
  for (const layer of model.layers) x = layerForward(b, layer, batch, x).output;
  const { output } = normForward(b, model.outputNorm, x);
  return b.output(crossEntropy(b, model.output, output, batch.targets, null).loss);
}

/**
 * Appends what computes the loss and adds every gradient. With `recompute`, a layer's inner results are computed again
 * on the way back, so that only its input is kept (Chen et al. 2016): a third more work for much less memory.
 */
export function forwardAndBackward(
  b: GraphBuilder,
  model: ModelTensors,
  batch: BatchTensors,
  recompute: boolean,
): Tensor {
  const inputs: Tensor[] = [];
  const kept: LayerPass[] = [];
  let x = embeddingForward(b, model.embedding, batch.tokens);
  for (const layer of model.layers) {
    inputs.push(x);
    const pass = layerForward(b, layer, batch, x);
    if (!recompute) kept.push(pass);
    x = pass.output;
  }
  const last = normForward(b, model.outputNorm, x);
  const hiddenGradient = b.apply('new_tensor_4d', ...f32Extents(...last.output.extents));
  const { loss } = crossEntropy(b, model.output, last.output, batch.targets, hiddenGradient);
  b.output(loss);
  let gradient = normBackward(b, model.outputNorm, last.saved, hiddenGradient);
  for (const [index, layer] of [...model.layers.entries()].reverse()) {
    const pass = kept[index] ?? layerForward(b, layer, batch, inputs[index] as Tensor);
    gradient = layerBackward(b, layer, batch, pass, gradient);
    b.append(gradient);
  }
  embeddingBackward(b, model.embedding, batch.tokens, gradient);
  return loss;
}

type LayerPass = ReturnType<typeof layerForward>;

function layerForward(b: GraphBuilder, layer: LayerTensors, place: AttentionPlace, input: Tensor) {
  const attentionNorm = normForward(b, layer.attn_norm, input);
  const attention = attentionForward(b, layer, place, attentionNorm.output);
  const middle = b.add(input, attention.output);
  const feedForwardNorm = normForward(b, layer.ffn_norm, middle);
  const feedForward = feedForwardForward(b, layer, feedForwardNorm.output);
  return {
    output: b.add(middle, feedForward.output),
    attentionNorm,
    attention,
    feedForwardNorm,
    feedForward,
  };
}

function layerBackward(
  b: GraphBuilder,
  layer: LayerTensors,
  place: AttentionPlace,
  pass: LayerPass,
  gradient: Tensor,
): Tensor {
  const dFeedForward = feedForwardBackward(b, layer, pass.feedForward.saved, gradient);
  const dMiddle = b.add(gradient, normBackward(b, layer.ffn_norm, pass.feedForwardNorm.saved, dFeedForward));
  const dAttention = attentionBackward(b, layer, place, pass.attention.saved, dMiddle);
  return b.add(dMiddle, normBackward(b, layer.attn_norm, pass.attentionNorm.saved, dAttention));
}
