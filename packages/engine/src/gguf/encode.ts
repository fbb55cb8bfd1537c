/** Writes what `header.ts` reads: GGUF version 3, little-endian (ggml's docs/gguf.md). */

export type MetaValue =
  | { type: 'u32'; value: number }
  | { type: 'u64'; value: bigint }
  | { type: 'f32'; value: number }
  | { type: 'bool'; value: boolean }
  | { type: 'string'; value: string }
  | { type: 'strings'; value: readonly string[] }
  | { type: 'i32s'; value: readonly number[] }
  | { type: 'f32s'; value: readonly number[] }
  /** Type and value as another file has them, taken over unread. */
  | { type: 'encoded'; bytes: Uint8Array };

export type MetaPair = readonly [key: string, value: MetaValue];

export interface TensorPlace {
  name: string;
  /** Fastest-varying dimension first. */
  shape: readonly number[];
  /** ggml's id. */
  type: number;
  /** From the start of the tensor data; a multiple of {@link GGUF_ALIGNMENT}. */
  offset: number;
}

export const GGUF_ALIGNMENT = 32;

const VERSION = 3;
const ARRAY = 9;
const CODES = { u32: 4, f32: 6, bool: 7, string: 8, u64: 10, strings: 8, i32s: 5, f32s: 6 } as const;

/** Everything before the tensor data, filled up to its alignment. */
export function encodeHeader(
  metadata: readonly MetaPair[],
  tensors: readonly TensorPlace[],
  version: number = VERSION,
): Buffer {
  const parts: Buffer[] = [Buffer.from('GGUF'), u32(version), u64(tensors.length), u64(metadata.length)];
  for (const [key, value] of metadata) parts.push(text(key), ...encoded(value));
  for (const { name, shape, type, offset } of tensors)
    parts.push(text(name), u32(shape.length), ...shape.map(u64), u32(type), u64(offset));
  const header = Buffer.concat(parts);
  return Buffer.concat([header, Buffer.alloc(alignmentGap(header.length))]);
}

/** Bytes from `bytes` to the next multiple of the alignment. */
export function alignmentGap(bytes: number): number {
  return (GGUF_ALIGNMENT - (bytes % GGUF_ALIGNMENT)) % GGUF_ALIGNMENT;
}

function encoded(meta: MetaValue): Buffer[] {
  if (meta.type === 'encoded') return [Buffer.from(meta.bytes)];
  const code = u32(CODES[meta.type]);
  switch (meta.type) {
    case 'u32':
      return [code, u32(meta.value)];
    case 'u64':
      return [code, u64(meta.value)];
    case 'f32':
      return [code, f32(meta.value)];
    case 'bool':
      return [code, Buffer.from([meta.value ? 1 : 0])];
    case 'string':
      return [code, text(meta.value)];
    case 'strings':
      return [u32(ARRAY), code, u64(meta.value.length), ...meta.value.map(text)];
    case 'i32s':
      return [u32(ARRAY), code, u64(meta.value.length), ...meta.value.map((value) => u32(value >>> 0))];
    case 'f32s':
      return [u32(ARRAY), code, u64(meta.value.length), ...meta.value.map(f32)];
  }
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}
