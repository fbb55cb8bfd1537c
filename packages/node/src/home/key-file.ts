/**
 * A file with one secret key. With a passphrase the secret is sealed (scrypt, AES-256-GCM, the public key authenticated
 * with it); without one the mode of the file is all that guards it. A file whose mode lets others read it is refused:
 * the key may be known to them already, and only its owner can judge that.
 */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { FilonError, messageOf } from '@filon/core/errors';
import { keyId } from '@filon/core/swarm/key-id';
import { z } from 'zod';
import { SEED_BYTES, type SecretKey, secretKey } from './ed25519.ts';
import type { HomeErrorDetails } from './errors.ts';
import { readWithMode, writePrivately } from './private-file.ts';

const FORM = 1;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** 32 MiB and about a tenth of a second for each guess. */
const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 };
const PASSPHRASE_BYTES_MAX = 4096;

type KeyFile = z.infer<typeof fileSchema>;

const bytesOf = (count: number): z.ZodType<Buffer, string> =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]*$/)
    .transform((text) => Buffer.from(text, 'base64url'))
    .refine(({ length }) => length === count, `it has not ${count} bytes`);

const fileSchema = z.union([
  z.strictObject({ filonKey: z.literal(FORM), key: keyId, seed: bytesOf(SEED_BYTES) }),
  z.strictObject({
    filonKey: z.literal(FORM),
    key: keyId,
    salt: bytesOf(SALT_BYTES),
    sealed: bytesOf(NONCE_BYTES + SEED_BYTES + TAG_BYTES),
  }),
]);

/**
 * The key, made when there is none. One that lies there in the clear is sealed when there is a passphrase. Needs the
 * home's lock. Code: HOME_KEY.
 */
export function openKeyFile(path: string, passphrase: string | null): SecretKey {
  const kept = readKeyFile(path, passphrase);
  if (kept !== null) return kept;
  const made = newKey();
  writeKeyFile(path, made, passphrase);
  return made;
}

/** null: there is none. Code: HOME_KEY. */
export function readKeyFile(path: string, passphrase: string | null): SecretKey | null {
  const found = readChecked(path);
  if (found === null) return null;
  const file = parse(path, found);
  const key = secretKey('seed' in file ? file.seed : unseal(path, file, passphrase));
  if (key.key !== file.key) throw fault(path, 'broken', 'its public key is not that of its secret');
  if ('seed' in file && passphrase !== null) writeKeyFile(path, key, passphrase);
  return key;
}

export function newKey(): SecretKey {
  return secretKey(randomBytes(SEED_BYTES));
}

/** What was there is lost. Code: HOME_KEY. */
export function writeKeyFile(path: string, key: SecretKey, passphrase: string | null): void {
  const about = { filonKey: FORM, key: key.key };
  const secret =
    passphrase === null ? { seed: Buffer.from(key.seed).toString('base64url') } : seal(key, passphrase);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writePrivately(path, `${JSON.stringify({ ...about, ...secret })}\n`);
  } catch (error) {
    throw fault(path, 'broken', `it cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

/** A passphrase from a file that somebody else protects, as systemd does with credentials. Code: HOME_KEY. */
export function readPassphrase(path: string): string {
  try {
    const bytes = readFileSync(path);
    const text = bytes.toString('utf8').replace(/\r?\n$/, '');
    if (text !== '' && bytes.length <= PASSPHRASE_BYTES_MAX) return text;
  } catch (error) {
    throw fault(path, 'passphrase', messageOf(error), { cause: error });
  }
  throw fault(path, 'passphrase', `it is empty or over ${PASSPHRASE_BYTES_MAX} bytes`);
}

function readChecked(path: string): string | null {
  const found = readOr(path);
  if (found === null) return null;
  if ((found.mode & 0o077) === 0) return found.text;
  const mode = found.mode.toString(8);
  throw fault(path, 'open', `its mode is ${mode}, so others on this machine may have read it`);
}

function readOr(path: string): { text: string; mode: number } | null {
  try {
    return readWithMode(path);
  } catch (error) {
    throw fault(path, 'broken', messageOf(error), { cause: error });
  }
}

function parse(path: string, text: string): KeyFile {
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (error) {
    throw fault(path, 'broken', 'it is no key file of this version', { cause: error });
  }
}

function seal(key: SecretKey, passphrase: string): { salt: string; sealed: string } {
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', scryptSync(passphrase, salt, 32, SCRYPT), nonce);
  cipher.setAAD(Buffer.from(key.key));
  const sealed = Buffer.concat([nonce, cipher.update(key.seed), cipher.final(), cipher.getAuthTag()]);
  return { salt: salt.toString('base64url'), sealed: sealed.toString('base64url') };
}

function unseal(path: string, file: Extract<KeyFile, { sealed: Buffer }>, passphrase: string | null): Buffer {
  if (passphrase === null) throw fault(path, 'locked', 'it is sealed, and no passphrase was given');
  const { salt, sealed } = file;
  const key = scryptSync(passphrase, salt, 32, SCRYPT);
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES));
  decipher.setAAD(Buffer.from(file.key));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch (error) {
    throw fault(path, 'passphrase', 'the passphrase is not the one that it was sealed with', {
      cause: error,
    });
  }
}

type KeyFault = Extract<HomeErrorDetails, { code: 'HOME_KEY' }>['reason'];

const WHAT_TO_DO: Readonly<Record<KeyFault, string>> = {
  open: 'If nobody can have, `chmod 600` it; otherwise move it away, and this node gets a new identity.',
  broken: 'Put a copy back, or move it away, and a new one is made.',
  locked: 'Name the file of its passphrase in the setting keyPassphraseFile.',
  passphrase: 'Correct the setting keyPassphraseFile, or the file that it names.',
};

function fault(
  path: string,
  reason: KeyFault,
  why: string,
  options?: { cause?: unknown },
): FilonError<HomeErrorDetails> {
  const message = `The key ${path} cannot be used: ${why}. ${WHAT_TO_DO[reason]}`;
  return new FilonError({ code: 'HOME_KEY', path, reason }, message, options);
}
