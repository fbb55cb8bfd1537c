/** The tensor list of a GGUF header, with every tensor's bytes proved to lie in the file, one behind the other. */
import type { ByteReader } from './byte-reader.ts';
import { corrupt, overLimit, truncated } from './errors.ts';
import { TENSOR_TYPES } from './tensor-types.ts';

export interface GgufTensor {
  readonly name: string;
  /** Fastest-varying dimension first. */
  readonly shape: readonly number[];
  readonly type: string;
  /** From the start of the tensor data. */
  readonly offset: number;
  readonly bytes: number;
  readonly elements: number;
}

export async function readTensors(
  reader: ByteReader,
  count: number,
  alignment: number,
): Promise<GgufTensor[]> {
  const tensors: GgufTensor[] = [];
  const names = new Set<string>();
  let expectedOffset = 0;
  for (let index = 0; index < count; index++) {
    const tensor = await readTensor(reader, index);
    const part = `tensor ${tensor.name}`;
    if (names.has(tensor.name)) throw corrupt(reader.file, part, 'appears twice');
    names.add(tensor.name);
    // Native code takes nothing else, and it rules out overlaps.
    if (tensor.offset !== expectedOffset) {
      throw corrupt(
        reader.file,
        part,
        `begins at ${tensor.offset}, but the one before ends at ${expectedOffset}`,
      );
    }
    expectedOffset = padded(tensor.offset + tensor.bytes, alignment);
    if (!Number.isSafeInteger(expectedOffset)) throw corrupt(reader.file, part, 'ends behind byte 2^53');
    tensors.push(tensor);
  }
  return tensors;
}

/** Throws GGUF_TRUNCATED for the first tensor that ends behind the file's end. */
export function checkTensorsInside(
  reader: ByteReader,
  tensors: readonly GgufTensor[],
  dataOffset: number,
): void {
  const fileBytes = reader.source.bytes;
  for (const tensor of tensors) {
    const neededBytes = dataOffset + tensor.offset + tensor.bytes;
    if (neededBytes > fileBytes) {
      throw truncated(reader.file, `tensor ${tensor.name}`, { neededBytes, fileBytes });
    }
  }
}

export function padded(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

async function readTensor(reader: ByteReader, index: number): Promise<GgufTensor> {
  const name = await readName(reader, index);
  const part = `tensor ${name}`;
  const shape = await readShape(reader, part);
  const typeId = await reader.u32(part);
  const type = TENSOR_TYPES.get(typeId);
  if (type === undefined) throw corrupt(reader.file, part, `has the unknown type ${typeId}`);
  const row = shape[0] ?? 0;
  if (row % type.blockElements !== 0) {
    throw corrupt(
      reader.file,
      part,
      `has rows of ${row} elements, and ${type.name} packs ${type.blockElements}`,
    );
  }
  const elements = shape.reduce((product, length) => product * length, 1);
  const bytes = (elements / type.blockElements) * type.blockBytes;
  if (!Number.isSafeInteger(elements) || !Number.isSafeInteger(bytes)) {
    throw corrupt(reader.file, part, `has the impossible shape ${shape.join(' x ')}`);
  }
  const offset = await reader.size(part);
  return { name, shape, type: type.name, offset, bytes, elements };
}

async function readName(reader: ByteReader, index: number): Promise<string> {
  const max = { limit: 'tensorNameBytes', bytes: reader.limits.tensorNameBytes };
  const name = await reader.string(`tensor ${index}`, max);
  if (!/^[\x20-\x7e]+$/.test(name)) throw corrupt(reader.file, `tensor ${index}`, 'has no plain name');
  return name;
}

async function readShape(reader: ByteReader, part: string): Promise<number[]> {
  const dimensions = await reader.u32(part);
  const max = reader.limits.dimensions;
  if (dimensions > max) throw overLimit(reader.file, `dimensions (${part})`, { value: dimensions, max });
  if (dimensions === 0) throw corrupt(reader.file, part, 'has no dimensions');
  const shape: number[] = [];
  for (let index = 0; index < dimensions; index++) {
    const length = await reader.size(part);
    if (length === 0) throw corrupt(reader.file, part, 'has a dimension of 0');
    shape.push(length);
  }
  return shape;
}
