/**
 * Secrets that callers carry: 32 random bytes as base62 with a checksum, so that a slip is told from a key of another
 * node, and scanners of repositories can find one that leaked. Only sha256 of the text is kept: the bytes are random,
 * so there is nothing that a slow hash would protect.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { invariant } from '@filon/core/errors';

export type RandomBytes = (count: number) => Uint8Array;

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SECRET_BYTES = 32;
/** 62^43 > 2^256. */
const SECRET_CHARS = 43;
/** 62^6 > 2^32. */
const CHECK_CHARS = 6;

/** Begins with `prefix`. */
export function newSecret(prefix: string, randomBytes: RandomBytes): string {
  const bytes = randomBytes(SECRET_BYTES);
  invariant(bytes.length === SECRET_BYTES, 'a source of randomness gives what it is asked for');
  const body = prefix + base62(BigInt(`0x${Buffer.from(bytes).toString('hex')}`), SECRET_CHARS);
  return body + checksum(body);
}

/** Whether a text could be such a secret. Says nothing about whether it is one. */
export function isSecret(text: string, prefix: string): boolean {
  if (!text.startsWith(prefix) || text.length !== prefix.length + SECRET_CHARS + CHECK_CHARS) return false;
  const body = text.slice(0, -CHECK_CHARS);
  return /^[0-9A-Za-z]+$/.test(text.slice(prefix.length)) && checksum(body) === text.slice(-CHECK_CHARS);
}

/** sha256, hex. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Takes as long for any two hashes. */
export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a, 'hex'), Buffer.from(b, 'hex')];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Short, for people and as a key of tables; says nothing of the secret. */
export function newId(randomBytes: RandomBytes): string {
  return Buffer.from(randomBytes(6)).toString('hex');
}

function checksum(text: string): string {
  return base62(BigInt(crc32(text)), CHECK_CHARS);
}

function base62(value: bigint, chars: number): string {
  let text = '';
  for (let rest = value; text.length < chars; rest /= 62n) text = DIGITS.charAt(Number(rest % 62n)) + text;
  return text;
}
