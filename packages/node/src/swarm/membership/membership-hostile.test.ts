import { isFilonError } from '@filon/core/errors';
import {
  MEMBERSHIP_FRAME_BYTES_MAX,
  MEMBERSHIP_PROTOCOL,
  type MembershipMessage,
  membershipMessages,
} from '@filon/core/swarm/membership-messages';
import type { Signer } from '@filon/core/swarm/signed';
import { encodeCbor } from '@filon/core/wire/cbor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  certificateOf,
  DAY_MS,
  keyNamed,
  type Made,
  NOW_MS,
  proofOf,
} from '../../../../../test/kit/swarm-keys.ts';
import { never, openScene, type Scene, type SceneNode } from '../../../../../test/kit/swarm-scene.ts';
import type { Channel, Network } from '../../ports/network.ts';
import {
  EXCHANGE_MS,
  MEMBERS_MAX,
  PROVE_MS,
  STRANGER_MESSAGES_PER_MINUTE,
  STRANGERS_MESSAGES_PER_MINUTE,
} from './membership-limits.ts';

const MEMBERS_ONLY = '/filon/test/1';

/** A peer with a network and no scruples. */
interface Stranger {
  identity: Signer;
  network: Network;
  channel(): Promise<Channel>;
  /** The answer to one frame: a message, the code of an error, or how the channel ended. */
  say(frame: Uint8Array): Promise<MembershipMessage | string>;
}

async function stranger(scene: Pick<Scene, 'hub'>, target: SceneNode, name: string): Promise<Stranger> {
  const identity = keyNamed(name);
  const network = scene.hub.open({ key: identity.key });
  await network.dial(target.address, { signal: never });
  const frameBytesMax = 10_000_000;
  const channel = () => network.open(target.key, MEMBERSHIP_PROTOCOL, { frameBytesMax, signal: never });
  const say = async (frame: Uint8Array): Promise<MembershipMessage | string> => {
    const asked = await channel();
    try {
      await asked.send(frame, { signal: never });
      for await (const answer of asked.frames) return membershipMessages.decode(answer);
      return 'silence';
    } catch (error) {
      if (!isFilonError(error)) throw error;
      return 'reason' in error.details ? String(error.details.reason) : error.code;
    } finally {
      asked.abort();
    }
  };
  return { identity, network, channel, say };
}

async function scene() {
  const made = openScene();
  const [root, member] = await made.swarm('root', 'member');
  if (!root || !member) throw new TypeError('two nodes');
  root.network.handle(MEMBERS_ONLY, async () => undefined, {
    ...{ frameBytesMax: 10, channelsPerPeerMax: 1, strangers: false },
  });
  const rootKey = keyNamed("root's swarm 0");
  const enter = (network: Network): Promise<Channel> =>
    network.open(root.key, MEMBERS_ONLY, { frameBytesMax: 10, signal: never });
  return { ...made, root, member, rootKey, enter };
}

const hello = (proof: Uint8Array): Uint8Array =>
  membershipMessages.encode({
    ...{ kind: 'hello', proof, charterVersion: 0, nowMs: NOW_MS, addresses: [], holdsRoot: true },
  });

describe('a stranger', () => {
  test('may open nothing else, learns nothing, and is sent away when it has proved nothing', async () => {
    const { root, enter, ...rest } = await scene();
    const { network } = await stranger(rest, root, 'mallory');
    const heard: string[] = [];
    network.handle(
      MEMBERSHIP_PROTOCOL,
      async (channel) => {
        for await (const frame of channel.frames) heard.push(String(frame.length));
      },
      { frameBytesMax: 1_000_000, channelsPerPeerMax: 9, strangers: true },
    );
    await expect(enter(network)).rejects.toMatchObject({ code: 'NETWORK_STRANGER' });
    await rest.pass(PROVE_MS - 1);
    expect(network.peers()).toHaveLength(1);
    await rest.pass(1);
    expect(network.peers()).toEqual([]);
    expect(heard).toEqual([]);
  });

  test.each<[string, (own: Signer, swarm: Signer) => Uint8Array, string]>([
    [
      'a proof that it signed itself',
      (node, swarm) => proofOf({ ...of(node, swarm), by: node }),
      'MEMBERSHIP_REFUSED',
    ],
    ['a forged signature', (node, swarm) => forged(node, swarm), 'RECORD_FORGED'],
    ['a proof of a swarm of its own', (node) => proofOf(of(node, keyNamed('mine'))), 'MEMBERSHIP_REFUSED'],
    [
      'a proof dated in the future',
      (node, swarm) =>
        proofOf({
          ...of(node, swarm),
          changes: { issuedMs: NOW_MS + DAY_MS, expiresMs: NOW_MS + 2 * DAY_MS },
        }),
      'MEMBERSHIP_REFUSED',
    ],
    [
      'a proof that has expired',
      (node, swarm) =>
        proofOf({ ...of(node, swarm), changes: { issuedMs: NOW_MS - DAY_MS, expiresMs: NOW_MS - 1 } }),
      'MEMBERSHIP_REFUSED',
    ],
    [
      'a proof by a member that may not invite',
      (node, swarm) => {
        const by = keyNamed('member');
        const issuer = certificateOf({ ...of(by, swarm) });
        return proofOf({ ...of(node, swarm), by }, issuer);
      },
      'MEMBERSHIP_REFUSED',
    ],
    [
      'a proof as a machine of somebody else',
      (node, swarm) =>
        proofOf({
          ...of(node, swarm),
          operator: keyNamed("root's operator"),
          enrolledBy: keyNamed('operator'),
        }),
      'MEMBERSHIP_REFUSED',
    ],
  ])('with %s stays one', async (_, make, code) => {
    const { root, rootKey, enter, ...rest } = await scene();
    const { identity, network, say } = await stranger(rest, root, 'mallory');
    expect(await say(hello(make(identity, rootKey)))).toBe(code);
    await expect(enter(network)).rejects.toMatchObject({ code: 'NETWORK_STRANGER' });
    expect(root.membership.members.find(identity.key)).toBeNull();
  });

  test('cannot show the proof of a member as its own', async () => {
    const { root, member, enter, ...rest } = await scene();
    const { network, say } = await stranger(rest, root, 'mallory');
    const proof = member.membership.members.own()?.member.proof ?? new Uint8Array();
    expect(await say(hello(proof))).toBe('MEMBERSHIP_REFUSED');
    expect(await say(membershipMessages.encode({ kind: 'renew', proof }))).toBe('MEMBERSHIP_REFUSED');
    await expect(enter(network)).rejects.toMatchObject({ code: 'NETWORK_STRANGER' });
  });

  test('cannot bring a charter', async () => {
    const { root, ...rest } = await scene();
    const { say } = await stranger(rest, root, 'mallory');
    const charter = root.roster.standing.charterBytes ?? new Uint8Array();
    expect(await say(membershipMessages.encode({ kind: 'charter', charter }))).toBe('MEMBERSHIP_REFUSED');
  });

  test('is answered with a code whatever it says, and the node goes on', async () => {
    const { root, member, ...rest } = await scene();
    const { say } = await stranger(rest, root, 'mallory');
    expect(await say(Uint8Array.of(0xff))).toBe('WIRE_MALFORMED');
    expect(await say(encodeCbor({ kind: 'sing' }))).toBe('WIRE_KIND_UNKNOWN');
    expect(await say(encodeCbor({ kind: 'hello', proof: 7 }))).toBe('WIRE_MALFORMED');
    expect(await say(hello(new Uint8Array(9)))).toBe('WIRE_MALFORMED');
    expect(await say(membershipMessages.encode({ kind: 'met', charter: null }))).toBe('WIRE_MALFORMED');
    expect(await say(new Uint8Array(MEMBERSHIP_FRAME_BYTES_MAX + 1))).toBe('NETWORK_CHANNEL_LOST');
    expect(await member.membership.meet(root.address, { signal: never })).toMatchObject({ node: root.key });
  });

  test('that says nothing, or does not read, does not hold anything for long', async () => {
    const { root, ...rest } = await scene();
    const { channel } = await stranger(rest, root, 'mallory');
    const silent = await channel();
    const ended = expect(silent.frames[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'NETWORK_CHANNEL_LOST',
    });
    await rest.pass(EXCHANGE_MS);
    await ended;
  });

  test('with any bytes at all is never more than refused', async () => {
    const { root, ...rest } = await scene();
    let said = 0;
    const frame = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      fc
        .record({
          kind: fc.constantFrom('hello', 'join', 'renew', 'charter', 'met', 'welcome'),
          proof: fc.uint8Array(),
        })
        .map(encodeCbor),
    );
    await fc.assert(
      fc.asyncProperty(frame, async (bytes) => {
        said += 1;
        const { say } = await stranger(rest, root, `stranger ${said}`);
        expect(typeof (await say(bytes))).toBe('string');
        rest.clock.advance(2000);
      }),
      { numRuns: 60 },
    );
    expect(root.membership.list()).toHaveLength(2);
  });
});

describe('a flood', () => {
  test('of one peer is cut down to its rate before anything is decoded', async () => {
    const { root, ...rest } = await scene();
    const { say } = await stranger(rest, root, 'mallory');
    const codes: unknown[] = [];
    for (let i = 0; i < STRANGER_MESSAGES_PER_MINUTE + 5; i += 1)
      codes.push(await say(encodeCbor({ kind: 'x' })));
    expect(codes.slice(0, STRANGER_MESSAGES_PER_MINUTE).every((code) => code === 'WIRE_KIND_UNKNOWN')).toBe(
      true,
    );
    expect(codes.slice(STRANGER_MESSAGES_PER_MINUTE)).toEqual(Array(5).fill('SWARM_BUSY'));
    await rest.pass(2000);
    expect(await say(encodeCbor({ kind: 'x' }))).toBe('WIRE_KIND_UNKNOWN');
  });

  test('of new identities does not keep members out, and leaves nothing behind', async () => {
    const { root, member, ...rest } = await scene();
    const codes = new Map<unknown, number>();
    for (let i = 0; i < STRANGERS_MESSAGES_PER_MINUTE + 100; i += 1) {
      const { say } = await stranger(rest, root, `sybil ${i}`);
      const code = await say(hello(new Uint8Array(100)));
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    // One of the minute's messages was that by which the member joined.
    expect(codes.get('SWARM_BUSY')).toBe(101);
    member.network.drop(root.key);
    expect(await member.membership.meet(root.address, { signal: never })).toMatchObject({ node: root.key });
    await rest.pass(PROVE_MS);
    expect(root.network.peers().map(({ peer }) => peer)).toEqual([member.key]);
    expect(root.membership.list()).toHaveLength(2);
  });

  test('of members by one inviter does not push out whom others let in', async () => {
    const { root, member, rootKey } = await scene();
    const by = keyNamed('inviter');
    const times = { issuedMs: NOW_MS, expiresMs: NOW_MS + 7 * DAY_MS };
    const issuer = certificateOf({ ...of(by, rootKey), changes: { mayInvite: true, ...times } });
    const { list } = root.roster;
    for (let i = 0; i < MEMBERS_MAX + 10; i += 1) {
      const proof = proofOf({ ...of(keyNamed(`sybil ${i}`), rootKey), by, changes: times }, issuer);
      list.recall(proof);
    }
    expect(list.list()).toHaveLength(MEMBERS_MAX);
    expect(list.find(member.key)).not.toBeNull();
  });
});

function of(node: Signer, swarm: Signer): Pick<Made, 'swarm' | 'node' | 'operator'> {
  return { swarm, node, operator: keyNamed('operator') };
}

/** As if by the swarm, by somebody else's hand. */
function forged(node: Signer, swarm: Signer): Uint8Array {
  const hand = keyNamed('forger');
  return proofOf({ ...of(node, swarm), by: { key: swarm.key, sign: (bytes) => hand.sign(bytes) } });
}
