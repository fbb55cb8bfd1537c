/** What a llama-family model is made of: numbers that fix every tensor. */

export interface LlamaShape {
  layers: number;
  /** Numbers that represent a token between layers. */
  width: number;
  heads: number;
  /** Heads of keys and values; divides `heads`. */
  kvHeads: number;
  headWidth: number;
  feedForward: number;
  vocabulary: number;
  /** Positions that the model is made for. */
  context: number;
  ropeBase: number;
  /** `adjacent` turns numbers 2i and 2i+1 together (llama), `halves` i and i+n/2 (NeoX, Qwen). */
  ropeLayout: 'adjacent' | 'halves';
  normEpsilon: number;
  /** Whether the output matrix is the embedding. */
  tied: boolean;
}

/** The projections of a layer, by the names of GGUF tensors. */
export const PROJECTIONS = [
  'attn_q',
  'attn_k',
  'attn_v',
  'attn_output',
  'ffn_gate',
  'ffn_up',
  'ffn_down',
] as const;
export type Projection = (typeof PROJECTIONS)[number];

/** Extents `[in, out]` of a projection. */
export function projectionExtents(shape: LlamaShape, projection: Projection): [number, number] {
  const { width, feedForward, headWidth, heads, kvHeads } = shape;
  switch (projection) {
    case 'attn_q':
      return [width, heads * headWidth];
    case 'attn_k':
    case 'attn_v':
      return [width, kvHeads * headWidth];
    case 'attn_output':
      return [heads * headWidth, width];
    case 'ffn_gate':
    case 'ffn_up':
      return [width, feedForward];
    case 'ffn_down':
      return [feedForward, width];
  }
}

/** A tensor by its GGUF name. `matrix` ones are multiplied and decay; `gain` ones scale and do not. */
export interface TensorShape {
  name: string;
  kind: 'matrix' | 'gain';
  /** `[in, out]`, or `[width]` of a gain. */
  extents: readonly number[];
}

/** Every tensor of a model, in the order of its layers. */
export function tensorsOf(shape: LlamaShape): TensorShape[] {
  const matrix = (name: string, ...extents: number[]): TensorShape => ({ name, kind: 'matrix', extents });
  const gain = (name: string): TensorShape => ({ name, kind: 'gain', extents: [shape.width] });
  const layer = (index: number): TensorShape[] => [
    gain(`blk.${index}.attn_norm.weight`),
    gain(`blk.${index}.ffn_norm.weight`),
    ...PROJECTIONS.map((projection) =>
      matrix(`blk.${index}.${projection}.weight`, ...projectionExtents(shape, projection)),
    ),
  ];
  return [
    matrix('token_embd.weight', shape.width, shape.vocabulary),
    ...Array.from({ length: shape.layers }, (_, index) => layer(index)).flat(),
    gain('output_norm.weight'),
    ...(shape.tied ? [] : [matrix('output.weight', shape.width, shape.vocabulary)]),
  ];
}
