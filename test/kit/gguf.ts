/**
 * A small llama model with random weights, made in milliseconds and loadable by the engine: its vocabulary has every
 * byte, so it takes any text and writes characters that span tokens. The same seed gives the same bytes.
 */
import { type MetaValue, type TensorSpec, writeGguf } from './gguf-writer.ts';

export interface TinyModelOptions {
  seed?: number;
  layers?: number;
  embeddingLength?: number;
  heads?: number;
  kvHeads?: number;
  feedForwardLength?: number;
  contextTokens?: number;
  /** As the file calls itself; only `llama` can be loaded. */
  architecture?: string;
  /** Type of the matrices; `q8_0` is one that exact settings exist for on CPUs. */
  weights?: 'f32' | 'q8_0';
  /** null: none. */
  chatTemplate?: string | null;
  /** Further control tokens; the first has the id {@link FIRST_MARK}. */
  marks?: readonly string[];
  name?: string;
  /** Added last, so that they replace what is there. */
  metadata?: Readonly<Record<string, MetaValue>>;
}

/** The ChatML form that SmolLM2 and Qwen use. */
export const CHATML_TEMPLATE: string =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

const SPECIAL = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
const MERGES = [
  't h',
  'th e',
  'Ġ the',
  'i n',
  'Ġ a',
  'a n',
  'an d',
  'e r',
  'o n',
  'Ġ s',
  'r e',
  'Ġ w',
  'Ã ©',
  'o u',
];

export const FIRST_MARK: number = 256 + MERGES.length;

export function tinyModel(options: TinyModelOptions = {}): Uint8Array {
  const sizes = {
    layers: options.layers ?? 2,
    width: options.embeddingLength ?? 64,
    heads: options.heads ?? 4,
    kvHeads: options.kvHeads ?? 2,
    hidden: options.feedForwardLength ?? 128,
  };
  const { marks = [] } = options;
  const vocabulary = tinyVocabulary(marks);
  const metadata = new Map<string, MetaValue>([
    ...modelMetadata(options, sizes),
    ...tokenizerMetadata(vocabulary, marks.length),
    ...Object.entries(options.metadata ?? {}),
  ]);
  const template = options.chatTemplate === undefined ? CHATML_TEMPLATE : options.chatTemplate;
  if (template !== null) metadata.set('tokenizer.chat_template', { type: 'string', value: template });
  const tensors = tinyTensors({
    ...sizes,
    vocabulary: vocabulary.length,
    seed: options.seed ?? 1,
    tensor: options.weights === 'q8_0' ? q8Tensor : f32Tensor,
  });
  return writeGguf({ metadata: [...metadata], tensors });
}

interface Sizes {
  layers: number;
  width: number;
  heads: number;
  kvHeads: number;
  hidden: number;
}

function modelMetadata(options: TinyModelOptions, sizes: Sizes): [string, MetaValue][] {
  const architecture = options.architecture ?? 'llama';
  const u32 = (key: string, value: number): [string, MetaValue] => [
    `${architecture}.${key}`,
    { type: 'u32', value },
  ];
  return [
    ['general.architecture', { type: 'string', value: architecture }],
    ['general.name', { type: 'string', value: options.name ?? 'Tiny' }],
    ['general.license', { type: 'string', value: 'apache-2.0' }],
    ['general.file_type', { type: 'u32', value: 0 }],
    u32('block_count', sizes.layers),
    u32('context_length', options.contextTokens ?? 2048),
    u32('embedding_length', sizes.width),
    u32('feed_forward_length', sizes.hidden),
    u32('attention.head_count', sizes.heads),
    u32('attention.head_count_kv', sizes.kvHeads),
    u32('rope.dimension_count', sizes.width / sizes.heads),
    [`${architecture}.attention.layer_norm_rms_epsilon`, { type: 'f32', value: 1e-5 }],
  ];
}

/** Every byte as GPT-2 writes it, then what the merges make, then the marks. */
function tinyVocabulary(marks: readonly string[]): string[] {
  const merged = MERGES.map((merge) => merge.replace(' ', ''));
  return [...byteLetters(), ...merged, ...marks, ...SPECIAL];
}

/** GPT-2's printable stand-in for each byte. */
function byteLetters(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 32 && byte < 127) || (byte > 160 && byte < 256 && byte !== 173);
    return String.fromCodePoint(printable ? byte : next++);
  });
}

function tokenizerMetadata(vocabulary: readonly string[], furtherMarks: number): [string, MetaValue][] {
  const marks = vocabulary.length - SPECIAL.length;
  const id = (token: string): MetaValue => ({ type: 'u32', value: marks + SPECIAL.indexOf(token) });
  const types = vocabulary.map((_, index) => (index < marks - furtherMarks ? 1 : 3));
  return [
    ['tokenizer.ggml.model', { type: 'string', value: 'gpt2' }],
    ['tokenizer.ggml.pre', { type: 'string', value: 'smollm' }],
    ['tokenizer.ggml.tokens', { type: 'strings', value: vocabulary }],
    ['tokenizer.ggml.token_type', { type: 'i32s', value: types }],
    ['tokenizer.ggml.merges', { type: 'strings', value: MERGES }],
    ['tokenizer.ggml.bos_token_id', id('<|im_start|>')],
    ['tokenizer.ggml.eos_token_id', id('<|im_end|>')],
    ['tokenizer.ggml.unknown_token_id', id('<|endoftext|>')],
    ['tokenizer.ggml.padding_token_id', id('<|endoftext|>')],
    ['tokenizer.ggml.add_bos_token', { type: 'bool', value: false }],
  ];
}

type MakeTensor = (name: string, shape: readonly number[], value: () => number) => TensorSpec;

interface TensorPlan extends Sizes {
  vocabulary: number;
  seed: number;
  /** Makes the matrices. */
  tensor: MakeTensor;
}

function tinyTensors(sizes: TensorPlan): TensorSpec[] {
  const { width, hidden } = sizes;
  const kvWidth = (width / sizes.heads) * sizes.kvHeads;
  const random = normal(sizes.seed);
  const ones = (name: string): TensorSpec => f32Tensor(name, [width], () => 1);
  const matrix = (name: string, shape: [number, number]): TensorSpec =>
    sizes.tensor(name, shape, () => random() / Math.sqrt(shape[0]));
  const tensors = [matrix('token_embd.weight', [width, sizes.vocabulary]), ones('output_norm.weight')];
  for (let layer = 0; layer < sizes.layers; layer++) {
    const name = (part: string): string => `blk.${layer}.${part}.weight`;
    tensors.push(
      ones(name('attn_norm')),
      matrix(name('attn_q'), [width, width]),
      matrix(name('attn_k'), [width, kvWidth]),
      matrix(name('attn_v'), [width, kvWidth]),
      matrix(name('attn_output'), [width, width]),
      ones(name('ffn_norm')),
      matrix(name('ffn_gate'), [width, hidden]),
      matrix(name('ffn_up'), [width, hidden]),
      matrix(name('ffn_down'), [hidden, width]),
    );
  }
  tensors.push(matrix('output.weight', [width, sizes.vocabulary]));
  return tensors;
}

function f32Tensor(name: string, shape: readonly number[], value: () => number): TensorSpec {
  const elements = shape.reduce((product, length) => product * length, 1);
  const data = Float32Array.from({ length: elements }, value);
  return { name, shape, type: 0, data: new Uint8Array(data.buffer) };
}

const Q8_BLOCK = 32;
const Q8_TYPE = 8;

/** Blocks of 32 values: a scale in f16, then a signed byte each. */
function q8Tensor(name: string, shape: readonly number[], value: () => number): TensorSpec {
  const elements = shape.reduce((product, length) => product * length, 1);
  const data = new Uint8Array((elements / Q8_BLOCK) * (Q8_BLOCK + 2));
  const view = new DataView(data.buffer);
  for (let offset = 0; offset < data.length; offset += Q8_BLOCK + 2) {
    const block = Array.from({ length: Q8_BLOCK }, value);
    const scale = Math.max(...block.map(Math.abs)) / 127;
    view.setFloat16(offset, scale, true);
    for (const [i, element] of block.entries()) view.setInt8(offset + 2 + i, Math.round(element / scale));
  }
  return { name, shape, type: Q8_TYPE, data };
}

/** Normal deviates from a 32-bit generator (mulberry32). */
function normal(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
