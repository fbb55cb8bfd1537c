/**
 * Messages of `/filon/completion/1`: a channel is one request that is answered by text, because whoever has the model says
 * no tokens. See docs/protocol/completion.md. Whoever asks sends {@link CompletionAsk}s, the node {@link CompletionTell}s.
 */
import { z } from 'zod';
import { sha256Bytes } from '../directory/announcement.ts';
import type { Usage } from '../serving/completion.ts';
import { type PrivacyTier, TIERS } from '../serving/tier.ts';
import { type MessageCodec, messageCodec } from '../wire/messages.ts';
import {
  type CompletionChunk,
  completionChunk,
  usage,
  type WantedText,
  wantedText,
} from './completion-schemas.ts';
import { code, count, words } from './fields.ts';
import { ANSWER_FRAME_BYTES_MAX, CHUNKS_MAX, WAIT_SECONDS_MAX } from './limits.ts';

export const COMPLETION_PROTOCOL = '/filon/completion/1';

/** First, once; there is no other. Leaving the channel leaves the answer. */
export interface CompletionAsk {
  kind: 'complete';
  /** What stands for the upstream's name. */
  model: string;
  /** The widest tier of an endpoint that may see it, as the node calls its endpoints. */
  reach: PrivacyTier;
  wanted: WantedText;
}

export type CompletionTell =
  /** Of the queue before the upstream, whenever it changes. */
  | { kind: 'queued'; position: number; estimateMs: number }
  | { kind: 'chunks'; chunks: CompletionChunk[] }
  /** Every choice has its end. `usage`: null: the endpoint does not say. Last. */
  | { kind: 'done'; usage: Usage | null }
  /** No answer, or none any more. `waitSeconds`: when it may be worth asking again. Last. */
  | {
      kind: 'refused';
      code: string;
      message: string;
      position: number | null;
      waitSeconds: number | null;
    }
  /** Nothing else was to be said for a while. */
  | { kind: 'beat' };

const position = count(65_536).min(1);

export const completionAsks: MessageCodec<CompletionAsk> = messageCodec<CompletionAsk>(
  { protocol: COMPLETION_PROTOCOL, frameBytesMax: ANSWER_FRAME_BYTES_MAX },
  {
    complete: z.object({
      kind: z.literal('complete'),
      model: sha256Bytes,
      reach: z.enum(TIERS),
      wanted: wantedText,
    }),
  },
);

export const completionTells: MessageCodec<CompletionTell> = messageCodec<CompletionTell>(
  { protocol: COMPLETION_PROTOCOL, frameBytesMax: ANSWER_FRAME_BYTES_MAX },
  {
    queued: z.object({
      kind: z.literal('queued'),
      position,
      estimateMs: z
        .number()
        .min(0)
        .max(WAIT_SECONDS_MAX * 1000),
    }),
    chunks: z.object({
      kind: z.literal('chunks'),
      chunks: z.array(completionChunk).min(1).max(CHUNKS_MAX),
    }),
    done: z.object({ kind: z.literal('done'), usage: usage.nullable() }),
    refused: z.object({
      kind: z.literal('refused'),
      ...{ code, message: words },
      position: position.nullable(),
      waitSeconds: count(WAIT_SECONDS_MAX).nullable(),
    }),
    beat: z.object({ kind: z.literal('beat') }),
  },
);
