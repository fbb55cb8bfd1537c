/** Bounds on what a model file's header may ask of us. Real models stay far below each. */

export interface GgufLimits {
  /** Everything before the first tensor's data. The largest vocabularies need about 20 MB. */
  headerBytes: number;
  keyValuePairs: number;
  keyBytes: number;
  /** The native parser compares every name with every other, so this bounds its time, too. */
  tensors: number;
  tensorNameBytes: number;
  dimensions: number;
  arrayLength: number;
  /** Longer texts are stepped over, except a chat template, which is refused. */
  keptStringBytes: number;
  /** All texts and small arrays that are kept. What comes after is stepped over. */
  keptBytes: number;
  /** Longer arrays are stepped over. */
  keptArrayLength: number;
  alignment: number;
  layers: number;
  contextTokens: number;
  embeddingLength: number;
  heads: number;
  /** Of a LoRA's matrices. */
  loraRank: number;
}

export const GGUF_LIMITS: GgufLimits = {
  headerBytes: 256 * 2 ** 20,
  keyValuePairs: 2048,
  keyBytes: 1024,
  tensors: 16_384,
  tensorNameBytes: 63,
  dimensions: 4,
  arrayLength: 8 * 2 ** 20,
  keptStringBytes: 256 * 2 ** 10,
  keptBytes: 8 * 2 ** 20,
  keptArrayLength: 1024,
  alignment: 65_536,
  layers: 512,
  contextTokens: 2 ** 28,
  embeddingLength: 2 ** 20,
  heads: 4096,
  loraRank: 1024,
};
