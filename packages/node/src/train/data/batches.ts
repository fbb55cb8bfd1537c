/** Shards to batches: which documents a batch has follows from seed, epoch and index alone, so a run goes on anywhere. */

import type { TrainingBatch } from '@filon/core/training/batch';
import { shardInvalid } from '@filon/core/training/data/errors';
import { cutPieces, type EpochPlan, type Pieces, planEpoch } from '@filon/core/training/data/pack';
import {
  decodeShardHead,
  decodeShardOffsets,
  decodeTokens,
  SHARD_HEAD_BYTES,
  type ShardHead,
  type TokenDocument,
  tokensOffset,
} from '@filon/core/training/data/shard';
import type { Split } from '@filon/core/training/data/split';
import type { DataStore } from '../../ports/data-store.ts';
import { type ShardIndex, shardFile } from './shard-index.ts';

/** Where in the data a run is: the next batch to be taken. */
export interface DataPosition {
  /** How often the whole data has been gone through. */
  epoch: number;
  /** Batches of this epoch that were taken. */
  index: number;
}

export interface BatchShape {
  sequences: number;
  /** Tokens a sequence. */
  length: number;
  /** 0 to 2^53 - 1. */
  seed: number;
}

export interface Batches {
  readonly documents: number;
  readonly tokens: number;
  /** Documents that are longer than a sequence, and so cut into pieces that do not see one another. */
  readonly cut: number;
  /** Of an epoch; the last one may have sequences of padding alone. */
  countIn(epoch: number): number;
  /** `position.index` below {@link countIn}. Code: DATA_SHARD_INVALID. */
  at(position: DataPosition): Promise<TrainingBatch>;
  /** The position after this one. */
  after(position: DataPosition): DataPosition;
}

/** Of one split of tokenised data. Code: DATA_SHARD_INVALID. */
export async function openBatches(
  { index, split, shape }: { index: ShardIndex; split: Split; shape: BatchShape },
  store: DataStore,
): Promise<Batches> {
  const shards: OpenShard[] = [];
  for (const { sha256, bytes } of index.splits[split].shards)
    shards.push(
      await openShard(store, { id: index.manifest, name: shardFile({ sha256 }), bytes, index, split }),
    );
  const offsets = joinedOffsets(shards);
  const pieces = cutPieces(offsets, shape.length);
  const plans = new EpochPlans(pieces, shape);
  const countIn = (epoch: number): number => Math.ceil((plans.of(epoch).bounds.length - 1) / shape.sequences);
  const reader = new DocumentReader(shards, { store, index });
  return {
    documents: offsets.length - 1,
    tokens: offsets.at(-1) ?? 0,
    cut: pieces.starts.reduce((sum, start) => sum + (start === shape.length ? 1 : 0), 0),
    countIn,
    at: ({ epoch, index: number }) => fill({ plan: plans.of(epoch), pieces, shape, number }, reader),
    after: ({ epoch, index: number }) =>
      number + 1 < countIn(epoch) ? { epoch, index: number + 1 } : { epoch: epoch + 1, index: 0 },
  };
}

interface Filling {
  plan: EpochPlan;
  pieces: Pieces;
  shape: BatchShape;
  number: number;
}

async function fill(
  { plan, pieces, shape, number }: Filling,
  reader: DocumentReader,
): Promise<TrainingBatch> {
  const { sequences, length } = shape;
  const batch = emptyBatch(sequences, length);
  const work: Promise<void>[] = [];
  for (let row = 0; row < sequences; row++) {
    const sequence = number * sequences + row;
    const [from, to] = [plan.bounds[sequence], plan.bounds[sequence + 1]];
    if (from === undefined || to === undefined) break;
    let at = row * length;
    for (let order = from; order < to; order++) {
      const piece = plan.order[order] ?? 0;
      const place = { at, document: order - from };
      const size = pieces.lengths[piece] ?? 0;
      const part = { document: pieces.documents[piece] ?? 0, start: pieces.starts[piece] ?? 0, size };
      work.push(reader.read(part).then((tokens) => put(batch, tokens, place)));
      at += size;
    }
  }
  await Promise.all(work);
  return batch;
}

/** `piece` has one token more than it takes places: the last is only predicted. */
function put(
  batch: TrainingBatch,
  piece: TokenDocument,
  { at, document }: { at: number; document: number },
): void {
  const size = piece.tokens.length - 1;
  batch.tokens.set(piece.tokens.subarray(0, size), at);
  for (let place = 0; place < size; place++) {
    batch.targets[at + place] = piece.learned[place + 1] === 1 ? (piece.tokens[place + 1] ?? -1) : -1;
    batch.positions[at + place] = place;
  }
  batch.documents.fill(document, at, at + size);
}

function emptyBatch(sequences: number, length: number): TrainingBatch {
  const size = sequences * length;
  return {
    ...{ sequences, length, tokens: new Int32Array(size), positions: new Int32Array(size) },
    ...{ targets: new Int32Array(size).fill(-1), documents: new Int32Array(size).fill(-1) },
  };
}

/** The plans of the present epoch and the next. */
class EpochPlans {
  readonly #pieces: Pieces;
  readonly #shape: BatchShape;
  readonly #plans = new Map<number, EpochPlan>();

  constructor(pieces: Pieces, shape: BatchShape) {
    this.#pieces = pieces;
    this.#shape = shape;
  }

  of(epoch: number): EpochPlan {
    const known = this.#plans.get(epoch);
    if (known !== undefined) return known;
    const plan = planEpoch(this.#pieces, { ...this.#shape, epoch });
    for (const old of [...this.#plans.keys()].slice(0, -1)) this.#plans.delete(old);
    this.#plans.set(epoch, plan);
    return plan;
  }
}

interface OpenShard {
  name: string;
  head: ShardHead;
  offsets: Uint32Array;
}

interface ShardPlace {
  id: string;
  name: string;
  bytes: number;
  index: ShardIndex;
  split: Split;
}

async function openShard(
  store: DataStore,
  { id, name, bytes, index, split }: ShardPlace,
): Promise<OpenShard> {
  const start = await store.readAt(id, name, { offset: 0, bytes: Math.min(bytes, SHARD_HEAD_BYTES) });
  const head = decodeShardHead(start, bytes, name);
  if (head.manifest !== id || head.tokenizer !== index.tokenizer || head.split !== split)
    throw shardInvalid(name, 'it belongs to other data');
  const table = await store.readAt(id, name, { offset: SHARD_HEAD_BYTES, bytes: 4 * (head.documents + 1) });
  return { name, head, offsets: decodeShardOffsets(table, head, name) };
}

/** As if all shards were one. */
function joinedOffsets(shards: readonly OpenShard[]): Uint32Array {
  const documents = shards.reduce((sum, { head }) => sum + head.documents, 0);
  const offsets = new Uint32Array(documents + 1);
  let document = 0;
  let tokens = 0;
  for (const shard of shards) {
    for (const end of shard.offsets.subarray(1)) offsets[++document] = tokens + end;
    tokens += shard.head.tokens;
  }
  return offsets;
}

class DocumentReader {
  readonly #shards: readonly OpenShard[];
  readonly #store: DataStore;
  readonly #index: ShardIndex;
  /** The first document of each shard. */
  readonly #firsts: number[] = [];

  constructor(shards: readonly OpenShard[], { store, index }: { store: DataStore; index: ShardIndex }) {
    this.#shards = shards;
    this.#store = store;
    this.#index = index;
    let first = 0;
    for (const { head } of shards) {
      this.#firsts.push(first);
      first += head.documents;
    }
  }

  /** `size` + 1 tokens from `start` on. */
  async read(part: { document: number; start: number; size: number }): Promise<TokenDocument> {
    const number = this.#firsts.findLastIndex((first) => first <= part.document);
    const shard = this.#shards[number];
    if (shard === undefined) throw shardInvalid('none', `there is no document ${part.document}`);
    const { head, name, offsets } = shard;
    const first = (offsets[part.document - (this.#firsts[number] ?? 0)] ?? 0) + part.start;
    const bytes = await this.#store.readAt(this.#index.manifest, name, {
      offset: tokensOffset(head.documents) + first * head.tokenBytes,
      bytes: (part.size + 1) * head.tokenBytes,
    });
    const { vocabularySize } = this.#index;
    return decodeTokens(bytes, { tokenBytes: head.tokenBytes, vocabularySize, name });
  }
}
