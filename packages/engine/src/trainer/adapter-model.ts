/**
 * The tensors of a model whose matrices are frozen, in whatever type their file has, and which learns by low-rank adapters
 * (LoRA, Hu et al. 2021; on quantised matrices QLoRA, Dettmers et al. 2023).
 */
import { TENSOR_TYPE } from '../ffi/ggml-graph.ts';
import type { Adapter, Linear } from './blocks/linear.ts';
import type { Norm } from './blocks/norm.ts';
import { f32Extents, type GraphBuilder, Q8_0, Q8_0_BLOCK, type Tensor } from './graph/builder.ts';
import { normalNumbers } from './initial-weights.ts';
import { layOut, newParameterGroup } from './parameter-group.ts';
import { type LlamaShape, type Projection, projectionExtents } from './shape.ts';
import { eachProjection, type FrozenTensor, type TrainableModel } from './training-model.ts';

export interface AdapterSettings {
  /** 1 to 256 */
  rank: number;
  /** Adapters are scaled by alpha / rank. */
  alpha: number;
  projections: readonly Projection[];
}

const PLAIN_TYPES: readonly number[] = [TENSOR_TYPE.f32, TENSOR_TYPE.f16, TENSOR_TYPE.bf16];

/** @param typeOf ggml's type of each tensor in the base's file */
export function newAdapterModel(
  b: GraphBuilder,
  shape: LlamaShape,
  settings: AdapterSettings,
  typeOf: (name: string) => number,
): TrainableModel {
  const group = newParameterGroup(b, adapterLayout(shape, settings), true);
  const frozen: FrozenTensor[] = [];
  const keep = (name: string, ...uses: FrozenTensor['uses']) => {
    frozen.push({ name, type: typeOf(name), uses });
  };
  const gain = (name: string): Tensor => {
    const tensor = b.apply('new_tensor_4d', ...f32Extents(shape.width));
    keep(name, { tensor, transposed: false });
    return tensor;
  };
  const matrix = (name: string, [n0, n1]: readonly [number, number]): Omit<Linear, 'adapter'> => {
    const typeIn = (rowLength: number) => frozenType(b.kinds.copies, typeOf(name), rowLength);
    const forward = b.productMatrix(typeIn(n0), n0, n1);
    const backward = b.productMatrix(typeIn(n1), n1, n0);
    keep(name, { tensor: forward, transposed: false }, { tensor: backward, transposed: true });
    return { forward, backward, gradient: null };
  };
  // Rows are looked up in the file's own type; as an output matrix it is a second form.
  const table = b.apply('new_tensor_4d', typeOf('token_embd.weight'), shape.width, shape.vocabulary, 1, 1);
  keep('token_embd.weight', { tensor: table, transposed: false });
  const adapter = (name: string): Adapter => ({
    a: group.valueOf(`${name}.lora_a`),
    aGradient: group.gradientOf(`${name}.lora_a`),
    b: group.valueOf(`${name}.lora_b`),
    bGradient: group.gradientOf(`${name}.lora_b`),
    scale: settings.alpha / settings.rank,
  });
  const linear = (index: number, projection: Projection): Linear => {
    const name = `blk.${index}.${projection}.weight`;
    const adapted = settings.projections.includes(projection);
    return {
      ...matrix(name, projectionExtents(shape, projection)),
      adapter: adapted ? adapter(name) : null,
    };
  };
  const norm = (name: string): Norm => ({ gain: gain(name), gradient: null, epsilon: shape.normEpsilon });
  const output = matrix(shape.tied ? 'token_embd.weight' : 'output.weight', [shape.width, shape.vocabulary]);
  return {
    tensors: {
      embedding: { table, gradient: null },
      layers: Array.from({ length: shape.layers }, (_, index) => ({
        attn_norm: norm(`blk.${index}.attn_norm.weight`),
        ffn_norm: norm(`blk.${index}.ffn_norm.weight`),
        ...eachProjection((projection) => linear(index, projection)),
      })),
      outputNorm: norm('output_norm.weight'),
      output: { ...output, adapter: null },
    },
    groups: [group],
    copies: [],
    frozen,
  };
}

/**
 * Quantised matrices are held in 8 bits, forward and back: products with fewer take twice the time on a processor
 * (bench/train), and two bytes take twice the memory and are no faster.
 */
function frozenType(copies: number, file: number, rowLength: number): number {
  if (copies === TENSOR_TYPE.f32 || PLAIN_TYPES.includes(file)) return copies;
  return rowLength % Q8_0_BLOCK === 0 ? Q8_0 : copies;
}

/** A as `[in, rank]`, B transposed as `[out, rank]`. */
function adapterLayout(shape: LlamaShape, { rank, projections }: AdapterSettings) {
  const pairs = Array.from({ length: shape.layers }, (_, index) =>
    projections.flatMap((projection) => {
      const [width, out] = projectionExtents(shape, projection);
      const name = `blk.${index}.${projection}.weight`;
      return [
        { name: `${name}.lora_a`, extents: [width, rank] },
        { name: `${name}.lora_b`, extents: [out, rank] },
      ];
    }),
  );
  return layOut(pairs.flat());
}

/** A with the deviation that PyTorch's linear layers begin with, B zero: the first step starts from the base itself. */
export function initialAdapters(
  shape: LlamaShape,
  settings: AdapterSettings,
  seed: number,
): Map<string, Float32Array> {
  const normal = normalNumbers(seed);
  const numbers = ({
    name,
    extents,
    length,
  }: {
    name: string;
    extents: readonly number[];
    length: number;
  }) => {
    const deviation = name.endsWith('.lora_a') ? 1 / Math.sqrt(3 * (extents[0] ?? 1)) : 0;
    return Float32Array.from({ length }, () => (deviation === 0 ? 0 : deviation * normal()));
  };
  return new Map(adapterLayout(shape, settings).places.map((place) => [place.name, numbers(place)]));
}
