/**
 * Messages of a protocol: one CBOR map a frame, whose `kind` says which it is. Every protocol has the kind `error`, with
 * which either side answers what it does not know or does not do; nothing is answered by silence. Fields that a schema
 * does not name are left out, so that a later version may say more.
 */
import { z } from 'zod';
import { invariant } from '../errors.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { kindUnknown, malformed, refusedByPeer } from './errors.ts';

const CODE_CHARS_MAX = 64;
const TEXT_CHARS_MAX = 512;

export interface Message {
  kind: string;
}

/** A code for programs and a sentence for people. */
export interface ErrorMessage {
  kind: 'error';
  code: string;
  message: string;
}

/** For each kind what its message must be, from decoded CBOR; `z.encode` gives the value back. */
export type MessageSchemas<M extends Message> = {
  [K in M['kind']]: z.ZodType<Extract<M, { kind: K }>, unknown>;
};

export interface MessageCodec<M extends Message> {
  /** As `/filon/membership/1`. */
  readonly protocol: string;
  readonly frameBytesMax: number;
  encode(message: M | ErrorMessage): Uint8Array;
  /** Codes: WIRE_MALFORMED, WIRE_TOO_LARGE, WIRE_KIND_UNKNOWN, WIRE_REFUSED (the message is `error`). */
  decode(frame: Uint8Array): M;
}

const errorSchema: z.ZodType<ErrorMessage, unknown> = z.object({
  kind: z.literal('error'),
  code: z
    .string()
    .max(CODE_CHARS_MAX)
    .regex(/^[A-Z][A-Z0-9_]*$/),
  message: z
    .string()
    .max(TEXT_CHARS_MAX)
    .regex(/^[^\p{C}]*$/u),
});

export function messageCodec<M extends Message>(
  about: { protocol: string; frameBytesMax: number },
  schemas: MessageSchemas<M>,
): MessageCodec<M> {
  const { protocol, frameBytesMax } = about;
  const all = new Map<string, z.ZodType<Message, unknown>>([
    ...Object.entries<z.ZodType<Message, unknown>>(schemas),
    ['error', errorSchema],
  ]);
  return {
    ...about,
    encode: (message) => {
      const schema = all.get(message.kind);
      invariant(schema, `${protocol} has no message ${message.kind}`);
      const frame = encodeCbor(z.encode(schema, message));
      invariant(
        frame.length <= frameBytesMax,
        `a message ${message.kind} of ${protocol} is within its frame`,
      );
      return frame;
    },
    decode: (frame) => {
      const value = decodeCbor(frame, { what: `message of ${protocol}`, bytesMax: frameBytesMax });
      const kind = kindOf(value);
      const schema = all.get(kind);
      if (kind === '') throw malformed(`message of ${protocol}`, 'they are no map with a kind');
      if (schema === undefined) throw kindUnknown(protocol, kind);
      const parsed = schema.safeParse(value);
      if (!parsed.success) throw malformed(`message ${kind} of ${protocol}`, faultOf(parsed.error));
      if (kind === 'error') throw refusedByPeer(protocol, parsed.data as ErrorMessage);
      return parsed.data as M;
    },
  };
}

/** Of a decoded value, cut to what an error may repeat. */
function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'kind')) return '';
  const { kind } = value as { kind: unknown };
  return typeof kind === 'string' ? kind.slice(0, CODE_CHARS_MAX) : '';
}

/** The first thing that is wrong, and where. */
export function faultOf(error: z.ZodError): string {
  const [issue] = error.issues;
  const path = issue?.path.map(String).join('.').slice(0, CODE_CHARS_MAX) ?? '';
  return path === '' ? (issue?.message ?? 'they are something else') : `${path}: ${issue?.message}`;
}
