/** What bytes from elsewhere fail with. */
import { FilonError } from '../errors.ts';

export type WireErrorDetails =
  /** Not what it must be; `what` says what that is. */
  | { code: 'WIRE_MALFORMED'; what: string }
  /** Over its limit; nothing of it was decoded. */
  | { code: 'WIRE_TOO_LARGE'; what: string; bytes: number; bytesMax: number }
  /** A message of a later version, or of nobody's. */
  | { code: 'WIRE_KIND_UNKNOWN'; protocol: string; kind: string }
  /** The peer answered with an error; `reason` is its code. */
  | { code: 'WIRE_REFUSED'; protocol: string; reason: string };

type Of<C extends WireErrorDetails['code']> = FilonError<Extract<WireErrorDetails, { code: C }>>;

export function malformed(what: string, why: string, options?: { cause?: unknown }): Of<'WIRE_MALFORMED'> {
  const message = `These bytes are no ${what}: ${why}. Whoever sent them runs another version, or means harm.`;
  return new FilonError({ code: 'WIRE_MALFORMED', what }, message, options);
}

export function tooLarge(what: string, size: { bytes: number; bytesMax: number }): Of<'WIRE_TOO_LARGE'> {
  const message = `${size.bytes} bytes are too many for a ${what}; at most ${size.bytesMax} are taken.`;
  return new FilonError({ code: 'WIRE_TOO_LARGE', what, ...size }, message);
}

export function kindUnknown(protocol: string, kind: string): Of<'WIRE_KIND_UNKNOWN'> {
  const message = `${protocol} has no message ${JSON.stringify(kind)} here. One side runs a later version.`;
  return new FilonError({ code: 'WIRE_KIND_UNKNOWN', protocol, kind }, message);
}

export function refusedByPeer(
  protocol: string,
  { code, message }: { code: string; message: string },
): Of<'WIRE_REFUSED'> {
  const text = `The other node refused a message of ${protocol} (${code}): ${message}`;
  return new FilonError({ code: 'WIRE_REFUSED', protocol, reason: code }, text);
}
