/** Headers of model files, which come from strangers and from peers, before native code sees them. */
import type { ByteSource } from '@filon/engine/gguf/byte-reader';
import { parseGgufHeader } from '@filon/engine/gguf/header';
import { parseLoraHeader } from '@filon/engine/gguf/lora-header';
import { tinyModel } from '../../test/kit/gguf.ts';
import { tinyLora } from '../../test/kit/lora.ts';
import type { Target } from '../target.ts';

const MODEL = tinyModel({ layers: 1, embeddingLength: 16, heads: 2, kvHeads: 1, feedForwardLength: 32 });
const SHAPE = { layers: 1, width: 16, heads: 2, kvHeads: 1, headWidth: 8, feedForward: 32 };
const BASE = await parseGgufHeader(sourceOf(MODEL));
const CODES = ['GGUF_NOT_GGUF', 'GGUF_VERSION', 'GGUF_TRUNCATED', 'GGUF_LIMIT', 'GGUF_CORRUPT'];

function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    label: 'x.gguf',
    bytes: bytes.length,
    read: async (target, position) => {
      const chunk = bytes.subarray(position, position + target.length);
      target.set(chunk);
      return chunk.length;
    },
  };
}

export const GGUF_TARGETS: readonly Target[] = [
  {
    name: 'header of a model',
    seeds: [MODEL],
    decode: async (bytes) => void (await parseGgufHeader(sourceOf(bytes))),
    codes: [...CODES, 'GGUF_SPLIT', 'GGUF_NOT_A_MODEL', 'MODEL_ARCHITECTURE_UNSUPPORTED'],
    bytesMax: 65_536,
  },
  {
    name: 'header of a LoRA',
    seeds: [await tinyLora({ shape: SHAPE })],
    decode: async (bytes) => void (await parseLoraHeader(sourceOf(bytes), BASE)),
    codes: [...CODES, 'GGUF_NOT_A_LORA', 'LORA_BASE_MISMATCH', 'LORA_UNSUPPORTED'],
    bytesMax: 65_536,
  },
];
