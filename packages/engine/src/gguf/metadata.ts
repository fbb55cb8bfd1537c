/** The key-value pairs of a GGUF header. Large arrays (the vocabulary) are walked and checked, never kept. */
import type { ByteReader } from './byte-reader.ts';
import { corrupt, overLimit } from './errors.ts';

export type GgufScalar = number | bigint | boolean | string;

/** `values` is null when the array was too long to keep. */
export interface GgufArray {
  readonly length: number;
  readonly values: readonly GgufScalar[] | null;
}

/** Null: a text too long to keep. */
export type GgufValue = GgufScalar | GgufArray | null;

export type GgufMetadata = ReadonlyMap<string, GgufValue>;

/** Where a pair's type and value are in the file: from the first byte to the one behind the last. */
export interface ValuePlace {
  from: number;
  to: number;
  /** GGUF's id of the value's type. */
  type: number;
}

/** GGUF's id of a 32-bit float. */
export const F32_VALUE = 6;

const STRING = 8;
const ARRAY = 9;

interface NumberType {
  bytes: number;
  read(view: DataView, offset: number): GgufScalar;
}

const NUMBER_TYPES: ReadonlyMap<number, NumberType> = new Map<number, NumberType>([
  [0, { bytes: 1, read: (view, at) => view.getUint8(at) }],
  [1, { bytes: 1, read: (view, at) => view.getInt8(at) }],
  [2, { bytes: 2, read: (view, at) => view.getUint16(at, true) }],
  [3, { bytes: 2, read: (view, at) => view.getInt16(at, true) }],
  [4, { bytes: 4, read: (view, at) => view.getUint32(at, true) }],
  [5, { bytes: 4, read: (view, at) => view.getInt32(at, true) }],
  [6, { bytes: 4, read: (view, at) => view.getFloat32(at, true) }],
  [7, { bytes: 1, read: (view, at) => view.getUint8(at) !== 0 }],
  [10, { bytes: 8, read: (view, at) => narrow(view.getBigUint64(at, true)) }],
  [11, { bytes: 8, read: (view, at) => narrow(view.getBigInt64(at, true)) }],
  [12, { bytes: 8, read: (view, at) => view.getFloat64(at, true) }],
]);

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

export async function readMetadata(
  reader: ByteReader,
  count: number,
): Promise<{ metadata: GgufMetadata; places: ReadonlyMap<string, ValuePlace> }> {
  const metadata = new Map<string, GgufValue>();
  const places = new Map<string, ValuePlace>();
  const budget = { bytes: reader.limits.keptBytes };
  for (let index = 0; index < count; index++) {
    const key = await readKey(reader, index);
    if (metadata.has(key)) throw corrupt(reader.file, `key ${key}`, 'appears twice');
    const from = reader.position;
    const type = await reader.u32(key);
    metadata.set(key, await readValue(reader, key, { type, budget }));
    places.set(key, { from, to: reader.position, type });
  }
  return { metadata, places };
}

async function readKey(reader: ByteReader, index: number): Promise<string> {
  const part = `key ${index}`;
  const key = await reader.string(part, { limit: 'keyBytes', bytes: reader.limits.keyBytes });
  if (!/^[\x21-\x7e]+$/.test(key)) throw corrupt(reader.file, part, 'is not a plain name');
  return key;
}

interface Budget {
  bytes: number;
}

async function readValue(
  reader: ByteReader,
  key: string,
  { type, budget }: { type: number; budget: Budget },
): Promise<GgufValue> {
  if (type === STRING) return readText(reader, key, budget);
  if (type === ARRAY) return readArray(reader, key, budget);
  const numberType = NUMBER_TYPES.get(type);
  if (numberType === undefined)
    throw corrupt(reader.file, `key ${key}`, `has the unknown value type ${type}`);
  await reader.need(numberType.bytes, key);
  return numberType.read(reader.takeView(numberType.bytes), 0);
}

async function readText(reader: ByteReader, key: string, budget: Budget): Promise<string | null> {
  const length = await reader.size(key);
  const { keptStringBytes } = reader.limits;
  if (length <= keptStringBytes && length <= budget.bytes) {
    budget.bytes -= length;
    return reader.text(length, key);
  }
  if (key === 'tokenizer.chat_template') {
    throw overLimit(reader.file, 'keptStringBytes (chat template)', { value: length, max: keptStringBytes });
  }
  reader.skip(length, key);
  return null;
}

async function readArray(reader: ByteReader, key: string, budget: Budget): Promise<GgufArray> {
  const type = await reader.u32(key);
  const length = await reader.size(key);
  const max = reader.limits.arrayLength;
  if (length > max) throw overLimit(reader.file, `arrayLength (${key})`, { value: length, max });
  if (type === STRING) return readTextArray(reader, key, { length, budget });
  const numberType = NUMBER_TYPES.get(type);
  if (numberType === undefined) {
    const what = type === ARRAY ? 'is an array of arrays' : `has the unknown element type ${type}`;
    throw corrupt(reader.file, `key ${key}`, what);
  }
  const bytes = length * numberType.bytes;
  if (length > reader.limits.keptArrayLength || bytes > budget.bytes) {
    reader.skip(bytes, key);
    return { length, values: null };
  }
  budget.bytes -= bytes;
  await reader.need(bytes, key);
  const view = reader.takeView(bytes);
  const values = Array.from({ length }, (_, index) => numberType.read(view, index * numberType.bytes));
  return { length, values };
}

/** Texts in arrays are token lists: only their number is of use here. */
async function readTextArray(
  reader: ByteReader,
  key: string,
  array: { length: number; budget: Budget },
): Promise<GgufArray> {
  const values: string[] = [];
  let kept = array.length <= reader.limits.keptArrayLength;
  for (let index = 0; index < array.length; index++) {
    if (!reader.has(8)) await reader.need(8, key);
    const bytes = reader.takeSize(key);
    kept &&= bytes <= array.budget.bytes;
    if (kept) {
      array.budget.bytes -= bytes;
      values.push(await reader.text(bytes, key));
    } else {
      reader.skip(bytes, key);
    }
  }
  return { length: array.length, values: kept ? values : null };
}
