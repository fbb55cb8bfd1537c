/**
 * Signed records: bytes of deterministic CBOR, who signed them, and an ed25519 signature (RFC 8032) of a context, a zero
 * byte, and those bytes. The context says what the record is for, so a signature never holds for a record of another
 * kind. The bytes are kept as they came: what was verified is what is read, sent on and hashed.
 */
import { z } from 'zod';
import { decodeCbor, encodeCbor } from '../wire/cbor.ts';
import { malformed } from '../wire/errors.ts';
import { faultOf } from '../wire/messages.ts';
import { recordForged } from './errors.ts';
import { type KeyId, keyId } from './key-id.ts';

const SIGNATURE_BYTES = 64;
/** Of the envelope beyond its bytes: keys of the map, the signer, the signature, heads. */
const ENVELOPE_BYTES_MAX = 160;

/** Whoever has a private key. */
export interface Signer {
  readonly key: KeyId;
  /** 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array;
}

/** Whether the signature is the key's, of these bytes. Never throws, whatever it is given. */
export type Verify = (key: KeyId, bytes: Uint8Array, signature: Uint8Array) => boolean;

interface Envelope {
  bytes: Uint8Array;
  signer: KeyId;
  signature: Uint8Array;
}

const envelopeSchema: z.ZodType<Envelope, unknown> = z.strictObject({
  bytes: z.instanceof(Uint8Array),
  signer: keyId,
  signature: z
    .instanceof(Uint8Array)
    .refine(({ length }) => length === SIGNATURE_BYTES, 'it has not 64 bytes'),
});

export interface Opened<T> {
  value: T;
  signer: KeyId;
}

/** One kind of records. */
export interface RecordKind<T> {
  /** Of a sealed record. */
  readonly recordBytesMax: number;
  seal(value: T, signer: Signer): Uint8Array;
  /**
   * What the record says and who signed it; whether that one may say so, and whether it still holds, is the caller's
   * question. The signature is verified last, so that what is refused anyhow costs little; `check` may throw before.
   * Codes: WIRE_MALFORMED, WIRE_TOO_LARGE, RECORD_FORGED.
   */
  open(record: Uint8Array, verify: Verify, check?: (opened: Opened<T>) => void): Opened<T>;
}

/** `context` is its name and version, as `filon/certificate/1`. `schema` is from decoded CBOR. */
export function recordKind<T>(
  context: string,
  about: { schema: z.ZodType<T, unknown>; bytesMax: number },
): RecordKind<T> {
  const { schema, bytesMax } = about;
  const recordBytesMax = bytesMax + ENVELOPE_BYTES_MAX;
  return {
    recordBytesMax,
    seal: (value, signer) => {
      const bytes = encodeCbor(z.encode(schema, value));
      const signature = signer.sign(signedBytes(context, bytes));
      return encodeCbor({ bytes, signer: signer.key, signature } satisfies Envelope);
    },
    open: (record, verify, check) => {
      const what = `record ${context}`;
      const envelope = parsed(envelopeSchema, decodeCbor(record, { what, bytesMax: recordBytesMax }), what);
      const { bytes, signer, signature } = envelope;
      const value = parsed(schema, decodeCbor(bytes, { what, bytesMax }), what);
      check?.({ value, signer });
      if (!verify(signer, signedBytes(context, bytes), signature)) throw recordForged(context, signer);
      return { value, signer };
    },
  };
}

function parsed<T>(schema: z.ZodType<T, unknown>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (!result.success) throw malformed(what, faultOf(result.error));
  return result.data;
}

function signedBytes(context: string, bytes: Uint8Array): Uint8Array {
  const head = new TextEncoder().encode(`${context}\0`);
  const all = new Uint8Array(head.length + bytes.length);
  all.set(head);
  all.set(bytes, head.length);
  return all;
}
