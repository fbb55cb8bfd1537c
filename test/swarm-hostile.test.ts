/** What strangers and members do to real nodes. Meanwhile, and after it, the nodes answer others, byte for byte as before. */
import { connect, type Socket } from 'node:net';
import { ANSWER_PROTOCOL } from '@filon/core/answering/answer-messages';
import { COMPLETION_PROTOCOL } from '@filon/core/answering/completion-messages';
import { announcementCodec } from '@filon/core/directory/announcement-messages';
import { loadCodec } from '@filon/core/directory/load-messages';
import { MEMBERSHIP_PROTOCOL } from '@filon/core/swarm/membership-messages';
import type { Signer } from '@filon/core/swarm/signed';
import type { Channel } from '@filon/node/ports/network';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sampleAnnouncement } from './kit/announcing-member.ts';
import { type BarePeer, offer, openBarePeer, swarmKeyOf } from './kit/bare-peer.ts';
import { runChurn } from './kit/churn.ts';
import { never, openRealSwarm, type RealSwarm, SWARM_MODEL, type SwarmNode } from './kit/real-swarm.ts';
import { keyNamed } from './kit/swarm-keys.ts';

const MINUTE_MS = 60_000;
const STRANGERS = 40;
/** What a stranger hears whose proof no root key signed, or who is one of too many. */
const REFUSALS = ['MEMBERSHIP_REFUSED', 'RECORD_FORGED', 'SWARM_BUSY', 'NETWORK_CHANNEL_LOST'];
/** How a handshake begins. */
const HANDSHAKE = Buffer.from('\x13/multistream/1.0.0\n');
/** Slower than a handshake may be in all. */
const DRIP_MS = 500;
const MEMBERS_ONLY = [
  announcementCodec.protocol,
  loadCodec.protocol,
  ANSWER_PROTOCOL,
  COMPLETION_PROTOCOL,
] as const;

let swarm: RealSwarm;
let rig: SwarmNode;
let laptop: SwarmNode;
let root: Signer;
let inPeace: string;
/** They go on while everything else happens. */
let drips: Drip[];
beforeAll(async () => {
  swarm = await openRealSwarm();
  rig = await swarm.add({ name: 'rig', serves: true });
  laptop = await swarm.add({ name: 'laptop', serves: false });
  root = await swarmKeyOf(rig);
  inPeace = await ask();
  drips = Array.from({ length: 12 }, (_, index) => drip(`127.9.9.${index + 1}`));
});
afterAll(() => swarm[Symbol.asyncDispose]());

/** Asked of the laptop, computed by the rig. */
async function ask(): Promise<string> {
  const answer = await fetch(`${laptop.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: SWARM_MODEL,
      messages: [{ role: 'user', content: 'Who is there?' }],
      ...{ max_tokens: 40, temperature: 0.8, seed: 3, ignore_eos: true },
    }),
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('filon-served-by')).toBe((await rig.status()).swarm?.self.key);
  const { choices } = (await answer.json()) as { choices: { message: { content: string } }[] };
  return choices[0]?.message.content ?? '';
}

const expectServed = async (): Promise<void> => expect(await ask()).toBe(inPeace);

async function openMember(): Promise<BarePeer> {
  const peer = await openBarePeer(rig);
  expect(await peer.hello(peer.proof(root, root))).toBe('hello');
  return peer;
}

/** How a channel ends: with nothing more to read, or by the code of what broke it. */
async function endOf(channel: Channel): Promise<string> {
  try {
    for await (const _ of channel.frames);
    return 'ended';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

interface Drip {
  socket: Socket;
  sent: () => number;
  closed: Promise<unknown>;
}

/** A beginning as it should be, so that nobody can say that it is none. */
function drip(localAddress: string): Drip {
  const socket = connect({ host: '127.0.0.1', port: rig.port, localAddress });
  socket.on('error', () => undefined);
  let sent = 0;
  const timer = setInterval(() => socket.write(HANDSHAKE.subarray(sent, ++sent)), DRIP_MS);
  const closed = new Promise<void>((resolve) =>
    socket.once('close', () => {
      clearInterval(timer);
      resolve();
    }),
  );
  return { socket, sent: () => sent, closed };
}

/** What each may say first, again and again, until there is no channel any more. */
async function talkWithoutEnd(member: BarePeer, protocol: string, over: AbortSignal): Promise<void> {
  const ids = new Uint8Array(512 * 16);
  const frame =
    protocol === announcementCodec.protocol
      ? () => announcementCodec.encode({ kind: 'have', ids: crypto.getRandomValues(ids) })
      : () => crypto.getRandomValues(new Uint8Array(1000));
  try {
    const channel = await member.open(protocol);
    while (!over.aborted) await channel.send(frame(), { signal: over });
    channel.abort();
  } catch {
    // It was ended, as it should be.
  }
}

describe('strangers', () => {
  test('of ever new keys, with proofs that they forged, keep nobody out', async () => {
    await using parts = new AsyncDisposableStack();
    const said = new Map<string, number>();
    for (let count = 0; count < STRANGERS; count += 1) {
      const peer = parts.use(await openBarePeer(rig));
      const code = await peer.hello(peer.proof(root, keyNamed(`forger ${count}`)));
      said.set(code, (said.get(code) ?? 0) + 1);
      if (count % 10 === 0) await expectServed();
    }
    expect([...said.keys()].filter((code) => !REFUSALS.includes(code))).toEqual([]);
    await using member = await openMember();
    (await member.open(loadCodec.protocol)).abort();
  });

  test('may speak of membership alone', async () => {
    await using stranger = await openBarePeer(rig);
    for (const protocol of MEMBERS_ONLY)
      await expect(stranger.open(protocol)).rejects.toMatchObject({ code: 'NETWORK_STRANGER' });
  });
});

describe('a member', () => {
  test.each([...MEMBERS_ONLY, MEMBERSHIP_PROTOCOL])(
    'that sends a frame that is too large by %s loses what it opened',
    async (protocol) => {
      await using member = await openMember();
      const channel = await member.open(protocol);
      await channel
        .send(new Uint8Array(2_000_000), { signal: AbortSignal.timeout(MINUTE_MS) })
        .catch(() => undefined);
      expect(['ended', 'NETWORK_CHANNEL_LOST']).toContain(await endOf(channel));
      await expectServed();
    },
  );

  test('that talks without end, on as many channels as it gets, and reads nothing, is alone with it', async () => {
    await using member = await openMember();
    const over = new AbortController();
    const talks = MEMBERS_ONLY.flatMap((protocol) =>
      Array.from({ length: 10 }, () => talkWithoutEnd(member, protocol, over.signal)),
    );
    for (let count = 0; count < 2; count += 1) await expectServed();
    over.abort();
    await Promise.all(talks);
    await expectServed();
  });

  test('that holds all that it gets and says nothing keeps no slot', async () => {
    await using member = await openMember();
    const held = await Promise.allSettled(Array.from({ length: 80 }, () => member.open(ANSWER_PROTOCOL)));
    expect(held.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    const refused = held.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
    expect(refused).toContain('NETWORK_CHANNELS_FULL');
    await expectServed();
  });

  test('is a member no longer when its proof has expired, and when it was revoked', async () => {
    await using member = await openBarePeer(rig);
    expect(await member.hello(member.proof(root, root, Date.now() - 1))).toBe('MEMBERSHIP_REFUSED');
    await member.dial();
    expect(await member.hello(member.proof(root, root, Date.now() + 2000))).toBe('hello');
    const channel = await member.open(announcementCodec.protocol);
    expect(await endOf(channel)).toBe('NETWORK_CHANNEL_LOST');
    await expect.poll(() => member.network.peers()).toEqual([]);
    await member.dial();
    await expect(member.open(loadCodec.protocol)).rejects.toMatchObject({ code: 'NETWORK_STRANGER' });
    const longer = member.proof(root, root);
    expect(await member.hello(longer)).toBe('hello');
    (await member.open(loadCodec.protocol)).abort();
    await rig.control.revoke({ node: member.key }, never);
    await expect.poll(() => member.network.peers()).toEqual([]);
    await member.dial();
    expect(await member.hello(longer)).not.toBe('hello');
    await expect(member.open(loadCodec.protocol)).rejects.toMatchObject({ code: 'NETWORK_STRANGER' });
    await expectServed();
  });
});

describe('announcements', () => {
  test('that are replayed, back-dated, ahead of time or forged change nothing, and who forges is cut off', async () => {
    await using member = await openMember();
    const proof = member.proof(root, root);
    const nowMs = Date.now();
    const [sample] = sampleAnnouncement(nowMs).models;
    const says = (issuedMs: number, name: string, lifeMs = 900_000): Uint8Array => {
      const models = sample === undefined ? [] : [{ ...sample, name }];
      return member.record(sampleAnnouncement(issuedMs, { models, expiresMs: issuedMs + lifeMs }), proof);
    };
    const told = async (): Promise<string[] | undefined> =>
      (await laptop.control.peers({}, never))?.peers
        .find(({ key }) => key === member.key)
        ?.models.map(({ name }) => name);
    const first = says(nowMs - 5000, 'first');
    await offer(member, [first]);
    await expect.poll(told, { timeout: 20_000 }).toEqual(['first']);
    const second = says(nowMs, 'second');
    const link = await offer(member, [second]);
    await expect.poll(told, { timeout: 20_000 }).toEqual(['second']);
    link.abort();
    await offer(member, [
      ...[first, says(nowMs - 4000, 'back-dated'), says(nowMs - 3_600_000, 'long ago')],
      ...[says(nowMs + 3_600_000, 'of tomorrow'), says(nowMs + 1000, 'last')],
    ]);
    await expect.poll(told, { timeout: 20_000 }).toEqual(['last']);
    const forged = says(nowMs + 2000, 'forged');
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    await offer(member, [forged]);
    await expect.poll(() => member.network.peers(), { timeout: 20_000 }).toEqual([]);
    expect(await told()).toEqual(['last']);
    await expectServed();
  });
});

test('members that come and are gone are thought of until their announcements end, and no longer', async () => {
  const report = await runChurn(
    { model: swarm.model, rig, gateway: laptop, root },
    {
      ...{ durationMs: 4000, members: 20, everyMs: 400, holdsMs: [1000, 4000], staysMs: [500, 4000] },
      draw: Math.random,
    },
  );
  expect(report.faults).toEqual([]);
  expect(report.heard).toBeGreaterThan(0);
});

test('connections that drip one byte at a time were ended in the middle of it', async () => {
  await Promise.all(drips.map(({ closed }) => closed));
  for (const { sent } of drips) expect(sent()).toBeLessThan(HANDSHAKE.length);
  await expectServed();
});
