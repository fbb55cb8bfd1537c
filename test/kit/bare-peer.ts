/** A peer of a real node with a network of its own and no scruples: it says what it is told to say. */
import { createHash } from 'node:crypto';
import { type Announcement, announcements } from '@filon/core/directory/announcement';
import { announcementCodec } from '@filon/core/directory/announcement-messages';
import { encodeRecord } from '@filon/core/directory/announcement-record';
import { isFilonError } from '@filon/core/errors';
import { certificates } from '@filon/core/swarm/certificate';
import { enrolments } from '@filon/core/swarm/enrolment';
import type { KeyId } from '@filon/core/swarm/key-id';
import { MEMBERSHIP_PROTOCOL, membershipMessages } from '@filon/core/swarm/membership-messages';
import { encodeProof } from '@filon/core/swarm/proof';
import type { Signer } from '@filon/core/swarm/signed';
import { openLibp2pNetwork } from '@filon/node/adapters/libp2p/network';
import { createSystemClock } from '@filon/node/adapters/local/clock';
import type { SecretKey } from '@filon/node/home/ed25519';
import { openIdentity } from '@filon/node/home/identity';
import { newKey } from '@filon/node/home/key-file';
import { homePaths } from '@filon/node/home/paths';
import type { Channel, Network } from '@filon/node/ports/network';
import type { SwarmNode } from './real-swarm.ts';

/** More than any protocol takes: this end has no limits of its own. */
const FRAME_BYTES_MAX = 10_000_000;
const WAIT_MS = 20_000;
const DAY_MS = 86_400_000;
const RECORD_ID_BYTES = 16;

export interface BarePeer extends AsyncDisposable {
  readonly key: KeyId;
  readonly network: Network;
  dial(): Promise<void>;
  open(protocol: string): Promise<Channel>;
  /** Shows a proof; what it is answered: the kind of a message, or the code of an error. */
  hello(proof: Uint8Array): Promise<string>;
  /** Of its membership of this swarm until then, signed by that key. */
  proof(swarm: Signer, by: Signer, expiresMs?: number): Uint8Array;
  /** What it says of itself, with its proof. */
  record(announcement: Announcement, proof: Uint8Array): Uint8Array;
}

export interface PeerKeys {
  node: SecretKey;
  operator: SecretKey;
}

export function newPeerKeys(): PeerKeys {
  return { node: newKey(), operator: newKey() };
}

/** Connected to the node, as a stranger. */
export async function openBarePeer(
  target: SwarmNode,
  { node, operator }: PeerKeys = newPeerKeys(),
): Promise<BarePeer> {
  const network = await openLibp2pNetwork(
    { key: node.privateKey, listen: [] },
    { clock: createSystemClock(), isMember: () => true },
  );
  const self = (await target.status()).swarm?.self;
  if (self === undefined) throw new RangeError(`${target.name} is in no swarm`);
  const signal = (): AbortSignal => AbortSignal.timeout(WAIT_MS);
  const open = (protocol: string): Promise<Channel> =>
    network.open(self.key, protocol, { frameBytesMax: FRAME_BYTES_MAX, signal: signal() });
  const dial = async (): Promise<void> => {
    await network.dial({ peer: self.key, addresses: self.addresses }, { signal: signal() });
  };
  await dial();
  return {
    ...{ key: node.key, network, dial, open },
    hello: async (proof) => await helloOver(await open(MEMBERSHIP_PROTOCOL), proof),
    proof: (swarm, by, expiresMs = Date.now() + DAY_MS) => {
      const issuedMs = Math.min(Date.now(), expiresMs) - 60_000;
      const ends = { node: node.key, operator: operator.key };
      const certificate = { swarm: swarm.key, ...ends, mayInvite: false, issuedMs, expiresMs };
      return encodeProof({
        ...{ certificate: certificates.seal(certificate, by), issuer: null },
        enrolment: enrolments.seal({ ...ends, issuedMs }, operator),
      });
    },
    record: (announcement, proof) =>
      encodeRecord({ announcement: announcements.seal(announcement, node), proof }),
    [Symbol.asyncDispose]: () => network[Symbol.asyncDispose](),
  };
}

async function helloOver(channel: Channel, proof: Uint8Array): Promise<string> {
  const rest = { charterVersion: 0, nowMs: Date.now(), addresses: [], holdsRoot: false };
  try {
    const hello = membershipMessages.encode({ kind: 'hello', proof, ...rest });
    await channel.send(hello, { signal: AbortSignal.timeout(WAIT_MS) });
    for await (const frame of channel.frames) return membershipMessages.decode(frame).kind;
    return 'nothing';
  } catch (error) {
    if (!isFilonError(error)) throw error;
    return 'reason' in error.details ? String(error.details['reason']) : error.code;
  } finally {
    channel.abort();
  }
}

/** The root key of the swarm that this node made. */
export async function swarmKeyOf(node: SwarmNode): Promise<Signer> {
  const identity = openIdentity(homePaths(node.home.home), { passphraseFile: null });
  const swarm = (await node.status()).swarm?.swarm.key ?? '';
  const key = identity.swarmKey(swarm);
  if (key === null) throw new RangeError(`${node.name} has not made its swarm`);
  return key;
}

/** Hands on these records over a link of its own, as far as they are wanted, until the link ends or is left. */
export async function offer(peer: BarePeer, records: readonly Uint8Array[]): Promise<Channel> {
  const channel = await peer.open(announcementCodec.protocol);
  const byId = new Map(records.map((record) => [idOf(record), record]));
  const say = (message: Parameters<typeof announcementCodec.encode>[0]): Promise<void> =>
    channel.send(announcementCodec.encode(message), { signal: AbortSignal.timeout(WAIT_MS) });
  const serve = async (): Promise<void> => {
    for await (const frame of channel.frames) {
      const message = announcementCodec.decode(frame);
      if (message.kind !== 'want') continue;
      const ids = Buffer.from(message.ids).toString('hex').match(/.{32}/g) ?? [];
      const wanted = ids.flatMap((id) => byId.get(id) ?? []);
      if (wanted.length > 0) await say({ kind: 'records', records: wanted });
    }
  };
  serve().catch(() => undefined);
  await say({ kind: 'have', ids: Buffer.from([...byId.keys()].join(''), 'hex') });
  return channel;
}

function idOf(record: Uint8Array): string {
  return createHash('sha256').update(record).digest().subarray(0, RECORD_ID_BYTES).toString('hex');
}
