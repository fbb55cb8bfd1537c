/**
 * Describes tensors and operations in one ggml context, with the extents known on this side. The first extent is the
 * fastest in memory: `[width, tokens]` is a row of `width` numbers for each token.
 */
import koffi from 'koffi';
import { type GgmlGraph, type GgmlOperations, TENSOR_TYPE } from '../../ffi/ggml-graph.ts';

export type Extents = readonly [number, number, number, number];

export interface Tensor {
  readonly pointer: bigint;
  readonly type: number;
  readonly extents: Extents;
  /** Bytes from one index to the next, for each extent. */
  readonly strides: Extents;
}

/** `struct ggml_tensor`: the type, then a pointer, four 64-bit extents and four 64-bit strides. */
const EXTENTS_OFFSET = 16;
const STRIDES_OFFSET = 48;
const HEAD_BYTES = 80;

export function tensorAt(pointer: bigint): Tensor {
  const head = new DataView(koffi.view(pointer, HEAD_BYTES) as ArrayBuffer);
  const four = (offset: number): Extents => {
    const at = (index: number) => Number(head.getBigInt64(offset + 8 * index, true));
    return [at(0), at(1), at(2), at(3)];
  };
  return {
    pointer,
    type: head.getInt32(0, true),
    extents: four(EXTENTS_OFFSET),
    strides: four(STRIDES_OFFSET),
  };
}

/** How products are computed on a device. */
export interface ProductKinds {
  /** Type of the copies that products with matrices read: f32 for parity, bf16 or f16 for speed. */
  copies: number;
  /** The same within attention, whose weights lose more by rounding than its small products win. */
  attentionCopies: number;
  /** How the gradient of a matrix is summed over tokens. */
  large: SumOverSecond;
  /** The same for products as small as one head of attention. */
  attention: SumOverSecond;
  /** The same for products as narrow as the rank of an adapter; `outer` keeps them in f32. */
  adapters: SumOverSecond;
}

/**
 * `[m, k] x [n, k] -> [m, n]`, a sum over the second extent: `outer` by OUT_PROD, in f32 and without copies; `transposed` by
 * MUL_MAT of transposed copies. Which is faster depends on the backend and on the extents.
 */
export type SumOverSecond = 'outer' | 'transposed';

export class GraphBuilder {
  readonly #context: bigint;
  readonly #graph: bigint;
  readonly #ggml: GgmlGraph;
  readonly #transposed = new Map<bigint, Tensor>();
  readonly kinds: ProductKinds;

  constructor(ggml: GgmlGraph, at: { context: bigint; graph: bigint }, kinds: ProductKinds) {
    this.#ggml = ggml;
    this.#context = at.context;
    this.#graph = at.graph;
    this.kinds = kinds;
  }

  /** Puts an operation, and what it needs, at the end of the graph. */
  append(tensor: Tensor): void {
    this.#ggml.append(this.#graph, tensor.pointer);
  }

  /** Marks a result that is read after the graph was computed, and appends it. */
  output(tensor: Tensor): Tensor {
    this.#ggml.operations.set_output(tensor.pointer);
    this.append(tensor);
    return tensor;
  }

  /** What an optimiser may change. */
  parameter(tensor: Tensor): Tensor {
    this.#ggml.operations.set_param(tensor.pointer);
    return tensor;
  }

  /** Any operation of ggml that takes tensors and numbers after the context. */
  apply<Name extends keyof GgmlOperations>(name: Name, ...args: unknown[]): Tensor {
    const call = this.#ggml.operations[name] as unknown as (context: bigint, ...args: unknown[]) => bigint;
    return tensorAt(call(this.#context, ...args.map((arg) => (isTensor(arg) ? arg.pointer : arg))));
  }

  reshape(a: Tensor, ...extents: number[]): Tensor {
    return this.apply('reshape_4d', a, ...four(extents));
  }

  /** A part of `a` with other extents, the strides of `a` kept where none are given. */
  view(a: Tensor, extents: number[], offsetBytes = 0, strides: number[] = a.strides.slice(1)): Tensor {
    const [nb1 = 0, nb2 = nb1 * (extents[1] ?? 1), nb3 = nb2 * (extents[2] ?? 1)] = strides;
    return this.apply('view_4d', a, ...four(extents), nb1, nb2, nb3, offsetBytes);
  }

  contiguous(a: Tensor): Tensor {
    return this.apply('cont', a);
  }

  swap01(a: Tensor): Tensor {
    const view = this.apply('permute', a, 1, 0, 2, 3);
    // Swapped once more it is `a` itself: no copy is needed.
    this.#transposed.set(view.pointer, a);
    return view;
  }

  /** Extents 1 and 2 swapped: heads and positions. */
  swap12(a: Tensor): Tensor {
    return this.apply('permute', a, 0, 2, 1, 3);
  }

  /** `a` `[k, m]`, `b` `[k, n]` -> `[m, n]`: the sum over the fastest extent. */
  product(a: Tensor, b: Tensor): Tensor {
    return this.apply('mul_mat', a, b);
  }

  /** `a` `[m, k]`, `b` `[n, k]` -> `[m, n]`: the sum over the second extent. `a` may have fewer heads than `b`. */
  sumOverSecond(a: Tensor, b: Tensor, size: 'large' | 'attention' | 'adapters'): Tensor {
    if (this.kinds[size] === 'outer') return this.apply('out_prod', a, b);
    const type = size === 'attention' ? this.kinds.attentionCopies : this.kinds.copies;
    return this.product(this.#transposedCopy(a, type), this.#transposedCopy(b, type));
  }

  /** A copy of `a` with extents 0 and 1 swapped; one for each `a`. */
  #transposedCopy(a: Tensor, type: number): Tensor {
    const known = this.#transposed.get(a.pointer);
    if (known !== undefined) return known;
    const [n0, n1, n2, n3] = a.extents;
    const copy = this.apply('cpy', this.swap01(a), this.apply('new_tensor_4d', type, n1, n0, n2, n3));
    this.#transposed.set(a.pointer, copy);
    return copy;
  }

  add(a: Tensor, b: Tensor): Tensor {
    return this.apply('add', a, b);
  }

  mul(a: Tensor, b: Tensor): Tensor {
    return this.apply('mul', a, b);
  }

  /** Adds to a tensor that outlives the graph, at this place of the order. */
  accumulate(into: Tensor, what: Tensor): void {
    this.append(this.apply('add_inplace', into, what));
  }
}

export function f32Extents(...extents: number[]): [number, number, number, number, number] {
  return [TENSOR_TYPE.f32, ...four(extents)];
}

function four([n0 = 1, n1 = 1, n2 = 1, n3 = 1]: number[]): [number, number, number, number] {
  return [n0, n1, n2, n3];
}

function isTensor(value: unknown): value is Tensor {
  return typeof value === 'object' && value !== null && 'pointer' in value;
}
