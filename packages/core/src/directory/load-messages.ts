/** Messages of `/filon/load/1`: see docs/protocol/load.md. One question, one answer, then the channel ends. */
import { z } from 'zod';
import { type MessageCodec, messageCodec } from '../wire/messages.ts';
import { sha256Bytes } from './announcement.ts';

/** Characters that one hash of a prefix stands for, and the tokens that they are taken to be. */
export const PREFIX_BLOCK_CHARS = 512;
export const PREFIX_BLOCK_TOKENS = 128;
export const PREFIX_HASH_BYTES = 8;
/** Of a longer prompt the beginning alone is asked about. */
export const PREFIX_BLOCKS_MAX = 128;
export const COMMITMENT_BYTES = 32;
const SESSIONS_MAX = 65_536;
const QUEUE_MS_MAX = 86_400_000;

export type LoadMessage =
  /** How soon could you answer with this model? */
  | {
      kind: 'ask';
      /** sha256 of the file. */
      model: string;
      /** Hashes of the prompt's beginning, block by block, each over all before it; may be empty. */
      prefix: Uint8Array;
    }
  | {
      kind: 'load';
      /** Loaded, warm and self-tested at this moment. */
      ready: boolean;
      active: number;
      queued: number;
      sessionsMax: number;
      /** Its estimate of the wait for a slot. */
      queueMs: number;
      /** How many blocks of the prefix it has in its cache for whoever asks. */
      cachedBlocks: number;
      /** sha256 of a fresh secret of 32 bytes, for a request that brings no seed: named when it is opened. */
      commitment: Uint8Array;
    };

const count = (max: number): z.ZodInt => z.int().min(0).max(max);

export const loadCodec: MessageCodec<LoadMessage> = messageCodec<LoadMessage>(
  { protocol: '/filon/load/1', frameBytesMax: 2048 },
  {
    ask: z.object({
      kind: z.literal('ask'),
      model: sha256Bytes,
      prefix: z
        .instanceof(Uint8Array)
        .refine(
          ({ length }) => length % PREFIX_HASH_BYTES === 0 && length <= PREFIX_BLOCKS_MAX * PREFIX_HASH_BYTES,
          'it is no list of hashes of 8 bytes, or of too many',
        ),
    }),
    load: z.object({
      kind: z.literal('load'),
      ready: z.boolean(),
      active: count(SESSIONS_MAX),
      queued: count(SESSIONS_MAX),
      sessionsMax: count(SESSIONS_MAX).min(1),
      queueMs: z.number().min(0).max(QUEUE_MS_MAX),
      cachedBlocks: count(PREFIX_BLOCKS_MAX),
      commitment: z
        .instanceof(Uint8Array)
        .refine(({ length }) => length === COMMITMENT_BYTES, 'it has not 32 bytes'),
    }),
  },
);
