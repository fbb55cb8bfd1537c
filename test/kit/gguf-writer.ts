/** Writes GGUF files for tests: small, whole in memory, and as wrong as a test wants them. */

export type MetaValue =
  | { type: 'u32'; value: number }
  | { type: 'u64'; value: bigint }
  | { type: 'f32'; value: number }
  | { type: 'bool'; value: boolean }
  | { type: 'string'; value: string }
  | { type: 'strings'; value: readonly string[] }
  | { type: 'i32s'; value: readonly number[] }
  | { type: 'f32s'; value: readonly number[] };

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
  metadata: readonly (readonly [key: string, value: MetaValue])[];
  tensors: readonly TensorSpec[];
}

const ALIGNMENT = 32;
const CODES = { u32: 4, f32: 6, bool: 7, string: 8, u64: 10, strings: 8, i32s: 5, f32s: 6 } as const;

export function writeGguf(spec: GgufSpec): Uint8Array {
  const parts: Buffer[] = [Buffer.from('GGUF'), u32(spec.version ?? 3)];
  parts.push(u64(spec.tensors.length), u64(spec.metadata.length));
  for (const [key, value] of spec.metadata) parts.push(text(key), ...encoded(value));
  let offset = 0;
  for (const tensor of spec.tensors) {
    parts.push(text(tensor.name), u32(tensor.shape.length), ...tensor.shape.map(u64));
    parts.push(u32(tensor.type), u64(tensor.offset ?? offset));
    offset += tensor.data.length + padding(tensor.data.length);
  }
  const header = Buffer.concat(parts);
  const data = spec.tensors.flatMap((tensor) => [tensor.data, Buffer.alloc(padding(tensor.data.length))]);
  return Buffer.concat([header, Buffer.alloc(padding(header.length)), ...data]);
}

function padding(bytes: number): number {
  return (ALIGNMENT - (bytes % ALIGNMENT)) % ALIGNMENT;
}

function encoded(meta: MetaValue): Buffer[] {
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
      return [u32(9), code, u64(meta.value.length), ...meta.value.map(text)];
    case 'i32s':
      return [u32(9), code, u64(meta.value.length), ...meta.value.map((value) => u32(value >>> 0))];
    case 'f32s':
      return [u32(9), code, u64(meta.value.length), ...meta.value.map(f32)];
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
