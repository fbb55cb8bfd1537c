/** A loaded file: weights and vocabulary. Knows tokens and bytes; knows nothing of sessions. */
import { type Dialect, dialectOf, marksOf } from '@filon/core/dialect/dialect';
import { FilonError } from '@filon/core/errors';
import type { EngineErrorDetails } from '../errors.ts';
import type { Backends, NativeDevice } from '../ffi/backends.ts';
import { releaseFilePages } from '../ffi/file-pages.ts';
import type { Llama, ModelParams } from '../ffi/llama.ts';

export interface Weights {
  readonly llama: Llama;
  readonly pointer: bigint;
  /** What its contexts compute with beside the file's own weights; null: nothing. */
  readonly lora: bigint | null;
  readonly vocabTokens: number;
  readonly architecture: string;
  readonly trainedContextTokens: number;
  readonly embeddingLength: number;
  readonly bytes: number;
  /** Sequences can be cut at any position (not so for recurrent and hybrid models). */
  readonly canTrim: boolean;
  /** Text goes in and tokens come out; false for encoders, which only embed. */
  readonly generates: boolean;
  readonly chatTemplate: string | null;
  /** How the model writes calls and thoughts, as its template has it; null without one. */
  readonly dialect: Dialect | null;
  readonly beginText: string;
  /** The tokenizer puts the begin mark before every text. */
  readonly addsBegin: boolean;
  readonly endText: string;
  /** `parseSpecial`: text such as `<|im_end|>` becomes the control token. Begin marks are added as the model wants. */
  tokenize(text: string, options: { parseSpecial: boolean }): Int32Array;
  /**
   * Bytes that a token adds to the text; none for control tokens, except those that mark calls and thoughts. The same
   * array for the same token.
   */
  piece(token: number): Uint8Array;
  isEnd(token: number): boolean;
  /** A value of the file's metadata, '' when it is not there. */
  meta(key: string): string;
  close(): void;
}

const PIECE_BYTES_MAX = 4096;
const META_BYTES_MAX = 1024;
/** All layers on the device. */
const ALL_LAYERS = -1;
const SPLIT_NONE = 0;

export interface WeightsSpec {
  model: string;
  path: string;
  /** Weights in the layout of the fastest kernels; off where these are not exact. */
  extraBuffers: boolean;
}

/** @throws ENGINE_LOAD_FAILED (the reason is in the library's log, which the supervisor adds) */
export async function openWeights(
  llama: Llama,
  spec: WeightsSpec,
  { device }: { backends: Backends; device: NativeDevice },
): Promise<Weights> {
  const onGpu = device.backend !== 'cpu';
  const devices = new BigUint64Array([onGpu ? device.pointer : 0n, 0n]);
  const params: ModelParams = {
    ...llama.modelDefaults(),
    devices,
    n_gpu_layers: onGpu ? ALL_LAYERS : 0,
    split_mode: SPLIT_NONE,
    use_extra_bufts: spec.extraBuffers,
  };
  const pointer = await new Promise<bigint | null>((resolve, reject) => {
    llama.loadModel.async(spec.path, params, (error, model) => (error ? reject(error) : resolve(model)));
  });
  // The library reads this array while it loads: it must live until here.
  devices.fill(0n);
  if (pointer === null) {
    throw new FilonError<EngineErrorDetails>(
      { code: 'ENGINE_LOAD_FAILED', model: spec.model, lines: [] },
      `llama.cpp could not load ${spec.path}.`,
    );
  }
  releaseFilePages(spec.path);
  return describe(llama, pointer);
}

function describe(llama: Llama, pointer: bigint): Weights {
  const vocab = llama.vocab(pointer);
  const meta = (key: string): string => {
    const out = Buffer.alloc(META_BYTES_MAX);
    const length = llama.metaValue(pointer, key, out, out.length);
    return length < 0 ? '' : out.toString('utf8', 0, Math.min(length, out.length - 1));
  };
  const tokenText = (token: number): string => (token < 0 ? '' : (llama.tokenText(vocab, token) ?? ''));
  const chatTemplate = llama.chatTemplate(pointer, null);
  const dialect = chatTemplate === null ? null : dialectOf(chatTemplate);
  return {
    llama,
    pointer,
    lora: null,
    vocabTokens: llama.vocabTokens(vocab),
    architecture: meta('general.architecture'),
    trainedContextTokens: llama.trainedContextTokens(pointer),
    embeddingLength: llama.embeddingLength(pointer),
    bytes: Number(llama.modelBytes(pointer)),
    canTrim: !llama.isRecurrent(pointer) && !llama.isHybrid(pointer),
    generates: llama.hasDecoder(pointer) && !llama.hasEncoder(pointer) && meta(poolingKey(meta)) === '',
    chatTemplate,
    dialect,
    beginText: tokenText(llama.beginToken(vocab)),
    addsBegin: llama.addsBegin(vocab),
    endText: tokenText(llama.endToken(vocab)),
    tokenize: (text, { parseSpecial }) => tokenize(llama, vocab, { text, parseSpecial }),
    piece: openPieces(llama, vocab, dialect),
    isEnd: (token) => llama.isEndOfGeneration(vocab, token),
    meta,
    close: () => llama.freeModel(pointer),
  };
}

/** What tokens look like, each made once. */
function openPieces(llama: Llama, vocab: bigint, dialect: Dialect | null): (token: number) => Uint8Array {
  const pieces = new Map<number, Uint8Array>();
  const scratch = Buffer.alloc(PIECE_BYTES_MAX);
  const read = (token: number, special: boolean): Uint8Array => {
    const length = Math.max(0, llama.tokenPiece(vocab, token, scratch, scratch.length, 0, special));
    return Uint8Array.from(scratch.subarray(0, length));
  };
  for (const mark of dialect === null ? [] : marksOf(dialect)) {
    for (const token of tokenize(llama, vocab, { text: mark, parseSpecial: true })) {
      // The tokenizer may put a begin mark before, which belongs to no mark of ours.
      if (token !== llama.beginToken(vocab)) pieces.set(token, read(token, true));
    }
  }
  return (token) => {
    const known = pieces.get(token);
    if (known !== undefined) return known;
    const bytes = read(token, false);
    pieces.set(token, bytes);
    return bytes;
  };
}

/** Embedding models name how their rows are pooled; generators do not. */
export function poolingKey(meta: (key: string) => string): string {
  return `${meta('general.architecture')}.pooling_type`;
}

function tokenize(
  llama: Llama,
  vocab: bigint,
  { text, parseSpecial }: { text: string; parseSpecial: boolean },
): Int32Array {
  const bytes = Buffer.from(text, 'utf8');
  const attempt = (room: number): { tokens: Int32Array; count: number } => {
    const tokens = new Int32Array(room);
    return { tokens, count: llama.tokenize(vocab, bytes, bytes.length, tokens, room, true, parseSpecial) };
  };
  let result = attempt(Math.ceil(bytes.length / 2) + 16);
  if (result.count < 0) result = attempt(-result.count);
  return result.tokens.subarray(0, Math.max(0, result.count));
}
