/**
 * Reads and checks a GGUF header, in TypeScript and with limits, before native code sees the file. Native parsers abort
 * the process or worse on bytes that lie; whatever passes here has plain names, sizes that fit and tensors that lie
 * inside the file. It is not a general GGUF library: values are kept only where they are of use.
 *
 * Format: ggml's docs/gguf.md, versions 2 and 3, little-endian.
 */
import { ByteReader, type ByteSource } from './byte-reader.ts';
import { type HeaderOptions, readPairs, readTensorList, withSource } from './container.ts';
import { notModel, splitModel } from './errors.ts';
import { GGUF_LIMITS } from './limits.ts';
import type { GgufMetadata, ValuePlace } from './metadata.ts';
import { type ModelFacts, modelFacts } from './model-facts.ts';
import { quantizationName } from './tensor-types.ts';
import type { GgufTensor } from './tensors.ts';

export interface GgufHeader extends ModelFacts {
  version: number;
  fileBytes: number;
  /** Where the tensors' data begins. */
  dataOffset: number;
  /** Elements of all tensors. */
  parameters: number;
  /** `Q4_K_M`, `F16`, ... */
  quantization: string;
  tensors: readonly GgufTensor[];
  metadata: GgufMetadata;
  /** For those who take values over without reading them. */
  metadataPlaces: ReadonlyMap<string, ValuePlace>;
}

/** Reads the header of a file. Codes: GGUF_*, MODEL_ARCHITECTURE_UNSUPPORTED. Takes 10 to 60 ms for real models. */
export async function readGgufHeader(path: string, options: HeaderOptions = {}): Promise<GgufHeader> {
  return await withSource(path, options, (source) => parseGgufHeader(source, options));
}

/** The same for anything that can be read at a position. */
export async function parseGgufHeader(source: ByteSource, options: HeaderOptions = {}): Promise<GgufHeader> {
  const limits = options.limits ?? GGUF_LIMITS;
  const reader = new ByteReader(source, limits, options.signal);
  const { version, tensorCount, metadata, places } = await readPairs(reader);
  checkWholeModel(source.label, metadata);
  const facts = modelFacts(source.label, metadata, limits);
  const { tensors, dataOffset } = await readTensorList(reader, tensorCount, metadata);
  const fileType = metadata.get('general.file_type');
  return {
    ...facts,
    version,
    fileBytes: source.bytes,
    dataOffset,
    parameters: tensors.reduce((sum, tensor) => sum + tensor.elements, 0),
    quantization: quantizationName(typeof fileType === 'number' ? fileType : null, tensors),
    tensors,
    metadata,
    metadataPlaces: places,
  };
}

function checkWholeModel(file: string, metadata: GgufMetadata): void {
  const parts = metadata.get('split.count');
  if (typeof parts === 'number' && parts > 1) throw splitModel(file, parts);
  const kind = metadata.get('general.type');
  if (typeof kind === 'string' && kind !== 'model') {
    throw notModel(file, kind.slice(0, 40));
  }
}
