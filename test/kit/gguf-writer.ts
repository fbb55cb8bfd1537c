/** GGUF files for tests: small, whole in memory, and as wrong as a test wants them. */
import { alignmentGap, encodeHeader, type MetaPair } from '@filon/engine/gguf/encode';

export type { MetaValue } from '@filon/engine/gguf/encode';

export interface TensorSpec {
  name: string;
  /** Fastest-varying dimension first. */
  shape: readonly number[];
  /** ggml's id: 0 is F32, 1 is F16. */
  type: number;
  data: Uint8Array;
  /** Instead of the right place, for tests of bad files. */
  offset?: number;
}

export interface GgufSpec {
  version?: number;
  metadata: readonly MetaPair[];
  tensors: readonly TensorSpec[];
}

export function writeGguf({ version, metadata, tensors }: GgufSpec): Uint8Array {
  let next = 0;
  const places = tensors.map(({ name, shape, type, data, offset = next }) => {
    next += data.length + alignmentGap(data.length);
    return { name, shape, type, offset };
  });
  const data = tensors.flatMap((tensor) => [tensor.data, Buffer.alloc(alignmentGap(tensor.data.length))]);
  return Buffer.concat([encodeHeader(metadata, places, version), ...data]);
}
