/** llama.cpp's C API: the structs and functions that the engine uses and nothing else. Layouts are those of the pin. */
import koffi, { type TypeObject } from 'koffi';
import type { LibrarySet } from './library-set.ts';
import type { Pointer } from './pointer.ts';
import { type InTurns, openTurns } from './turns.ts';

/** `enum llama_flash_attn_type`. */
export const FLASH_ATTENTION = { auto: -1, off: 0, on: 1 } as const;

/** `enum llama_pooling_type`. */
export const POOLING = { none: 0 } as const;

/** Fields that the engine changes; all others keep what `llama_model_default_params` gave. */
export interface ModelParams {
  /** NULL-terminated array of devices. */
  devices: Pointer | BigUint64Array;
  n_gpu_layers: number;
  split_mode: number;
  use_extra_bufts: boolean;
}

export interface ContextParams {
  n_ctx: number;
  n_batch: number;
  n_ubatch: number;
  n_seq_max: number;
  n_outputs_max: number;
  n_outputs_max_per_seq: number;
  n_threads: number;
  n_threads_batch: number;
  pooling_type: number;
  flash_attn_type: number;
  type_k: number;
  type_v: number;
  embeddings: boolean;
  kv_unified: boolean;
  swa_full: boolean;
}

export interface NativeBatch {
  n_tokens: number;
  token: Pointer;
  embd: Pointer;
  pos: Pointer;
  n_seq_id: Pointer;
  seq_id: Pointer;
  logits: Pointer;
}

type Callback<R> = (error: unknown, result: R) => void;

export interface Llama {
  backendInit: () => void;
  modelDefaults: () => ModelParams;
  contextDefaults: () => ContextParams;
  loadModel: { async: (path: string, params: ModelParams, done: Callback<Pointer>) => void };
  freeModel: (model: bigint) => void;
  newContext: (model: bigint, params: ContextParams) => Pointer;
  freeContext: (context: bigint) => void;
  /**
   * A LoRA; NULL when the file is none of this model. It must be freed before the model. Like decodes in turn: a decode
   * may look through the LoRAs of its model.
   */
  loadLora: (model: bigint, path: string) => Promise<Pointer>;
  freeLora: (lora: bigint) => Promise<void>;
  /** From the next decode on, for all rows of a context; it replaces what was set before. */
  setLoras: (context: bigint, loras: BigUint64Array, count: number, scales: Float32Array) => number;
  setThreads: (context: bigint, decode: number, prefill: number) => void;
  attachThreadPool: (context: bigint, decode: Pointer, prefill: Pointer) => void;
  contextTokens: (context: bigint) => number;
  contextTokensPerSequence: (context: bigint) => number;
  memory: (context: bigint) => bigint;
  trainedContextTokens: (model: bigint) => number;
  embeddingLength: (model: bigint) => number;
  modelBytes: (model: bigint) => number | bigint;
  hasEncoder: (model: bigint) => boolean;
  hasDecoder: (model: bigint) => boolean;
  isRecurrent: (model: bigint) => boolean;
  isHybrid: (model: bigint) => boolean;
  chatTemplate: (model: bigint, name: string | null) => string | null;
  metaValue: (model: bigint, key: string, out: Buffer, size: number) => number;
  vocab: (model: bigint) => bigint;
  vocabTokens: (vocab: bigint) => number;
  isEndOfGeneration: (vocab: bigint, token: number) => boolean;
  beginToken: (vocab: bigint) => number;
  endToken: (vocab: bigint) => number;
  addsBegin: (vocab: bigint) => boolean;
  tokenText: (vocab: bigint, token: number) => string | null;
  tokenize: (
    vocab: bigint,
    text: Buffer,
    textBytes: number,
    out: Int32Array,
    outMax: number,
    addSpecial: boolean,
    parseSpecial: boolean,
  ) => number;
  tokenPiece: (
    vocab: bigint,
    token: number,
    out: Buffer,
    outMax: number,
    strip: number,
    special: boolean,
  ) => number;
  sequenceRemove: (memory: bigint, sequence: number, from: number, to: number) => boolean;
  sequenceCopy: (memory: bigint, source: number, target: number, from: number, to: number) => void;
  memoryClear: (memory: bigint, data: boolean) => void;
  newBatch: (tokens: number, embeddingLength: number, sequences: number) => NativeBatch;
  freeBatch: (batch: NativeBatch) => void;
  /** One at a time and in order, whatever the context: decodes side by side would share the cores that each counts on. */
  decode: (context: bigint, batch: NativeBatch) => Promise<number>;
  logitsAt: (context: bigint, index: number) => Pointer;
  embeddingsAt: (context: bigint, index: number) => Pointer;
  newGrammar: (vocab: bigint, grammar: string, root: string) => Pointer;
  cloneSampler: (sampler: bigint) => bigint;
  freeSampler: (sampler: bigint) => void;
  applySampler: (sampler: bigint, candidates: CandidateArray) => void;
  acceptToken: (sampler: bigint, token: number) => void;
}

/** `llama_token_data_array`: `data` is an array of {id: i32, logit: f32, p: f32}. */
export interface CandidateArray {
  data: ArrayBufferView;
  size: number;
  selected: number;
  sorted: boolean;
}

const PTR = 'void *';
const BYTES = 'uint8_t *';
const I32 = 'int32_t';

function modelParamsType(): TypeObject {
  return koffi.struct({
    devices: PTR,
    tensor_buft_overrides: PTR,
    n_gpu_layers: 'int32_t',
    split_mode: 'int',
    load_mode: 'int',
    lazy_mode: 'int',
    main_gpu: 'int32_t',
    tensor_split: PTR,
    progress_callback: PTR,
    progress_callback_user_data: PTR,
    kv_overrides: PTR,
    vocab_only: 'bool',
    check_tensors: 'bool',
    use_extra_bufts: 'bool',
    no_host: 'bool',
    no_alloc: 'bool',
    load_mtp: 'bool',
  });
}

function contextParamsType(): TypeObject {
  return koffi.struct({
    n_ctx: 'uint32_t',
    n_batch: 'uint32_t',
    n_ubatch: 'uint32_t',
    n_seq_max: 'uint32_t',
    n_rs_seq: 'uint32_t',
    n_outputs_max: 'uint32_t',
    n_outputs_max_per_seq: 'uint32_t',
    n_threads: 'int32_t',
    n_threads_batch: 'int32_t',
    ctx_type: 'int',
    rope_scaling_type: 'int',
    pooling_type: 'int',
    attention_type: 'int',
    flash_attn_type: 'int',
    rope_freq_base: 'float',
    rope_freq_scale: 'float',
    yarn_ext_factor: 'float',
    yarn_attn_factor: 'float',
    yarn_beta_fast: 'float',
    yarn_beta_slow: 'float',
    yarn_orig_ctx: 'uint32_t',
    defrag_thold: 'float',
    cb_eval: PTR,
    cb_eval_user_data: PTR,
    type_k: 'int',
    type_v: 'int',
    abort_callback: PTR,
    abort_callback_data: PTR,
    embeddings: 'bool',
    offload_kqv: 'bool',
    no_perf: 'bool',
    op_offload: 'bool',
    swa_full: 'bool',
    kv_unified: 'bool',
    samplers: PTR,
    n_samplers: 'size_t',
    ctx_other: PTR,
  });
}

function batchType(): TypeObject {
  return koffi.struct({
    n_tokens: 'int32_t',
    token: PTR,
    embd: PTR,
    pos: PTR,
    n_seq_id: PTR,
    seq_id: PTR,
    logits: PTR,
  });
}

export function openLlama({ llama }: LibrarySet): Llama {
  const modelParams = modelParamsType();
  const contextParams = contextParamsType();
  const batch = batchType();
  const candidates = koffi.struct({ data: PTR, size: 'size_t', selected: 'int64_t', sorted: 'bool' });
  const inOut = koffi.inout(koffi.pointer(candidates));
  const f = llama.func.bind(llama);
  const inTurns = openTurns();
  return {
    backendInit: f('llama_backend_init', 'void', []),
    modelDefaults: f('llama_model_default_params', modelParams, []),
    contextDefaults: f('llama_context_default_params', contextParams, []),
    loadModel: f('llama_model_load_from_file', PTR, ['const char *', modelParams]),
    freeModel: f('llama_model_free', 'void', [PTR]),
    newContext: f('llama_init_from_model', PTR, [PTR, contextParams]),
    freeContext: f('llama_free', 'void', [PTR]),
    ...loraFunctions(f, inTurns),
    setThreads: f('llama_set_n_threads', 'void', [PTR, 'int32_t', 'int32_t']),
    attachThreadPool: f('llama_attach_threadpool', 'void', [PTR, PTR, PTR]),
    contextTokens: f('llama_n_ctx', 'uint32_t', [PTR]),
    contextTokensPerSequence: f('llama_n_ctx_seq', 'uint32_t', [PTR]),
    memory: f('llama_get_memory', PTR, [PTR]),
    trainedContextTokens: f('llama_model_n_ctx_train', 'int32_t', [PTR]),
    embeddingLength: f('llama_model_n_embd_out', 'int32_t', [PTR]),
    modelBytes: f('llama_model_size', 'uint64_t', [PTR]),
    hasEncoder: f('llama_model_has_encoder', 'bool', [PTR]),
    hasDecoder: f('llama_model_has_decoder', 'bool', [PTR]),
    isRecurrent: f('llama_model_is_recurrent', 'bool', [PTR]),
    isHybrid: f('llama_model_is_hybrid', 'bool', [PTR]),
    chatTemplate: f('llama_model_chat_template', 'const char *', [PTR, 'const char *']),
    metaValue: f('llama_model_meta_val_str', 'int32_t', [PTR, 'const char *', 'uint8_t *', 'size_t']),
    vocab: f('llama_model_get_vocab', PTR, [PTR]),
    vocabTokens: f('llama_vocab_n_tokens', 'int32_t', [PTR]),
    isEndOfGeneration: f('llama_vocab_is_eog', 'bool', [PTR, 'int32_t']),
    beginToken: f('llama_vocab_bos', 'int32_t', [PTR]),
    addsBegin: f('llama_vocab_get_add_bos', 'bool', [PTR]),
    endToken: f('llama_vocab_eos', 'int32_t', [PTR]),
    tokenText: f('llama_vocab_get_text', 'const char *', [PTR, 'int32_t']),
    tokenize: f('llama_tokenize', 'int32_t', [PTR, BYTES, I32, 'int32_t *', I32, 'bool', 'bool']),
    tokenPiece: f('llama_token_to_piece', 'int32_t', [PTR, I32, BYTES, I32, I32, 'bool']),
    sequenceRemove: f('llama_memory_seq_rm', 'bool', [PTR, 'int32_t', 'int32_t', 'int32_t']),
    sequenceCopy: f('llama_memory_seq_cp', 'void', [PTR, 'int32_t', 'int32_t', 'int32_t', 'int32_t']),
    memoryClear: f('llama_memory_clear', 'void', [PTR, 'bool']),
    newBatch: f('llama_batch_init', batch, ['int32_t', 'int32_t', 'int32_t']),
    freeBatch: f('llama_batch_free', 'void', [batch]),
    decode: inTurns(f('llama_decode', 'int32_t', [PTR, batch])),
    logitsAt: f('llama_get_logits_ith', PTR, [PTR, 'int32_t']),
    embeddingsAt: f('llama_get_embeddings_ith', PTR, [PTR, 'int32_t']),
    newGrammar: f('llama_sampler_init_grammar', PTR, [PTR, 'const char *', 'const char *']),
    cloneSampler: f('llama_sampler_clone', PTR, [PTR]),
    freeSampler: f('llama_sampler_free', 'void', [PTR]),
    applySampler: f('llama_sampler_apply', 'void', [PTR, inOut]),
    acceptToken: f('llama_sampler_accept', 'void', [PTR, 'int32_t']),
  };
}

function loraFunctions(
  f: LibrarySet['llama']['func'],
  inTurns: InTurns,
): Pick<Llama, 'loadLora' | 'freeLora' | 'setLoras'> {
  return {
    loadLora: inTurns(f('llama_adapter_lora_init', PTR, [PTR, 'const char *'])),
    freeLora: inTurns(f('llama_adapter_lora_free', 'void', [PTR])),
    setLoras: f('llama_set_adapters_lora', 'int32_t', [PTR, PTR, 'size_t', PTR]),
  };
}
