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
  /** Type of the copies that products read: f32 for parity, bf16 or f16 for speed. */
  copies: number;
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

/** Rows of a block in transposed copies. */
const BLOCK_ROWS = 128;

/** ggml's Q8_0: 32 numbers a block with one scale. */
export const Q8_0 = 8;
export const Q8_0_BLOCK = 32;
/** Rows of a tile of the fast layout. */
const TILE_ROWS = 32;

export interface Place {
  context: bigint;
  graph: bigint;
  /** For matrices in the layout of the device's fastest kernels; null where it has none. */
  fastContext?: bigint | null;
}

export class GraphBuilder {
  readonly #context: bigint;
  readonly #fastContext: bigint | null;
  readonly #graph: bigint;
  readonly #ggml: GgmlGraph;
  readonly #transposed = new Map<bigint, Tensor>();
  readonly kinds: ProductKinds;

  constructor(ggml: GgmlGraph, at: Place, kinds: ProductKinds) {
    this.#ggml = ggml;
    this.#context = at.context;
    this.#fastContext = at.fastContext ?? null;
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

  /** A matrix that products alone read: kept in the device's fastest layout, where it has one for the type. */
  productMatrix(type: number, n0: number, n1: number): Tensor {
    // With a single block a row, and more than one tile, the fast kernels read what is not there.
    const fits = type === Q8_0 && n0 > Q8_0_BLOCK && n1 % TILE_ROWS === 0;
    const context = (fits ? this.#fastContext : null) ?? this.#context;
    return tensorAt(this.#ggml.operations.new_tensor_4d(context, type, n0, n1, 1, 1));
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
    return this.product(this.#transposedCopy(a), this.#transposedCopy(b));
  }

  /** A copy of `a` in the type of products, extents 0 and 1 swapped; one for each `a`. */
  #transposedCopy(a: Tensor): Tensor {
    const known = this.#transposed.get(a.pointer);
    if (known !== undefined) return known;
    const [n0, n1, n2, n3] = a.extents;
    const target = this.apply('new_tensor_4d', this.kinds.copies, n1, n0, n2, n3);
    const copy = this.#isBlocked(a)
      ? this.#copyByBlocks(a, target)
      : this.apply('cpy', this.swap01(a), target);
    this.#transposed.set(a.pointer, copy);
    return copy;
  }

  /** Rows a multiple of 2 KiB apart fall into the same few places of a cache: columns of 2,000 of them drive each other out. */
  #isBlocked({ extents: [, n1, n2, n3], strides }: Tensor): boolean {
    return strides[1] % 2048 === 0 && n1 % BLOCK_ROWS === 0 && n2 * n3 === 1;
  }

  /** A third of the time there. The result has the extents of `target` again, and waits for the copy. */
  #copyByBlocks(a: Tensor, target: Tensor): Tensor {
    const [n0, n1] = a.extents;
    const blocks = n1 / BLOCK_ROWS;
    const [itemBytes, rowBytes] = target.strides;
    const from = this.view(a, [n0, BLOCK_ROWS, blocks], 0, [a.strides[1], a.strides[1] * BLOCK_ROWS]);
    const to = this.view(target, [BLOCK_ROWS, n0, blocks], 0, [rowBytes, BLOCK_ROWS * itemBytes]);
    const copied = this.apply('cpy', this.swap01(from), to);
    return this.view(copied, [n1, n0], 0, [rowBytes]);
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
