/**
 * The binary form of tokenised documents, docs/protocol/shards.md. Numbers are little endian. A shard is named by the
 * sha256 of its bytes and never changes.
 */
import { bytesOfHex, hexOf } from '../../hex.ts';
import { shardInvalid } from './errors.ts';
import { SPLITS, type Split } from './split.ts';

const MAGIC = 'FILSHRD1';
export const SHARD_HEAD_BYTES = 128;
/** 64 MiB of the wider tokens. */
export const SHARD_TOKENS_MAX: number = 2 ** 24;
export const SHARD_DOCUMENTS_MAX: number = 2 ** 20;
/** Vocabularies up to here have tokens of 2 bytes, larger ones of 4; one bit of each says whether it is learned. */
const NARROW_VOCABULARY_MAX = 2 ** 15;
export const VOCABULARY_MAX: number = 2 ** 31;

export interface ShardHead {
  tokenBytes: 2 | 4;
  split: Split;
  documents: number;
  tokens: number;
  /** Tokens that count in the loss. */
  learned: number;
  /** Number of the first document in its split. */
  first: number;
  /** Of the data manifest, sha256 in hex. */
  manifest: string;
  /** Of tokenizer and template, sha256 in hex. */
  tokenizer: string;
}

/** A document: ids, and which of them are learned. The first is never learned: nothing comes before it. */
export interface TokenDocument {
  tokens: Int32Array;
  /** 1 or 0 for each token. */
  learned: Uint8Array;
}

export function tokenBytesOf(vocabularySize: number): 2 | 4 {
  return vocabularySize <= NARROW_VOCABULARY_MAX ? 2 : 4;
}

/** Offset of the first token in the file. */
export function tokensOffset(documents: number): number {
  return Math.ceil((SHARD_HEAD_BYTES + 4 * (documents + 1)) / 8) * 8;
}

export function shardBytes(head: Pick<ShardHead, 'documents' | 'tokens' | 'tokenBytes'>): number {
  return tokensOffset(head.documents) + head.tokens * head.tokenBytes;
}

export type ShardFacts = Pick<ShardHead, 'split' | 'first' | 'manifest' | 'tokenizer' | 'tokenBytes'>;

/** The whole file. `documents`: together at most {@link SHARD_TOKENS_MAX} tokens. */
export function encodeShard(
  documents: readonly TokenDocument[],
  facts: ShardFacts,
): { bytes: Uint8Array; head: ShardHead } {
  const tokens = documents.reduce((sum, document) => sum + document.tokens.length, 0);
  const learned = documents.reduce((sum, document) => sum + document.learned.reduce((a, b) => a + b, 0), 0);
  const head: ShardHead = { ...facts, documents: documents.length, tokens, learned };
  const bytes = new Uint8Array(shardBytes(head));
  writeHead(bytes, head);
  const view = new DataView(bytes.buffer);
  const base = tokensOffset(documents.length);
  let at = 0;
  documents.forEach((document, index) => {
    view.setUint32(SHARD_HEAD_BYTES + 4 * index, at, true);
    for (let token = 0; token < document.tokens.length; token++, at++) {
      const id = document.tokens[token] ?? 0;
      const bit = document.learned[token] ?? 0;
      if (head.tokenBytes === 2) view.setUint16(base + at * 2, id | (bit << 15), true);
      else view.setUint32(base + at * 4, id | (bit << 31), true);
    }
  });
  view.setUint32(SHARD_HEAD_BYTES + 4 * documents.length, at, true);
  return { bytes, head };
}

function writeHead(bytes: Uint8Array, head: ShardHead): void {
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < MAGIC.length; at++) bytes[at] = MAGIC.charCodeAt(at);
  view.setUint32(8, SHARD_HEAD_BYTES, true);
  view.setUint32(12, head.tokenBytes, true);
  view.setUint32(16, head.documents, true);
  view.setUint32(20, SPLITS.indexOf(head.split), true);
  view.setBigUint64(24, BigInt(head.tokens), true);
  view.setBigUint64(32, BigInt(head.learned), true);
  view.setBigUint64(40, BigInt(head.first), true);
  bytes.set(bytesOfHex(head.manifest), 64);
  bytes.set(bytesOfHex(head.tokenizer), 96);
}

/** From the first {@link SHARD_HEAD_BYTES} of a file of `fileBytes`. Code: DATA_SHARD_INVALID. */
export function decodeShardHead(bytes: Uint8Array, fileBytes: number, name: string): ShardHead {
  if (bytes.length < SHARD_HEAD_BYTES) throw shardInvalid(name, `it has only ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = String.fromCharCode(...bytes.subarray(0, MAGIC.length));
  if (magic !== MAGIC) throw shardInvalid(name, 'it does not begin as one');
  const tokenBytes = view.getUint32(12, true);
  const split = SPLITS[view.getUint32(20, true)];
  const head = {
    documents: view.getUint32(16, true),
    tokens: wholeNumber(view, 24, name),
    learned: wholeNumber(view, 32, name),
    first: wholeNumber(view, 40, name),
    manifest: hexOf(bytes.subarray(64, 96)),
    tokenizer: hexOf(bytes.subarray(96, 128)),
  };
  const isOdd = view.getUint32(8, true) !== SHARD_HEAD_BYTES || (tokenBytes !== 2 && tokenBytes !== 4);
  if (isOdd || split === undefined || bytes.subarray(48, 64).some((byte) => byte !== 0))
    throw shardInvalid(name, 'its head is none of this version');
  const { documents, tokens, learned } = head;
  const isTooLarge = documents > SHARD_DOCUMENTS_MAX || tokens > SHARD_TOKENS_MAX;
  if (isTooLarge || documents === 0 || tokens < 2 * documents || learned > tokens - documents)
    throw shardInvalid(
      name,
      `${documents} documents cannot have ${tokens} tokens, ${learned} of them learned`,
    );
  const whole: ShardHead = { ...head, split, tokenBytes: tokenBytes === 2 ? 2 : 4 };
  if (shardBytes(whole) !== fileBytes)
    throw shardInvalid(name, `it has ${fileBytes} bytes, and should have ${shardBytes(whole)}`);
  return whole;
}

/** Where each document begins, and where the last one ends: [documents + 1]. Code: DATA_SHARD_INVALID. */
export function decodeShardOffsets(bytes: Uint8Array, head: ShardHead, name: string): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length !== 4 * (head.documents + 1)) throw shardInvalid(name, 'its table is cut off');
  const offsets = Uint32Array.from({ length: head.documents + 1 }, (_, at) => view.getUint32(at * 4, true));
  const isRising = offsets.every((offset, at) => at === 0 || offset - (offsets[at - 1] ?? 0) >= 2);
  if (offsets[0] !== 0 || offsets.at(-1) !== head.tokens || !isRising)
    throw shardInvalid(name, 'its documents are not one after the other');
  return offsets;
}

/** Tokens as they lie in the file. Code: DATA_SHARD_INVALID for one outside the vocabulary. */
export function decodeTokens(
  bytes: Uint8Array,
  { tokenBytes, vocabularySize, name }: { tokenBytes: 2 | 4; vocabularySize: number; name: string },
): TokenDocument {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Math.floor(bytes.length / tokenBytes);
  const tokens = new Int32Array(length);
  const learned = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    const word = tokenBytes === 2 ? view.getUint16(at * 2, true) : view.getUint32(at * 4, true);
    const bit = tokenBytes === 2 ? word >>> 15 : word >>> 31;
    const id = tokenBytes === 2 ? word & 0x7fff : word & 0x7fffffff;
    if (id >= vocabularySize)
      throw shardInvalid(name, `token ${id} is outside the vocabulary of ${vocabularySize}`);
    tokens[at] = id;
    learned[at] = bit;
  }
  return { tokens, learned };
}

function wholeNumber(view: DataView, at: number, name: string): number {
  const value = Number(view.getBigUint64(at, true));
  if (!Number.isSafeInteger(value)) throw shardInvalid(name, 'a number in its head is too large');
  return value;
}
