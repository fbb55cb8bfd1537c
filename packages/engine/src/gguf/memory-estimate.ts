/** How much memory serving a model takes, from its header alone: to say "needs X, have Y" before anything is loaded. */
import type { GgufHeader } from './header.ts';

export type KvType = 'f32' | 'f16' | 'q8_0';

export interface ServingShape {
  /** Tokens that one session may hold. */
  contextTokens: number;
  /** Sessions that decode together; each has its own `contextTokens`. */
  sessions: number;
  kvType: KvType;
  /** Tokens computed at once. */
  batchTokens?: number;
  /** Without it, the scores of a whole batch are written out. */
  flashAttention?: boolean;
}

export interface MemoryEstimate {
  weightBytes: number;
  kvBytes: number;
  computeBytes: number;
  /** The worker process itself, with the engine's libraries. */
  processBytes: number;
  totalBytes: number;
}

export type EstimateInput = Pick<
  GgufHeader,
  | 'fileBytes'
  | 'dataOffset'
  | 'kvHeads'
  | 'keyLength'
  | 'valueLength'
  | 'embeddingLength'
  | 'feedForwardLength'
  | 'heads'
  | 'vocabTokens'
>;

const BATCH_TOKENS = 512;
/** Measured: a bare worker with the engine loaded. */
const PROCESS_BYTES = 64 * 2 ** 20;
const KV_BYTES_PER_ELEMENT: Readonly<Record<KvType, number>> = { f32: 4, f16: 2, q8_0: 34 / 32 };
const F32_BYTES = 4;
/** Activations of a layer that live at one time, in embedding and in feed-forward lengths. */
const LIVE_EMBEDDINGS = 6;
const LIVE_FEED_FORWARDS = 3;

/**
 * Bytes for one model on one device, an upper bound within about a fifth for plain attention. Sliding-window layers
 * are counted in full, and the small state of recurrent layers not at all.
 */
export function memoryEstimate(header: EstimateInput, shape: ServingShape): MemoryEstimate {
  const weightBytes = header.fileBytes - header.dataOffset;
  const cells = shape.contextTokens * shape.sessions;
  const kvHeads = header.kvHeads.reduce((sum, heads) => sum + heads, 0);
  const kvElements = cells * kvHeads * (header.keyLength + header.valueLength);
  const kvBytes = Math.ceil(kvElements * KV_BYTES_PER_ELEMENT[shape.kvType]);
  const computeBytes = computeEstimate(header, shape, cells);
  return {
    weightBytes,
    kvBytes,
    computeBytes,
    processBytes: PROCESS_BYTES,
    totalBytes: weightBytes + kvBytes + computeBytes + PROCESS_BYTES,
  };
}

function computeEstimate(header: EstimateInput, shape: ServingShape, cells: number): number {
  const batch = Math.min(shape.batchTokens ?? BATCH_TOKENS, cells);
  const activations =
    LIVE_EMBEDDINGS * header.embeddingLength + LIVE_FEED_FORWARDS * header.feedForwardLength;
  const maskBytes = batch * cells * 2;
  const scoreBytes = shape.flashAttention === false ? batch * cells * header.heads * F32_BYTES : 0;
  const logitBytes = 2 * shape.sessions * header.vocabTokens * F32_BYTES;
  return batch * activations * F32_BYTES + maskBytes + scoreBytes + logitBytes;
}
