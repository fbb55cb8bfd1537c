/**
 * Messages of `/filon/answer/1`: a channel is a seat at the node that answers. See docs/protocol/answer.md. Whoever asks
 * sends {@link SeatAsk}s, the seat's node {@link SeatTell}s.
 */
import { z } from 'zod';
import { sha256Bytes } from '../directory/announcement.ts';
import type { LoadedModel, SessionAhead, SessionSign } from '../serving/session.ts';
import { type MessageCodec, messageCodec } from '../wire/messages.ts';
import { bytesOf, code, count, seedBytes, sessionId, tokenBytes, vectorBytes, words } from './fields.ts';
import {
  ANSWER_FRAME_BYTES_MAX,
  PROMPT_BYTES_MAX,
  SCOPE_BYTES,
  SIGNS_MAX,
  TEXTS_MAX,
  VECTOR_LENGTH_MAX,
  WAIT_SECONDS_MAX,
} from './limits.ts';
import {
  loadedModel,
  type SessionWanted,
  sessionAhead,
  sessionSign,
  sessionWanted,
  slots,
} from './session-schemas.ts';

export const ANSWER_PROTOCOL = '/filon/answer/1';

/** What is asked as soon as there is a seat. */
export interface AskedAhead {
  /** As of `tokenize`: call 0. */
  prompt: string;
  /** As of `nonce`; null: no seed is asked for, or the seat's commitment is not known yet. */
  nonce: Uint8Array | null;
  /** As of `open`, of the prompt's tokens: session 0. null: none yet. */
  session: (SessionAhead & { scope: Uint8Array }) | null;
}

export type SeatAsk =
  /** First, once. */
  | {
      kind: 'sit';
      /** sha256 of the variant's file. */
      model: string;
      /** Wished for together; 0: no slot, to tokenize only. */
      sessions: number;
      /** Of a secret that this node was told a moment ago; null: of a new one. */
      commitment: Uint8Array | null;
      ahead?: AskedAhead | undefined;
    }
  /** `prompt`: JSON text, see `prompt-text.ts`. */
  | { kind: 'tokenize'; call: number; prompt: string }
  /** What the seed is made from beside the secret. */
  | { kind: 'nonce'; nonce: Uint8Array }
  /** `scope`: whose prefixes, as a hash that says nothing to others. */
  | { kind: 'open'; session: number; scope: Uint8Array; wanted: SessionWanted }
  /** Frees the session's slot. Nothing is said about it. */
  | { kind: 'cancel'; session: number }
  | { kind: 'embed'; call: number; texts: Int32Array[] };

export type SeatTell =
  /** Of the queue before the seat, whenever it changes. */
  | { kind: 'queued'; position: number; estimateMs: number }
  | {
      kind: 'seated';
      slots: number;
      loaded: Omit<LoadedModel, 'model'>;
      /** sha256 of the secret. */
      commitment: Uint8Array;
      /** What was asked ahead is done. */
      ahead?: boolean | undefined;
      /** In answer to the nonce that came ahead, if the commitment is the one that was named. */
      secret?: Uint8Array | undefined;
      /** Of another secret, for this node's next seat here. */
      next?: Uint8Array | undefined;
    }
  /** No seat, or none any more. `waitSeconds`: when it may be worth asking again. */
  | {
      kind: 'refused';
      code: string;
      message: string;
      position: number | null;
      waitSeconds: number | null;
    }
  | { kind: 'tokens'; call: number; tokens: Int32Array; inReasoning: boolean }
  | { kind: 'secret'; secret: Uint8Array }
  | { kind: 'signs'; session: number; signs: SessionSign[] }
  | { kind: 'vectors'; call: number; vectors: Float32Array[] }
  /** Instead of the answer to a call. */
  | { kind: 'failed'; call: number; code: string; message: string }
  /** Instead of a session's end. */
  | { kind: 'ended'; session: number; code: string; message: string }
  /** Nothing else was to be said for a while. */
  | { kind: 'beat' };

const waitMs = z
  .number()
  .min(0)
  .max(WAIT_SECONDS_MAX * 1000);

const ahead: z.ZodType<AskedAhead, unknown> = z.object({
  prompt: z.string().max(PROMPT_BYTES_MAX),
  nonce: seedBytes.nullable(),
  session: z.intersection(sessionAhead, z.object({ scope: bytesOf(SCOPE_BYTES) })).nullable(),
});

export const seatAsks: MessageCodec<SeatAsk> = messageCodec<SeatAsk>(
  { protocol: ANSWER_PROTOCOL, frameBytesMax: ANSWER_FRAME_BYTES_MAX },
  {
    sit: z.object({
      kind: z.literal('sit'),
      model: sha256Bytes,
      sessions: slots,
      commitment: seedBytes.nullable(),
      ahead: ahead.exactOptional(),
    }),
    tokenize: z.object({
      kind: z.literal('tokenize'),
      call: sessionId,
      prompt: z.string().max(PROMPT_BYTES_MAX),
    }),
    nonce: z.object({ kind: z.literal('nonce'), nonce: seedBytes }),
    open: z.object({
      kind: z.literal('open'),
      session: sessionId,
      scope: bytesOf(SCOPE_BYTES),
      wanted: sessionWanted,
    }),
    cancel: z.object({ kind: z.literal('cancel'), session: sessionId }),
    embed: z.object({
      kind: z.literal('embed'),
      call: sessionId,
      texts: z.array(tokenBytes).min(1).max(TEXTS_MAX),
    }),
  },
);

export const seatTells: MessageCodec<SeatTell> = messageCodec<SeatTell>(
  { protocol: ANSWER_PROTOCOL, frameBytesMax: ANSWER_FRAME_BYTES_MAX },
  {
    queued: z.object({ kind: z.literal('queued'), position: count(65_536).min(1), estimateMs: waitMs }),
    seated: z.object({
      kind: z.literal('seated'),
      slots,
      loaded: loadedModel,
      commitment: seedBytes,
      ahead: z.boolean().exactOptional(),
      ...{ secret: seedBytes.exactOptional(), next: seedBytes.exactOptional() },
    }),
    refused: z.object({
      kind: z.literal('refused'),
      ...{ code, message: words },
      position: count(65_536).min(1).nullable(),
      waitSeconds: count(WAIT_SECONDS_MAX).nullable(),
    }),
    tokens: z.object({
      kind: z.literal('tokens'),
      call: sessionId,
      tokens: tokenBytes,
      inReasoning: z.boolean(),
    }),
    secret: z.object({ kind: z.literal('secret'), secret: seedBytes }),
    signs: z.object({
      kind: z.literal('signs'),
      session: sessionId,
      signs: z.array(sessionSign).min(1).max(SIGNS_MAX),
    }),
    vectors: z.object({
      kind: z.literal('vectors'),
      call: sessionId,
      vectors: z.array(vectorBytes(VECTOR_LENGTH_MAX)).max(TEXTS_MAX),
    }),
    failed: z.object({ kind: z.literal('failed'), call: sessionId, code, message: words }),
    ended: z.object({ kind: z.literal('ended'), session: sessionId, code, message: words }),
    beat: z.object({ kind: z.literal('beat') }),
  },
);
