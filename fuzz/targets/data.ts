/** Decoders of training data: files of anybody, and shards that may be damaged. */

import { pairsOfText } from '@filon/core/training/data/questions';
import {
  decodeShardHead,
  decodeShardOffsets,
  decodeTokens,
  encodeShard,
  SHARD_HEAD_BYTES,
  tokensOffset,
} from '@filon/core/training/data/shard';
import { readItem } from '@filon/core/training/read-item';
import { PersonalData } from '@filon/node/train/data/personal/remove';
import { utf8Faults } from '@filon/node/train/data/utf8-faults';
import type { Target } from '../target.ts';

const VOCABULARY = 300;

function shard(tokenBytes: 2 | 4): Uint8Array {
  const document = { tokens: Int32Array.of(256, 104, 105, 256), learned: Uint8Array.of(0, 1, 1, 1) };
  const facts = { split: 'train', first: 0, manifest: 'ab'.repeat(32), tokenizer: 'cd'.repeat(32) } as const;
  return encodeShard([document, document], { ...facts, tokenBytes }).bytes;
}

function decodeShard(bytes: Uint8Array): void {
  const head = decodeShardHead(bytes.subarray(0, SHARD_HEAD_BYTES), bytes.length, 'fuzzed');
  const table = bytes.subarray(SHARD_HEAD_BYTES, SHARD_HEAD_BYTES + 4 * (head.documents + 1));
  decodeShardOffsets(table, head, 'fuzzed');
  const tokens = bytes.subarray(tokensOffset(head.documents));
  decodeTokens(tokens, { tokenBytes: head.tokenBytes, vocabularySize: VOCABULARY, name: 'fuzzed' });
}

/** A line of JSONL, as far as it is JSON, with personal data taken out. */
function decodeLine(bytes: Uint8Array): void {
  const text = new TextDecoder().decode(bytes);
  utf8Faults(bytes);
  let record: unknown = { text };
  try {
    record = JSON.parse(text);
  } catch {
    pairsOfText(text, 'en');
  }
  if (typeof record === 'object' && record !== null && !Array.isArray(record))
    record = new PersonalData([], () => {}).removeFromRow(record as Record<string, unknown>);
  readItem(record, null);
}

const line = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

export const DATA_TARGETS: readonly Target[] = [
  {
    name: 'data/shard',
    seeds: [shard(2), shard(4)],
    decode: decodeShard,
    codes: ['DATA_SHARD_INVALID'],
    bytesMax: 4096,
  },
  {
    name: 'data/line',
    seeds: [
      line({ text: 'Write to ana@example.com or 612 345 678.' }),
      line({ prompt: 'a?', completion: 'b', choices: ['b', 'c'], answer: 'A' }),
      line({
        messages: [
          { role: 'user', content: 'Me llamo Ana Ruiz' },
          { role: 'assistant', content: [{ type: 'text', text: 'b' }] },
        ],
      }),
      new TextEncoder().encode('# Head\n\nWhy so?\nBecause.\n'),
    ],
    decode: decodeLine,
    codes: [],
    bytesMax: 4096,
  },
];
