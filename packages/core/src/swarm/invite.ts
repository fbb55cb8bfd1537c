/**
 * An invite: one short word that whoever gets it can join a swarm with, once. `filoninvite1`, then base62 of CBOR and a
 * CRC-32 of everything before it, so that a slip is told from a wrong invite. Who sees it can use it.
 */

import { z } from 'zod';
import { FilonError } from '../errors.ts';
import { decodeCbor, encodeCbor } from '../wire/cbor.ts';
import { swarmName } from './charter.ts';
import { crc32 } from './crc32.ts';
import type { InviteFault, SwarmErrorDetails } from './errors.ts';
import { KEY_BYTES, type KeyId, keyBytes, keyIdOf } from './key-id.ts';

export const TOKEN_BYTES = 16;
export const INVITE_PEERS_MAX = 4;
export const INVITE_CHARS_MAX = 2048;
export const ADDRESSES_MAX = 8;
export const ADDRESS_CHARS_MAX = 200;

const PREFIX = 'filoninvite1';
const ANY_VERSION = /^filoninvite\d/;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const CHECK_BYTES = 4;
const BYTES_MAX = 1536;

export interface Invite {
  swarm: KeyId;
  name: string;
  /** 16 secret bytes; null: the swarm lets in everybody. */
  token: Uint8Array | null;
  /** Milliseconds since 1970, whole seconds. */
  expiresMs: number;
  /** The member that knows the token. */
  issuer: KeyId;
  /** Whose machine the joiner becomes; null: it stays its own operator's. */
  operator: KeyId | null;
  /** Where members can be reached. One that is not the issuer passes the question on to it. */
  peers: readonly InvitePeer[];
}

export interface InvitePeer {
  peer: KeyId;
  addresses: readonly string[];
}

const rawKey: z.ZodType<KeyId, Uint8Array> = z.codec(z.instanceof(Uint8Array), z.string(), {
  decode: (bytes, context) => {
    if (bytes.length === KEY_BYTES) return keyIdOf(bytes);
    context.issues.push({ code: 'custom', input: bytes, message: 'it is no key of 32 bytes' });
    return z.NEVER;
  },
  encode: keyBytes,
});

/** An address as text. What is no address of the network in use is not dialled. */
export const addressText: z.ZodType<string> = z
  .string()
  .min(1)
  .max(ADDRESS_CHARS_MAX)
  .regex(/^[\x21-\x7e]*$/);

const token: z.ZodType<Uint8Array> = z
  .instanceof(Uint8Array)
  .refine(({ length }) => length === TOKEN_BYTES, 'it has not 16 bytes');

/** An array and not a map: each character is one that somebody may have to type. */
const content = z.tuple([
  swarmName,
  rawKey,
  token.nullable(),
  z
    .int()
    .min(0)
    .max(2 ** 40),
  rawKey,
  rawKey.nullable(),
  z.array(z.tuple([rawKey, z.array(addressText).max(ADDRESSES_MAX)])).max(INVITE_PEERS_MAX),
]);

export function encodeInvite(invite: Invite): string {
  const { name, swarm, issuer, operator, expiresMs, peers } = invite;
  const places = peers.map(({ peer, addresses }): [KeyId, string[]] => [peer, [...addresses]]);
  const seconds = Math.floor(expiresMs / 1000);
  const bytes = encodeCbor(z.encode(content, [name, swarm, invite.token, seconds, issuer, operator, places]));
  return inviteText(bytes);
}

/** Of the content, right or wrong. */
export function inviteText(bytes: Uint8Array): string {
  return PREFIX + base62(concat(bytes, checkOf(bytes)));
}

/** White space in it is left out: chats break long words. Codes: INVITE_MALFORMED. */
export function decodeInvite(text: string): Invite {
  const bytes = bytesOf(text.slice(0, 2 * INVITE_CHARS_MAX).replace(/\s/g, ''));
  const parsed = content.safeParse(readContent(bytes));
  if (!parsed.success) throw malformedInvite('content');
  const [name, swarm, secret, seconds, issuer, operator, places] = parsed.data;
  const peers = places.map(([peer, addresses]) => ({ peer, addresses }));
  return { name, swarm, token: secret, expiresMs: seconds * 1000, issuer, operator, peers };
}

function readContent(bytes: Uint8Array): unknown {
  try {
    return decodeCbor(bytes, { what: 'invite', bytesMax: BYTES_MAX });
  } catch (error) {
    throw malformedInvite('content', { cause: error });
  }
}

function bytesOf(text: string): Uint8Array {
  if (!text.startsWith(PREFIX)) throw malformedInvite(ANY_VERSION.test(text) ? 'version' : 'prefix');
  const digits = text.slice(PREFIX.length);
  const all = digits.length > INVITE_CHARS_MAX ? null : fromBase62(digits);
  if (all === null || all.length <= CHECK_BYTES) throw malformedInvite('checksum');
  const bytes = all.slice(0, -CHECK_BYTES);
  const check = checkOf(bytes);
  if (!check.every((byte, index) => byte === all[bytes.length + index])) throw malformedInvite('checksum');
  return bytes;
}

function checkOf(bytes: Uint8Array): Uint8Array {
  const sum = crc32(concat(new TextEncoder().encode(PREFIX), bytes));
  return Uint8Array.of(sum >>> 24, sum >>> 16, sum >>> 8, sum);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** Of bytes whose first is not zero, as the head of an array is not. */
function base62(bytes: Uint8Array): string {
  let value = BigInt(`0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`);
  let text = '';
  for (; value > 0n; value /= 62n) text = DIGITS.charAt(Number(value % 62n)) + text;
  return text;
}

function fromBase62(text: string): Uint8Array | null {
  let value = 0n;
  for (const character of text) {
    const digit = DIGITS.indexOf(character);
    if (digit < 0) return null;
    value = value * 62n + BigInt(digit);
  }
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return Uint8Array.from({ length: even.length / 2 }, (_, i) =>
    Number.parseInt(even.slice(2 * i, 2 * i + 2), 16),
  );
}

const FAULTS: Readonly<Record<InviteFault, string>> = {
  prefix: `An invite begins with ${PREFIX}; this is something else.`,
  version: 'This invite is of a later version of Filon. Update this node.',
  checksum: 'This invite has a slip in it, or an end is missing. Copy all of it again.',
  content: 'This invite was never right: whoever made it runs another program.',
};

function malformedInvite(reason: InviteFault, options?: { cause?: unknown }): FilonError<SwarmErrorDetails> {
  return new FilonError({ code: 'INVITE_MALFORMED', reason }, FAULTS[reason], options);
}
