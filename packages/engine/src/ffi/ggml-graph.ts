/**
 * ggml's tensors and graphs: the operations that training uses and nothing else. A tensor is an address in a context
 * (`ggml.h`); its first extent is the fastest in memory, so the matrix of `out` rows of `in` numbers is `[in, out]`.
 * Native code aborts on shapes that do not fit: whatever comes from files is checked before it gets here.
 */
import koffi from 'koffi';
import type { LibrarySet } from './library-set.ts';
import { type Pointer, pointerAt } from './pointer.ts';

/** `enum ggml_type`, those that training computes with. */
export const TENSOR_TYPE = { f32: 0, f16: 1, i32: 26, bf16: 30 } as const;

/** `enum ggml_status`. */
const STATUS_SUCCESS = 0;

type Tensor = bigint;

export interface GgmlGraph {
  /** A backend instance of a device; NULL when the driver refuses. */
  openBackend: (device: bigint) => Pointer;
  freeBackend: (backend: bigint) => void;
  setThreads: (registry: bigint, backend: bigint, threads: number) => void;
  /** Whether the backend has a kernel for just these types and layouts; without one it aborts. */
  supports: (backend: bigint, operation: Tensor) => boolean;

  /** A context holds the descriptions of tensors, never their data. */
  newContext: (bytes: number) => bigint;
  freeContext: (context: bigint) => void;
  /** Data for every tensor of a context that has none; NULL when memory is out. */
  allocate: (context: bigint, backend: bigint) => Pointer;
  /** What {@link allocate} would take. */
  contextDataBytes: (context: bigint, bufferType: bigint) => number | bigint;
  /** The same in memory of another type; NULL when it is out, or when there is nothing to give memory to. */
  allocateFrom: (context: bigint, bufferType: bigint) => Pointer;
  /** Types of memory in which a device keeps matrices in the layout of its fastest kernels, by name. */
  extraBufferTypes: (registry: bigint, device: bigint) => Map<string, bigint>;
  freeBuffer: (buffer: bigint) => void;
  clearBuffer: (buffer: bigint, value: number) => void;
  bufferBytes: (buffer: bigint) => number | bigint;

  newGraph: (context: bigint, size: number, gradients: boolean) => bigint;
  append: (graph: bigint, tensor: Tensor) => void;
  nodeCount: (graph: bigint) => number;
  nodeAt: (graph: bigint, index: number) => Tensor;
  /** What a tensor is computed by, as `MUL_MAT`. */
  operationName: (tensor: Tensor) => string;
  graphBytes: (size: number, gradients: boolean) => number | bigint;
  tensorBytes: () => number | bigint;
  /** Places a graph's intermediate tensors so that those never alive together share memory. */
  newPlan: (bufferType: bigint) => bigint;
  planGraph: (plan: bigint, graph: bigint) => boolean;
  /** What a plan of a graph would take, into the first of `sizes`; such a plan is for nothing else. */
  sizePlan: (plan: bigint, graph: bigint, sizes: BigUint64Array) => void;
  planBytes: (plan: bigint, buffer: number) => number | bigint;
  freePlan: (plan: bigint) => void;
  bufferType: (backend: bigint) => bigint;
  /** @throws TypeError when the backend says that it failed */
  compute: (backend: bigint, graph: bigint) => Promise<void>;

  set: (tensor: Tensor, data: ArrayBufferView, offsetBytes: number, bytes: number) => void;
  get: (tensor: Tensor, data: ArrayBufferView, offsetBytes: number, bytes: number) => void;
  fill: (tensor: Tensor, value: number, offsetBytes: number, bytes: number) => void;
  bytesOf: (tensor: Tensor) => number | bigint;

  operations: GgmlOperations;
}

/** Every function takes the context in which the result is described. */
export interface GgmlOperations {
  new_tensor_4d: (c: bigint, type: number, n0: number, n1: number, n2: number, n3: number) => Tensor;
  set_param: (a: Tensor) => void;
  set_output: (a: Tensor) => void;
  view_4d: (
    c: bigint,
    a: Tensor,
    ...layout: [
      n0: number,
      n1: number,
      n2: number,
      n3: number,
      nb1: number,
      nb2: number,
      nb3: number,
      offset: number,
    ]
  ) => Tensor;
  reshape_4d: (c: bigint, a: Tensor, n0: number, n1: number, n2: number, n3: number) => Tensor;
  permute: (c: bigint, a: Tensor, to0: number, to1: number, to2: number, to3: number) => Tensor;
  cont: (c: bigint, a: Tensor) => Tensor;
  cpy: (c: bigint, from: Tensor, to: Tensor) => Tensor;
  cast: (c: bigint, a: Tensor, type: number) => Tensor;
  mul_mat: (c: bigint, a: Tensor, b: Tensor) => Tensor;
  out_prod: (c: bigint, a: Tensor, b: Tensor) => Tensor;
  add: (c: bigint, a: Tensor, b: Tensor) => Tensor;
  add_inplace: (c: bigint, a: Tensor, b: Tensor) => Tensor;
  mul: (c: bigint, a: Tensor, b: Tensor) => Tensor;
  mul_inplace: (c: bigint, a: Tensor, b: Tensor) => Tensor;
  scale: (c: bigint, a: Tensor, factor: number) => Tensor;
  scale_bias: (c: bigint, a: Tensor, factor: number, bias: number) => Tensor;
  sqr: (c: bigint, a: Tensor) => Tensor;
  log: (c: bigint, a: Tensor) => Tensor;
  sum: (c: bigint, a: Tensor) => Tensor;
  sum_rows: (c: bigint, a: Tensor) => Tensor;
  repeat_back: (c: bigint, a: Tensor, like: Tensor) => Tensor;
  silu: (c: bigint, a: Tensor) => Tensor;
  silu_back: (c: bigint, gradient: Tensor, a: Tensor) => Tensor;
  swiglu_split: (c: bigint, gate: Tensor, up: Tensor) => Tensor;
  rms_norm: (c: bigint, a: Tensor, epsilon: number) => Tensor;
  rms_norm_back: (c: bigint, gradient: Tensor, a: Tensor, epsilon: number) => Tensor;
  get_rows: (c: bigint, table: Tensor, rows: Tensor) => Tensor;
  get_rows_back: (c: bigint, gradient: Tensor, rows: Tensor, table: Tensor) => Tensor;
  set_rows: (c: bigint, to: Tensor, from: Tensor, rows: Tensor) => Tensor;
  soft_max_ext: (c: bigint, a: Tensor, mask: Pointer, scale: number, maxBias: number) => Tensor;
  soft_max_ext_back: (c: bigint, gradient: Tensor, result: Tensor, scale: number, maxBias: number) => Tensor;
  rope_ext: RopeOperation;
  rope_ext_back: RopeOperation;
  opt_step_adamw: (c: bigint, a: Tensor, gradient: Tensor, m: Tensor, v: Tensor, values: Tensor) => Tensor;
}

type RopeOperation = (
  c: bigint,
  a: Tensor,
  positions: Tensor,
  factors: Pointer,
  ...values: [
    dimensions: number,
    mode: number,
    trainedContext: number,
    base: number,
    scale: number,
    extrapolation: number,
    attention: number,
    betaFast: number,
    betaSlow: number,
  ]
) => Tensor;

const PTR = 'void *';
const I64 = 'int64_t';
const ROPE = ['int', 'int', 'int', 'float', 'float', 'float', 'float', 'float', 'float'];

/** What follows the context in each call, as `ggml.h` has it. */
const ARGUMENTS: Record<Exclude<keyof GgmlOperations, 'set_param' | 'set_output'>, string[]> = {
  new_tensor_4d: ['int', I64, I64, I64, I64],
  view_4d: [PTR, I64, I64, I64, I64, 'size_t', 'size_t', 'size_t', 'size_t'],
  reshape_4d: [PTR, I64, I64, I64, I64],
  permute: [PTR, 'int', 'int', 'int', 'int'],
  cont: [PTR],
  cpy: [PTR, PTR],
  cast: [PTR, 'int'],
  mul_mat: [PTR, PTR],
  out_prod: [PTR, PTR],
  add: [PTR, PTR],
  add_inplace: [PTR, PTR],
  mul: [PTR, PTR],
  mul_inplace: [PTR, PTR],
  scale: [PTR, 'float'],
  scale_bias: [PTR, 'float', 'float'],
  sqr: [PTR],
  log: [PTR],
  sum: [PTR],
  sum_rows: [PTR],
  repeat_back: [PTR, PTR],
  silu: [PTR],
  silu_back: [PTR, PTR],
  swiglu_split: [PTR, PTR],
  rms_norm: [PTR, 'float'],
  rms_norm_back: [PTR, PTR, 'float'],
  get_rows: [PTR, PTR],
  get_rows_back: [PTR, PTR, PTR],
  set_rows: [PTR, PTR, PTR],
  soft_max_ext: [PTR, PTR, 'float', 'float'],
  soft_max_ext_back: [PTR, PTR, 'float', 'float'],
  rope_ext: [PTR, PTR, PTR, ...ROPE],
  rope_ext_back: [PTR, PTR, PTR, ...ROPE],
  opt_step_adamw: [PTR, PTR, PTR, PTR, PTR],
};

/** @throws an error of koffi when a symbol is not there */
export function openGgmlGraph(set: LibrarySet): GgmlGraph {
  const { base } = set;
  const native = (name: string, result: string, args: string[]) => base.func(name, result, args);
  const procAddress = native('ggml_backend_reg_get_proc_address', PTR, [PTR, 'const char *']);
  const getExtraTypes = koffi.proto(PTR, [PTR]);
  const bufferTypeName = native('ggml_backend_buft_name', 'const char *', [PTR]);
  const setThreads = koffi.proto('void', [PTR, 'int']);
  const initParams = koffi.struct({ mem_size: 'size_t', mem_buffer: PTR, no_alloc: 'bool' });
  const reserveSize = native('ggml_gallocr_reserve_n_size', 'void', [PTR, PTR, PTR, PTR, PTR]) as (
    ...args: unknown[]
  ) => void;
  const init = base.func('ggml_init', PTR, [initParams]);
  return {
    openBackend: (device) => native('ggml_backend_dev_init', PTR, [PTR, PTR])(device, null) as Pointer,
    freeBackend: native('ggml_backend_free', 'void', [PTR]),
    setThreads: (registry, backend, threads) => {
      const address = procAddress(registry, 'ggml_backend_set_n_threads') as Pointer;
      if (address !== null) koffi.call(address, setThreads, backend, threads);
    },
    supports: native('ggml_backend_supports_op', 'bool', [PTR, PTR]),
    newContext: (bytes) => init({ mem_size: bytes, mem_buffer: null, no_alloc: true }) as bigint,
    freeContext: native('ggml_free', 'void', [PTR]),
    allocate: native('ggml_backend_alloc_ctx_tensors', PTR, [PTR, PTR]),
    contextDataBytes: native('ggml_backend_alloc_ctx_tensors_from_buft_size', 'size_t', [PTR, PTR]),
    allocateFrom: native('ggml_backend_alloc_ctx_tensors_from_buft', PTR, [PTR, PTR]),
    extraBufferTypes: (registry, device) => {
      const address = procAddress(registry, 'ggml_backend_dev_get_extra_bufts') as Pointer;
      if (address === null) return new Map();
      const list = koffi.call(address, getExtraTypes, device) as Pointer;
      return new Map(pointersAt(list).map((type) => [bufferTypeName(type) as string, type]));
    },
    freeBuffer: native('ggml_backend_buffer_free', 'void', [PTR]),
    clearBuffer: native('ggml_backend_buffer_clear', 'void', [PTR, 'uint8_t']),
    bufferBytes: native('ggml_backend_buffer_get_size', 'size_t', [PTR]),
    newGraph: native('ggml_new_graph_custom', PTR, [PTR, 'size_t', 'bool']),
    append: native('ggml_build_forward_expand', 'void', [PTR, PTR]),
    nodeCount: native('ggml_graph_n_nodes', 'int', [PTR]),
    nodeAt: native('ggml_graph_node', PTR, [PTR, 'int']),
    operationName: native('ggml_op_desc', 'const char *', [PTR]),
    graphBytes: native('ggml_graph_overhead_custom', 'size_t', ['size_t', 'bool']),
    tensorBytes: native('ggml_tensor_overhead', 'size_t', []),
    newPlan: native('ggml_gallocr_new', PTR, [PTR]),
    planGraph: native('ggml_gallocr_alloc_graph', 'bool', [PTR, PTR]),
    sizePlan: (plan, graph, sizes) => void reserveSize(plan, graph, null, null, sizes),
    planBytes: native('ggml_gallocr_get_buffer_size', 'size_t', [PTR, 'int']),
    freePlan: native('ggml_gallocr_free', 'void', [PTR]),
    bufferType: native('ggml_backend_get_default_buffer_type', PTR, [PTR]),
    compute: computeOf(native('ggml_backend_graph_compute', 'int', [PTR, PTR])),
    set: native('ggml_backend_tensor_set', 'void', [PTR, PTR, 'size_t', 'size_t']),
    get: native('ggml_backend_tensor_get', 'void', [PTR, PTR, 'size_t', 'size_t']),
    fill: native('ggml_backend_tensor_memset', 'void', [PTR, 'uint8_t', 'size_t', 'size_t']),
    bytesOf: native('ggml_nbytes', 'size_t', [PTR]),
    operations: operationsOf(native),
  };
}

/** A native list of pointers that ends with NULL. */
function pointersAt(list: Pointer): bigint[] {
  const pointers: bigint[] = [];
  if (list === null) return pointers;
  for (let next = pointerAt(list, 0); next !== 0n; next = pointerAt(list, pointers.length))
    pointers.push(next);
  return pointers;
}

type Native = (name: string, result: string, args: string[]) => (...args: never[]) => unknown;

function operationsOf(native: Native): GgmlOperations {
  const entries = Object.entries(ARGUMENTS).map(([name, args]) => [
    name,
    native(`ggml_${name}`, PTR, [PTR, ...args]),
  ]);
  const flags = ['set_param', 'set_output'].map((name) => [name, native(`ggml_${name}`, 'void', [PTR])]);
  return Object.fromEntries([...entries, ...flags]) as unknown as GgmlOperations;
}

/** On a thread of koffi's: the process answers messages meanwhile. */
function computeOf(call: unknown): GgmlGraph['compute'] {
  const { async: start } = call as {
    async: (backend: bigint, graph: bigint, done: (error: unknown, status: number) => void) => void;
  };
  return (backend, graph) =>
    new Promise((resolve, reject) => {
      start(backend, graph, (error, status) => {
        if (error === null && status === STATUS_SUCCESS) resolve();
        else reject(error ?? new TypeError(`the backend could not compute a graph: status ${status}`));
      });
    });
}
