/** Messages of `/filon/membership/1`, the one protocol that strangers may speak: see docs/protocol/membership.md. */
import { z } from 'zod';
import { type MessageCodec, messageCodec } from '../wire/messages.ts';
import { charters } from './charter.ts';
import { DISOWNINGS_MAX, disownings } from './disowning.ts';
import { ADDRESSES_MAX, addressText } from './invite.ts';
import { joinRequests, vouchers } from './join-request.ts';
import { type KeyId, keyId } from './key-id.ts';
import { PROOF_BYTES_MAX } from './proof.ts';

export const MEMBERSHIP_PROTOCOL = '/filon/membership/1';
export const MEMBERSHIP_FRAME_BYTES_MAX = 163_840;
/** Members that a new one is told of. */
export const TOLD_MEMBERS_MAX = 16;

/** Where a member was reached; its proof says who it is. */
export interface ToldMember {
  proof: Uint8Array;
  addresses: string[];
}

export type MembershipMessage =
  /** Who I am. Answered by the same, or by an error. */
  | {
      kind: 'hello';
      proof: Uint8Array;
      /** Of the newest charter that is known here. */
      charterVersion: number;
      /** By the clock here; for people, when it is wrong. */
      nowMs: number;
      addresses: string[];
      holdsRoot: boolean;
    }
  /** Both of us are members; my charter, where it is newer than yours. Answered by the same. */
  | { kind: 'met'; charter: Uint8Array | null }
  /** Let me in: a signed request, and a voucher where the swarm is not open. Answered by `welcome`. */
  | { kind: 'join'; issuer: KeyId; request: Uint8Array; voucher: Uint8Array | null }
  /** A new certificate for the one that this proof has. Answered by `welcome`. */
  | { kind: 'renew'; proof: Uint8Array }
  | { kind: 'welcome'; proof: Uint8Array; charter: Uint8Array; members: ToldMember[] }
  /** A newer charter. Answered by `met`. */
  | { kind: 'charter'; charter: Uint8Array }
  /** Rigs that their operators disowned. Answered by `met`; itself the answer to a node that is one of them. */
  | { kind: 'disowned'; records: Uint8Array[] };

const bytes = (bytesMax: number): z.ZodType<Uint8Array> =>
  z.instanceof(Uint8Array).refine(({ length }) => length <= bytesMax, `it has over ${bytesMax} bytes`);
const proof = bytes(PROOF_BYTES_MAX);
const charter = bytes(charters.recordBytesMax);
const addresses = z.array(addressText).max(ADDRESSES_MAX);

export const membershipMessages: MessageCodec<MembershipMessage> = messageCodec<MembershipMessage>(
  { protocol: MEMBERSHIP_PROTOCOL, frameBytesMax: MEMBERSHIP_FRAME_BYTES_MAX },
  {
    hello: z.object({
      kind: z.literal('hello'),
      proof,
      charterVersion: z.int().min(0),
      nowMs: z.int().min(0),
      addresses,
      holdsRoot: z.boolean(),
    }),
    met: z.object({ kind: z.literal('met'), charter: charter.nullable() }),
    join: z.object({
      kind: z.literal('join'),
      issuer: keyId,
      request: bytes(joinRequests.recordBytesMax),
      voucher: bytes(vouchers.recordBytesMax).nullable(),
    }),
    renew: z.object({ kind: z.literal('renew'), proof }),
    welcome: z.object({
      kind: z.literal('welcome'),
      proof,
      charter,
      members: z.array(z.object({ proof, addresses })).max(TOLD_MEMBERS_MAX),
    }),
    charter: z.object({ kind: z.literal('charter'), charter }),
    disowned: z.object({
      kind: z.literal('disowned'),
      records: z.array(bytes(disownings.recordBytesMax)).min(1).max(DISOWNINGS_MAX),
    }),
  },
);
