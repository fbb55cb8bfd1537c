/**
 * What a node says of itself to its swarm: signed by its key, dated, expiring. Everything in it is a claim: routing
 * believes its numbers as far as this node's own memory of the peer says, and identity comes from the certificate alone.
 */
import { z } from 'zod';
import { bytesOfHex, hexOf } from '../hex.ts';
import type { LoadRate, Price, UpstreamOffer } from '../serving/routing.ts';
import { type PrivacyTier, TIERS } from '../serving/tier.ts';
import { type RecordKind, recordKind } from '../swarm/signed.ts';

/** How long an announcement holds when its node does not say less. */
export const ANNOUNCEMENT_LIFETIME_MS = 900_000;
/** What says more is refused. */
export const ANNOUNCEMENT_LIFETIME_MS_MAX = 1_200_000;
/** How often a node announces itself, changes aside. */
export const ANNOUNCE_EVERY_MS = 300_000;
const ANNOUNCEMENT_BYTES_MAX = 8192;

export const ANNOUNCED_DEVICES_MAX = 16;
export const ANNOUNCED_MODELS_MAX = 16;
export const ANNOUNCED_STORED_MAX = 64;
const RATES_MAX = 8;
export const ANNOUNCED_ADDRESSES_MAX = 8;
const ADDRESS_CHARS_MAX = 200;
const NAME_CHARS_MAX = 128;
const SESSIONS_MAX = 1024;
const TOKENS_MAX = 2 ** 27;
const TOKENS_PER_SECOND_MAX = 10_000_000;
const PICO_PER_TOKEN_MAX = 10n ** 15n;
const PAYOUT_CHARS_MAX = 128;
const HASH_BYTES = 32;

/** Alike ones are told once, with their count. */
export interface AnnouncedDevice {
  backend: string;
  name: string;
  memoryBytes: number;
  count: number;
}

/** Loaded, warmed up and self-tested: nothing else is announced here. */
export interface AnnouncedModel {
  /** sha256 of the variant's file; of an upstream: of the word `upstream`, a blank and its name. */
  model: string;
  name: string;
  /** null: in fast mode. */
  numericClass: string | null;
  /** 0: its upstream does not say. */
  contextTokens: number;
  sessionsMax: number;
  /** Measured; by `sessions`, which grow. */
  rates: readonly LoadRate[];
  price: Price | null;
  /** Whether a session can go on there by its tokens; false for upstreams. */
  replayable: boolean;
  /** Its node passes requests on to an endpoint that is no node. Absent: it computes itself. */
  upstream?: UpstreamOffer;
}

export interface Announcement {
  /** Milliseconds since 1970, by the node's own clock. A later one replaces an earlier one. */
  issuedMs: number;
  expiresMs: number;
  /** Of the program. */
  version: string;
  devices: readonly AnnouncedDevice[];
  models: readonly AnnouncedModel[];
  /** sha256 of the variants that are on its disk, whether loaded or not. */
  stored: readonly string[];
  /** Whom it answers at most. */
  serves: PrivacyTier;
  canRelay: boolean;
  /** Where it may be reached, best first. */
  addresses: readonly string[];
  /** Where it wants to be paid; null: nowhere yet. */
  payout: string | null;
  /** A goodbye: the node stops, and nothing of it is to be used until it announces itself again. */
  leaves?: true | undefined;
}

/** Characters that cannot be mistaken for something else where a person reads them. */
const text = (charsMax: number): z.ZodString =>
  z
    .string()
    .max(charsMax)
    .regex(/^[^\p{C}]*$/u, 'it has characters that do not show');

const count = (max: number): z.ZodInt => z.int().min(0).max(max);

/** 32 bytes on the wire, 64 hexadecimal digits in values. */
export const sha256Bytes: z.ZodType<string, Uint8Array> = z.codec(z.instanceof(Uint8Array), z.string(), {
  decode: (bytes, context) => {
    if (bytes.length === HASH_BYTES) return hexOf(bytes);
    context.issues.push({ code: 'custom', input: bytes, message: `it has ${bytes.length} bytes, not 32` });
    return z.NEVER;
  },
  encode: bytesOfHex,
});

const pico: z.ZodType<bigint, number> = z.codec(z.int().min(0).max(Number(PICO_PER_TOKEN_MAX)), z.bigint(), {
  decode: BigInt,
  encode: Number,
});

const rate: z.ZodType<LoadRate, [number, number, number]> = z.codec(
  z.tuple([
    z.int().min(1).max(SESSIONS_MAX),
    z.number().positive().max(TOKENS_PER_SECOND_MAX),
    z.number().positive().max(TOKENS_PER_SECOND_MAX),
  ]),
  z.object({ sessions: z.number(), prefill: z.number(), decode: z.number() }),
  {
    decode: ([sessions, prefill, decode]) => ({ sessions, prefill, decode }),
    encode: ({ sessions, prefill, decode }): [number, number, number] => [sessions, prefill, decode],
  },
);

const rates = z
  .array(rate)
  .max(RATES_MAX)
  .refine(
    (list) => list.every(({ sessions }, i) => sessions > (list[i - 1]?.sessions ?? 0)),
    'its rates are not in the order of their sessions',
  );

const upstream = z.object({
  tier: z.enum(TIERS),
  serves: z.enum(TIERS),
  continuesChats: z.boolean(),
});

const model = z
  .object({
    model: sha256Bytes,
    name: text(NAME_CHARS_MAX).min(1),
    numericClass: text(NAME_CHARS_MAX).min(1).nullable(),
    contextTokens: count(TOKENS_MAX),
    sessionsMax: z.int().min(1).max(SESSIONS_MAX),
    rates,
    price: z.object({ promptPico: pico, answerPico: pico }).nullable(),
    replayable: z.boolean(),
    upstream: upstream.exactOptional(),
  })
  .refine(
    ({ contextTokens, upstream: behind }) => contextTokens > 0 || behind !== undefined,
    'its context is empty',
  )
  .refine(
    ({ replayable, upstream: behind }) => !replayable || behind === undefined,
    'an upstream cannot go on by tokens',
  );

/** From decoded CBOR and back (`z.encode`). Unknown fields are left out: a later version may say more. */
export const announcementSchema: z.ZodType<Announcement, unknown> = z
  .object({
    issuedMs: count(Number.MAX_SAFE_INTEGER),
    expiresMs: count(Number.MAX_SAFE_INTEGER),
    version: text(NAME_CHARS_MAX),
    devices: z
      .array(
        z.object({
          backend: text(NAME_CHARS_MAX),
          name: text(NAME_CHARS_MAX),
          memoryBytes: count(Number.MAX_SAFE_INTEGER),
          count: z.int().min(1).max(SESSIONS_MAX),
        }),
      )
      .max(ANNOUNCED_DEVICES_MAX),
    models: z.array(model).max(ANNOUNCED_MODELS_MAX),
    stored: z.array(sha256Bytes).max(ANNOUNCED_STORED_MAX),
    serves: z.enum(TIERS),
    canRelay: z.boolean(),
    addresses: z.array(text(ADDRESS_CHARS_MAX).min(1)).max(ANNOUNCED_ADDRESSES_MAX),
    payout: text(PAYOUT_CHARS_MAX).min(1).nullable(),
    leaves: z.literal(true).optional(),
  })
  .refine(({ issuedMs, expiresMs }) => expiresMs > issuedMs, 'it expires before it begins')
  .refine(
    ({ issuedMs, expiresMs }) => expiresMs - issuedMs <= ANNOUNCEMENT_LIFETIME_MS_MAX,
    'it claims to hold for too long',
  );

/** Signed by the node itself. */
export const announcements: RecordKind<Announcement> = recordKind<Announcement>('filon/announcement/1', {
  schema: announcementSchema,
  bytesMax: ANNOUNCEMENT_BYTES_MAX,
});
