/** Targets of the two forms that most decoders here have. */
import type { RecordKind } from '@filon/core/swarm/signed';
import { encodeCbor } from '@filon/core/wire/cbor';
import type { Message, MessageCodec } from '@filon/core/wire/messages';
import { keyNamed } from '../../test/kit/swarm-keys.ts';
import type { Target } from '../target.ts';

/** Of the messages of a protocol; `samples` as decoded CBOR has them. */
export function messagesTarget<M extends Message>(
  codec: MessageCodec<M>,
  samples: readonly object[],
): Target {
  const sent = encodeCbor({ kind: 'error', code: 'SOME_CODE', message: 'Some words.' });
  return {
    name: codec.protocol,
    seeds: samples.map(encodeCbor),
    decode: (bytes) => void codec.decode(bytes),
    codes: ['WIRE_MALFORMED', 'WIRE_TOO_LARGE', 'WIRE_KIND_UNKNOWN', 'WIRE_REFUSED'],
    bytesMax: codec.frameBytesMax + sent.length,
  };
}

/** Of signed records. Signatures count as good, so that what lies behind them is reached. */
export function recordTarget<T>(name: string, kind: RecordKind<T>, samples: readonly T[]): Target {
  const signer = keyNamed('signer');
  return {
    name,
    seeds: samples.map((sample) => kind.seal(sample, signer)),
    decode: (bytes) => void kind.open(bytes, () => true),
    codes: ['WIRE_MALFORMED', 'WIRE_TOO_LARGE'],
    bytesMax: kind.recordBytesMax + 64,
  };
}
