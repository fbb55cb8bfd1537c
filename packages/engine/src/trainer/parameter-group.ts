/**
 * Parameters that are trained alike, in one flat f32 tensor with flat gradients and moments beside it: an optimiser is one
 * operation on them all, and an update is read and written as one array.
 */
import type { GraphBuilder, Tensor } from './graph/builder.ts';
import { f32Extents } from './graph/builder.ts';

/** Numbers in a row of the flat tensors: backends share out rows. Every parameter starts at a multiple of `ALIGNMENT`. */
const ROW = 1024;
const ALIGNMENT = 64;

export interface ParameterPlace {
  name: string;
  extents: readonly number[];
  /** Index of its first number in the flat tensor. */
  offset: number;
  length: number;
}

export interface ParameterLayout {
  places: readonly ParameterPlace[];
  /** Numbers in the flat tensor, those between parameters (always 0) included. */
  length: number;
}

/** The same for the same parameters in the same order, on every device. */
export function layOut(parameters: readonly { name: string; extents: readonly number[] }[]): ParameterLayout {
  const places: ParameterPlace[] = [];
  let offset = 0;
  for (const { name, extents } of parameters) {
    const length = extents.reduce((product, extent) => product * extent, 1);
    places.push({ name, extents, offset, length });
    offset += Math.ceil(length / ALIGNMENT) * ALIGNMENT;
  }
  return { places, length: Math.ceil(offset / ROW) * ROW };
}

export interface ParameterGroup {
  layout: ParameterLayout;
  /** Whether weight decay applies: to matrices, not to gains. */
  decays: boolean;
  values: Tensor;
  gradients: Tensor;
  /** First and second moment of AdamW. */
  m: Tensor;
  v: Tensor;
  valueOf: (name: string) => Tensor;
  gradientOf: (name: string) => Tensor;
}

/** Describes the group's tensors; data comes when the builder's context is allocated. */
export function newParameterGroup(b: GraphBuilder, layout: ParameterLayout, decays: boolean): ParameterGroup {
  const flat = () => b.apply('new_tensor_4d', ...f32Extents(ROW, Math.max(1, layout.length / ROW)));
  const [values, gradients, m, v] = [b.parameter(flat()), flat(), flat(), flat()];
  const views = (whole: Tensor) => {
    const known = new Map(
      layout.places.map(({ name, extents, offset }) => {
        const [n0 = 1, n1 = 1] = extents;
        return [name, b.view(whole, [n0, n1], offset * 4, [n0 * 4])] as const;
      }),
    );
    return (name: string): Tensor => {
      const tensor = known.get(name);
      if (tensor === undefined) throw new TypeError(`no parameter ${name}`);
      return tensor;
    };
  };
  return { layout, decays, values, gradients, m, v, valueOf: views(values), gradientOf: views(gradients) };
}
