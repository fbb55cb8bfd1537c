/** What the metadata says about the model: sizes that memory and limits follow from, and what people want to know. */
import { requireSupported } from './architectures.ts';
import { corrupt } from './errors.ts';
import type { GgufLimits } from './limits.ts';
import type { GgufMetadata } from './metadata.ts';

export interface ModelFacts {
  architecture: string;
  /** As the file names itself. */
  name: string | null;
  licence: string | null;
  layers: number;
  /** Tokens that the model was trained to hold. */
  contextTokens: number;
  embeddingLength: number;
  /** The widest layer's; 0 where the architecture has none. */
  feedForwardLength: number;
  /** Attention heads of the layer that has most. */
  heads: number;
  /** Key-value heads, [layers]; 0 in a layer without attention. */
  kvHeads: readonly number[];
  keyLength: number;
  valueLength: number;
  /** Tokens that the sliding-window layers look back; null without such layers. */
  slidingWindowTokens: number | null;
  vocabTokens: number;
  /** As `tokenizer.ggml.model` says: `gpt2`, `llama`, ... */
  tokenizer: string | null;
  /** Jinja source, from a stranger: render with limits. */
  chatTemplate: string | null;
}

interface Context {
  file: string;
  metadata: GgufMetadata;
  limits: GgufLimits;
  architecture: string;
}

/** Codes: MODEL_ARCHITECTURE_UNSUPPORTED, GGUF_CORRUPT for a key that is missing, of the wrong type or out of range. */
export function modelFacts(file: string, metadata: GgufMetadata, limits: GgufLimits): ModelFacts {
  const architecture = architectureOf(file, metadata);
  // First of all: what other kinds of model lack is no damage.
  requireSupported(file, architecture);
  const context: Context = { file, metadata, limits, architecture };
  const layers = required(context, 'block_count', limits.layers);
  const embeddingLength = required(context, 'embedding_length', limits.embeddingLength);
  const headsByLayer = perLayer(context, 'attention.head_count', { layers, max: limits.heads }) ?? [];
  const heads = Math.max(0, ...headsByLayer);
  const kvHeads = perLayer(context, 'attention.head_count_kv', { layers, max: limits.heads });
  const headLength = heads === 0 ? 0 : Math.floor(embeddingLength / heads);
  const length = (key: string): number | null => optional(context, key, limits.embeddingLength);
  const feedForward = perLayer(context, 'feed_forward_length', { layers, max: 2 ** 24 }) ?? [];
  return {
    architecture,
    name: text(metadata, 'general.name'),
    licence: text(metadata, 'general.license'),
    layers,
    contextTokens: required(context, 'context_length', limits.contextTokens),
    embeddingLength,
    feedForwardLength: Math.max(0, ...feedForward),
    heads,
    kvHeads: kvHeads ?? (headsByLayer.length > 0 ? headsByLayer : new Array<number>(layers).fill(0)),
    keyLength: length('attention.key_length') ?? headLength,
    valueLength: length('attention.value_length') ?? headLength,
    slidingWindowTokens: optional(context, 'attention.sliding_window', limits.contextTokens) || null,
    vocabTokens: vocabulary(context),
    tokenizer: text(metadata, 'tokenizer.ggml.model'),
    chatTemplate: text(metadata, 'tokenizer.chat_template'),
  };
}

function architectureOf(file: string, metadata: GgufMetadata): string {
  const value = metadata.get('general.architecture');
  if (typeof value !== 'string' || !/^[\x21-\x7e]{1,64}$/.test(value)) {
    throw corrupt(file, 'key general.architecture', 'is missing or not a name');
  }
  return value;
}

function text(metadata: GgufMetadata, key: string): string | null {
  const value = metadata.get(key);
  return typeof value === 'string' ? value : null;
}

function vocabulary(context: Context): number {
  const tokens = context.metadata.get('tokenizer.ggml.tokens');
  if (typeof tokens === 'object' && tokens !== null) return tokens.length;
  return optional(context, 'vocab_size', context.limits.arrayLength) ?? 0;
}

function required(context: Context, key: string, max: number): number {
  const value = optional(context, key, max);
  if (value !== null && value > 0) return value;
  throw corrupt(context.file, `key ${context.architecture}.${key}`, 'is missing or 0');
}

function optional(context: Context, key: string, max: number): number | null {
  const fullKey = `${context.architecture}.${key}`;
  const value = context.metadata.get(fullKey);
  return value === undefined ? null : inRange(context, fullKey, { value, max });
}

function inRange(context: Context, key: string, { value, max }: { value: unknown; max: number }): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) return value;
  const shown = typeof value === 'object' ? 'an array' : String(value);
  throw corrupt(context.file, `key ${key}`, `is ${shown}, not a whole number from 0 to ${max}`);
}

/** One number for all layers, or an array with one a layer. */
function perLayer(
  context: Context,
  key: string,
  { layers, max }: { layers: number; max: number },
): number[] | null {
  const fullKey = `${context.architecture}.${key}`;
  const value = context.metadata.get(fullKey);
  if (value === undefined) return null;
  if (typeof value !== 'object' || value === null) {
    return new Array<number>(layers).fill(inRange(context, fullKey, { value, max }));
  }
  if (value.values === null || value.length < layers) {
    throw corrupt(context.file, `key ${fullKey}`, `has ${value.length} values for ${layers} layers`);
  }
  return value.values.slice(0, layers).map((item) => inRange(context, fullKey, { value: item, max }));
}
