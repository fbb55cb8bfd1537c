/**
 * Weights of a fresh model: normal with deviation 0.02, the two projections that write to the residual stream divided by
 * sqrt(2 layers) (Radford et al. 2019, section 2.3), gains 1. The same seed gives the same weights everywhere.
 */
import { type LlamaShape, type TensorShape, tensorsOf } from './shape.ts';

const DEVIATION = 0.02;
const RESIDUAL = /\.(attn_output|ffn_down)\.weight$/;

/** @param seed 32-bit unsigned */
export function initialWeights(shape: LlamaShape, seed: number): Map<string, Float32Array> {
  const normal = normalNumbers(seed);
  const residual = DEVIATION / Math.sqrt(2 * shape.layers);
  const numbers = ({ name, kind, extents }: TensorShape): Float32Array => {
    const length = extents.reduce((product, extent) => product * extent, 1);
    if (kind === 'gain') return new Float32Array(length).fill(1);
    const deviation = RESIDUAL.test(name) ? residual : DEVIATION;
    return Float32Array.from({ length }, () => deviation * normal());
  };
  return new Map(tensorsOf(shape).map((tensor) => [tensor.name, numbers(tensor)]));
}

/** Box and Muller's pairs over a generator of 32 bits (mulberry32). */
export function normalNumbers(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  let spare: number | null = null;
  return () => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}
