/** Members of a made-up swarm who announce themselves, with real keys and signatures, for tests and simulations. */
import { type Announcement, announcements } from '@filon/core/directory/announcement';
import { encodeRecord } from '@filon/core/directory/announcement-record';
import type { KeyId } from '@filon/core/swarm/key-id';
import { type Member, readProof } from '@filon/core/swarm/proof';
import type { Signer } from '@filon/core/swarm/signed';
import { verifyEd25519 } from '@filon/node/swarm/membership/verify';
import { keyNamed, NOW_MS, proofOf } from './swarm-keys.ts';

export interface AnnouncingMember {
  signer: Signer;
  operator: Signer;
  proof: Uint8Array;
  /** A record with these values, signed by the member. */
  record(announcement: Announcement): Uint8Array;
}

export function announcingMember(
  name: string,
  { swarm = 'swarm', operator = name }: { swarm?: string; operator?: string } = {},
): AnnouncingMember {
  const signer = keyNamed(`node ${name}`);
  const owner = keyNamed(`operator ${operator}`);
  const proof = proofOf({ swarm: keyNamed(swarm), node: signer, operator: owner });
  const record = (announcement: Announcement): Uint8Array =>
    encodeRecord({ announcement: announcements.seal(announcement, signer), proof });
  return { signer, operator: owner, proof, record };
}

/** As a member of the swarm reads a proof at {@link NOW_MS}. */
export function readMember(proof: Uint8Array, revoked: readonly KeyId[] = []): Member {
  const check = { swarm: keyNamed('swarm').key, node: null, nowMs: NOW_MS, verify: verifyEd25519 };
  const isDisowned = (): boolean => false;
  return readProof(proof, { ...check, isRevoked: (node) => revoked.includes(node), isDisowned });
}

/** What a node with one model says of itself. */
export function sampleAnnouncement(issuedMs: number, changes: Partial<Announcement> = {}): Announcement {
  const model = { model: 'ab'.repeat(32), name: 'smollm2-135m', numericClass: null, contextTokens: 8192 };
  return {
    ...{ issuedMs, expiresMs: issuedMs + 900_000, version: '0.1.0' },
    devices: [{ backend: 'cuda', name: 'NVIDIA GeForce RTX 3060', memoryBytes: 12_884_901_888, count: 6 }],
    models: [
      {
        ...{ ...model, sessionsMax: 8, price: null, replayable: true },
        rates: [
          { sessions: 1, prefill: 913.4, decode: 61.2 },
          { sessions: 8, prefill: 402.7, decode: 22.9 },
        ],
      },
    ],
    stored: ['ab'.repeat(32)],
    ...{ serves: 'open', canRelay: false, payout: null },
    addresses: ['/ip4/192.0.2.7/tcp/4001'],
    ...changes,
  };
}
