/** A native context and its batch: rows go in, logits come out. One decode at a time, on a pool thread. */
import { FilonError, invariant } from '@filon/core/errors';
import type { EngineErrorDetails } from '../errors.ts';
import type { Backends } from '../ffi/backends.ts';
import { GGML_TYPE } from '../ffi/ggml.ts';
import { type ContextParams, FLASH_ATTENTION, type Llama, type NativeBatch, POOLING } from '../ffi/llama.ts';
import { bytesAt, floatsAt, intsAt, pointerAt } from '../ffi/pointer.ts';
import { type StageSettings, settingsName } from './settings.ts';
import type { Weights } from './weights.ts';

export interface Context {
  /** Tokens that one sequence may hold. */
  readonly sequenceTokensMax: number;
  readonly rowsMax: number;
  /** Rows added since the last decode. */
  readonly rows: number;
  /** Adds a row and returns its index. `output`: its logits are wanted. */
  add(token: number, position: number, sequence: number, output: boolean): number;
  clearRows(): void;
  /** Threads of the decodes to come, at most those of the pool. */
  setThreads(threads: number): void;
  /** 0: done. 1: no room for these rows, nothing changed. Others: llama.cpp's own failure codes. */
  decode(): Promise<number>;
  /** [vocabTokens], valid until the next decode; row `index` must have been an output. */
  logits(index: number): Float32Array;
  /** [embeddingLength] of an output row. */
  embedding(index: number): Float32Array;
  /** Drops positions from `from` on; false where the memory cannot (then nothing changed). */
  trim(sequence: number, from: number): boolean;
  /** Makes `target` begin like `source`, up to `tokens`. Cheap in a unified cache, a copy otherwise. */
  copy(source: number, target: number, tokens: number): void;
  close(): void;
}

export interface ContextSpec {
  settings: StageSettings;
  /** Cells in all. */
  cacheTokens: number;
  sequences: number;
  outputsMax: number;
  threads: number;
  embeddings: boolean;
}

/**
 * Between decodes the pool's threads sleep at once. Spinning, as is llama.cpp's default, they hold the cores that draw,
 * send and serve need just then: half a millisecond of such work beside a step made it 1 to 3 ms longer, against 0.3.
 */
const POOL_POLL = 0;
const ALL = -1;

/** Codes: ENGINE_CONTEXT_REFUSED. */
export function openContext(weights: Weights, spec: ContextSpec, backends: Backends): Context {
  const { llama } = weights;
  const pointer = llama.newContext(weights.pointer, nativeParams(llama.contextDefaults(), spec));
  if (pointer === null) {
    throw new FilonError<EngineErrorDetails>(
      {
        code: 'ENGINE_CONTEXT_REFUSED',
        cacheTokens: spec.cacheTokens,
        settings: settingsName(spec.settings),
      },
      `llama.cpp made no context of ${spec.cacheTokens} tokens with ${settingsName(spec.settings)}: there is too little memory, or the model's heads do not fit these settings. Use a smaller context or fewer sessions.`,
    );
  }
  const pool = backends.ggml.newThreadPool(backends.cpuRegistry, spec.threads, POOL_POLL);
  if (pool !== null) llama.attachThreadPool(pointer, pool, pool);
  if (weights.lora !== null) setLora(llama, pointer, weights.lora);
  const memory = llama.memory(pointer);
  const rowsMax = spec.settings.rowsMax;
  const batch = openBatch(llama.newBatch(rowsMax, 0, 1), rowsMax);
  const views = rowViews(spec.outputsMax);
  let threadsSet = spec.threads;
  return {
    sequenceTokensMax: llama.contextTokensPerSequence(pointer),
    rowsMax,
    get rows() {
      return batch.native.n_tokens;
    },
    add: batch.add,
    clearRows: () => {
      batch.native.n_tokens = 0;
    },
    setThreads: (threads) => {
      if (threads !== threadsSet) llama.setThreads(pointer, threads, threads);
      threadsSet = threads;
    },
    decode: () => llama.decode(pointer, batch.native),
    logits: (index) => views(llama.logitsAt(pointer, index), weights.vocabTokens),
    embedding: (index) => views(llama.embeddingsAt(pointer, index), weights.embeddingLength),
    trim: (sequence, from) => llama.sequenceRemove(memory, sequence, from, ALL),
    copy: (source, target, tokens) => {
      llama.sequenceRemove(memory, target, ALL, ALL);
      // Between streams only whole sequences can be copied; what is too much is cut off.
      llama.sequenceCopy(memory, source, target, ALL, ALL);
      llama.sequenceRemove(memory, target, tokens, ALL);
    },
    close: () => {
      llama.freeBatch(batch.native);
      llama.freeContext(pointer);
      if (pool !== null) backends.ggml.freeThreadPool(backends.cpuRegistry, pool);
    },
  };
}

/**
 * For good: to change a context's LoRA, llama.cpp plans its memory anew (3 ms and more, the time of a whole step of a
 * small model), so each has a context of its own and they take turns by decodes.
 */
function setLora(llama: Llama, context: bigint, lora: bigint): void {
  const status = llama.setLoras(context, BigUint64Array.of(lora), 1, Float32Array.of(1));
  invariant(status === 0, 'a LoRA that was loaded for the model fits its contexts');
}

function nativeParams(defaults: ContextParams, spec: ContextSpec): ContextParams {
  const { settings } = spec;
  return {
    ...defaults,
    n_ctx: spec.cacheTokens,
    n_batch: settings.rowsMax,
    n_ubatch: settings.rowsMax,
    n_seq_max: spec.sequences,
    n_outputs_max: spec.outputsMax,
    n_outputs_max_per_seq: spec.outputsMax,
    n_threads: spec.threads,
    n_threads_batch: spec.threads,
    pooling_type: POOLING.none,
    flash_attn_type: FLASH_ATTENTION[settings.flashAttention],
    type_k: GGML_TYPE[settings.cacheType],
    type_v: GGML_TYPE[settings.cacheType],
    embeddings: spec.embeddings,
    kv_unified: settings.unified,
  };
}

interface Batch {
  native: NativeBatch;
  add: Context['add'];
}

/** Views of the batch's native arrays, made once: adding a row is four stores. */
function openBatch(native: NativeBatch, rowsMax: number): Batch {
  const { token, pos, n_seq_id, seq_id, logits } = native;
  invariant(token && pos && n_seq_id && seq_id && logits, 'llama_batch_init allocates every array');
  const tokens = intsAt(token, rowsMax);
  const positions = intsAt(pos, rowsMax);
  intsAt(n_seq_id, rowsMax).fill(1);
  const sequences = Array.from({ length: rowsMax }, (_, row) => intsAt(pointerAt(seq_id, row), 1));
  const outputs = bytesAt(logits, rowsMax);
  native.n_tokens = 0;
  return {
    native,
    add: (tokenId, position, sequence, output) => {
      const row = native.n_tokens;
      invariant(row < rowsMax, 'a batch holds at most rowsMax rows');
      tokens[row] = tokenId;
      positions[row] = position;
      (sequences[row] as Int32Array)[0] = sequence;
      outputs[row] = output ? 1 : 0;
      native.n_tokens = row + 1;
      return row;
    },
  };
}

/** Rows come at the same few addresses again and again: a view each, made once. */
function rowViews(outputsMax: number): (pointer: bigint | null, length: number) => Float32Array {
  const views = new Map<bigint, Float32Array>();
  return (pointer, length) => {
    invariant(pointer !== null, 'a row that was an output has values');
    const known = views.get(pointer);
    if (known !== undefined && known.length === length) return known;
    if (views.size >= outputsMax * 4) views.clear();
    const view = floatsAt(pointer, length);
    views.set(pointer, view);
    return view;
  };
}
