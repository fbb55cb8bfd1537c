/** One device that trains: its backend, contexts of tensors, and graphs that are described once and computed often. */
import { FilonError } from '@filon/core/errors';
import { formatBytes } from '@filon/core/units';
import type { Backends, NativeDevice } from '../ffi/backends.ts';
import type { GgmlGraph } from '../ffi/ggml-graph.ts';
import type { TrainerErrorDetails } from './errors.ts';
import { GraphBuilder, type ProductKinds, type Tensor } from './graph/builder.ts';

/** Tensors and operations that one description may have, enough for 200 layers. Memory is taken as they come. */
const MAX_NODES = 65_536;

/** ggml's name for the memory of matrices in tiles, on processors with AMX. */
const FAST_MEMORY = 'AMX';

/** A graph with its memory: computed any number of times, without describing or allocating anything again. */
export interface StaticGraph {
  compute: () => Promise<void>;
  /** Of the intermediate results. */
  bytes: number;
  nodes: number;
}

export interface DeviceMeans {
  /** Of a CPU. */
  threads: number;
  /** Memory that may still be taken now. */
  freeBytes: () => number;
}

export class TrainingDevice {
  readonly #ggml: GgmlGraph;
  readonly #device: string;
  readonly #freeBytes: () => number;
  readonly #backend: bigint;
  /** Memory whose products with quantised matrices are several times as fast; null without. */
  readonly #fastType: bigint | null;
  readonly #contexts: bigint[] = [];
  readonly #buffers: bigint[] = [];
  readonly #plans: bigint[] = [];

  /** @throws TRAIN_DEVICE_REFUSED */
  constructor(ggml: GgmlGraph, { cpuRegistry }: Backends, device: NativeDevice, means: DeviceMeans) {
    this.#ggml = ggml;
    this.#device = device.id;
    this.#freeBytes = means.freeBytes;
    const backend = ggml.openBackend(device.pointer);
    if (backend === null) {
      throw new FilonError<TrainerErrorDetails>(
        { code: 'TRAIN_DEVICE_REFUSED', device: device.id },
        `the driver of ${device.id} opens no backend; is the card in use, or lost? \`filon doctor\` tells`,
      );
    }
    this.#backend = backend;
    const isCpu = device.backend === 'cpu';
    if (isCpu) ggml.setThreads(cpuRegistry, backend, means.threads);
    const extra = isCpu ? ggml.extraBufferTypes(cpuRegistry, device.pointer) : new Map<string, bigint>();
    this.#fastType = extra.get(FAST_MEMORY) ?? null;
  }

  get ggml(): GgmlGraph {
    return this.#ggml;
  }

  /** Describes tensors that stay, then gives them memory, all zero. @throws TRAIN_OUT_OF_MEMORY */
  describeState<T>(kinds: ProductKinds, describe: (b: GraphBuilder) => T): T {
    const ggml = this.#ggml;
    const newContext = () => {
      const context = ggml.newContext(MAX_NODES * Number(ggml.tensorBytes()));
      this.#contexts.push(context);
      return context;
    };
    const context = newContext();
    const fastContext = this.#fastType === null ? null : newContext();
    const described = describe(new GraphBuilder(ggml, { context, graph: 0n, fastContext }, kinds));
    this.#allocate(context, ggml.bufferType(this.#backend));
    if (fastContext !== null && this.#fastType !== null) this.#allocate(fastContext, this.#fastType);
    return described;
  }

  #allocate(context: bigint, type: bigint): void {
    const ggml = this.#ggml;
    const what = 'its parameters and their state';
    const bytes = Number(ggml.contextDataBytes(context, type));
    if (bytes === 0) return;
    this.#require(bytes, what);
    const buffer = ggml.allocateFrom(context, type);
    if (buffer === null) throw outOfMemory(what, bytes, this.#freeBytes());
    this.#buffers.push(buffer);
    ggml.clearBuffer(buffer, 0);
  }

  /** Describes and plans a graph. @throws TRAIN_OUT_OF_MEMORY, TRAIN_OPERATION_UNSUPPORTED */
  buildGraph<T>(kinds: ProductKinds, describe: (b: GraphBuilder) => T): { graph: StaticGraph; described: T } {
    const ggml = this.#ggml;
    const bytes = MAX_NODES * Number(ggml.tensorBytes()) + Number(ggml.graphBytes(MAX_NODES, false));
    const context = ggml.newContext(bytes);
    this.#contexts.push(context);
    const native = ggml.newGraph(context, MAX_NODES, false);
    const described = describe(new GraphBuilder(ggml, { context, graph: native }, kinds));
    this.#requireKernels(native);
    const what = 'the results of one step';
    const needed = this.#sizeOf(native);
    this.#require(needed, what);
    const plan = ggml.newPlan(ggml.bufferType(this.#backend));
    this.#plans.push(plan);
    if (!ggml.planGraph(plan, native)) throw outOfMemory(what, needed, this.#freeBytes());
    const graph: StaticGraph = {
      compute: () => ggml.compute(this.#backend, native),
      bytes: Number(ggml.planBytes(plan, 0)),
      nodes: ggml.nodeCount(native),
    };
    return { graph, described };
  }

  /**
   * Describes a graph, computes it and forgets it.
   * @param prepare writes what the graph reads
   * @param finish reads its outputs
   * @throws TRAIN_OUT_OF_MEMORY
   */
  async computeOnce<T>(
    kinds: ProductKinds,
    describe: (b: GraphBuilder) => T,
    prepare: (described: T) => void = () => {},
    finish: (described: T) => void = () => {},
  ): Promise<void> {
    const { graph, described } = this.buildGraph(kinds, describe);
    try {
      prepare(described);
      await graph.compute();
      finish(described);
    } finally {
      this.#ggml.freePlan(this.#plans.pop() as bigint);
      this.#ggml.freeContext(this.#contexts.pop() as bigint);
    }
  }

  stateBytes(): number {
    return this.#buffers.reduce((sum, buffer) => sum + Number(this.#ggml.bufferBytes(buffer)), 0);
  }

  set(tensor: Tensor, data: ArrayBufferView, offsetBytes = 0): void {
    this.#check(tensor, offsetBytes, data.byteLength);
    this.#ggml.set(tensor.pointer, data, offsetBytes, data.byteLength);
  }

  get(tensor: Tensor, into: ArrayBufferView, offsetBytes = 0): void {
    this.#check(tensor, offsetBytes, into.byteLength);
    this.#ggml.get(tensor.pointer, into, offsetBytes, into.byteLength);
  }

  clear(tensor: Tensor): void {
    this.#ggml.fill(tensor.pointer, 0, 0, Number(this.#ggml.bytesOf(tensor.pointer)));
  }

  /** A copy between tensors of one type, whatever layouts their memories have. */
  move(from: Tensor, to: Tensor): void {
    const bytes = new Uint8Array(Number(this.#ggml.bytesOf(from.pointer)));
    this.get(from, bytes);
    this.set(to, bytes);
  }

  scalar(tensor: Tensor): number {
    const value = new Float32Array(1);
    this.get(tensor, value);
    return value[0] as number;
  }

  close(): void {
    for (const plan of this.#plans) this.#ggml.freePlan(plan);
    for (const buffer of this.#buffers) this.#ggml.freeBuffer(buffer);
    for (const context of this.#contexts) this.#ggml.freeContext(context);
    this.#ggml.freeBackend(this.#backend);
  }

  /** A system that promises more than it has would kill this process later: it is said before. */
  #require(neededBytes: number, what: string): void {
    const freeBytes = this.#freeBytes();
    if (neededBytes > freeBytes) throw outOfMemory(what, neededBytes, freeBytes);
  }

  /** Native code would abort in the middle of a step. */
  #requireKernels(graph: bigint): void {
    const ggml = this.#ggml;
    for (let index = 0; index < ggml.nodeCount(graph); index += 1) {
      const node = ggml.nodeAt(graph, index);
      if (ggml.supports(this.#backend, node)) continue;
      const operation = ggml.operationName(node);
      throw new FilonError<TrainerErrorDetails>(
        { code: 'TRAIN_OPERATION_UNSUPPORTED', device: this.#device, operation },
        `${this.#device} has no kernel for ${operation} as training needs it; take \`--device cpu\`, or another precision`,
      );
    }
  }

  #sizeOf(graph: bigint): number {
    const ggml = this.#ggml;
    const plan = ggml.newPlan(ggml.bufferType(this.#backend));
    const sizes = new BigUint64Array(1);
    ggml.sizePlan(plan, graph, sizes);
    ggml.freePlan(plan);
    return Number(sizes[0]);
  }

  /** Native code would abort. */
  #check(tensor: Tensor, offsetBytes: number, bytes: number): void {
    const all = Number(this.#ggml.bytesOf(tensor.pointer));
    if (offsetBytes < 0 || offsetBytes + bytes > all)
      throw new RangeError(`${bytes} bytes at ${offsetBytes} of a tensor of ${all}`);
  }
}

function outOfMemory(what: string, neededBytes: number, freeBytes: number): FilonError<TrainerErrorDetails> {
  return new FilonError<TrainerErrorDetails>(
    { code: 'TRAIN_OUT_OF_MEMORY', what, neededBytes, freeBytes },
    `${what} need ${formatBytes(neededBytes)} on the device, and ${formatBytes(freeBytes)} are free; lower sequences (and raise accumulate) or length, take a LoRA or a smaller model, or free memory`,
  );
}
