import { disownings } from '@filon/core/swarm/disowning';
import { decodeInvite, encodeInvite } from '@filon/core/swarm/invite';
import { describe, expect, test } from 'vitest';
import { fullDisk } from '../../../../../test/kit/full-disk.ts';
import { DAY_MS, NOW_MS } from '../../../../../test/kit/swarm-keys.ts';
import { never, openScene, type SceneNode } from '../../../../../test/kit/swarm-scene.ts';
import { createMemoryStore } from '../../adapters/memory/store.ts';

const refusal = (code: string, more: object = {}) =>
  expect.objectContaining({ details: expect.objectContaining({ code, ...more }) });
const keysOf = (node: SceneNode): string[] => node.membership.list().map(({ node: key }) => key);
const connected = (node: SceneNode): string[] => node.network.peers().map(({ peer }) => peer);
const MINUTE_MS = 60_000;

describe('joining', () => {
  test('a node that was invited is a member, and both have proved it to each other', async () => {
    const scene = openScene();
    const [root, laptop] = await scene.swarm('root', 'laptop');
    if (!root || !laptop) throw new TypeError('two nodes');
    const own = laptop.membership.members.own();
    expect(own).toMatchObject({ name: 'garage', swarm: root.membership.status()?.swarm });
    expect(own?.member).toMatchObject({ node: laptop.key, byRoot: true, mayInvite: false });
    expect(keysOf(root)).toEqual([root.key, laptop.key]);
    expect(keysOf(laptop)).toEqual([laptop.key, root.key]);
    for (const [a, b] of [
      [root, laptop],
      [laptop, root],
    ] as const) {
      expect(a.membership.members.find(b.key)?.operator).toBe(b.identity.operator.key);
      expect(a.membership.members.hasMet(b.key)).toBe(true);
      expect(a.events).toContain(`met ${b.key}`);
    }
  });

  test('an invite lets in one node, however many come with it at once', async () => {
    const scene = openScene();
    const [root] = await scene.swarm('root');
    const invite = root?.membership.invite().invite ?? '';
    const nodes = Array.from({ length: 8 }, (_, i) => scene.open(`node ${i}`));
    const came = await Promise.allSettled(nodes.map((node) => scene.join(node, invite)));
    const out = came.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(out).toHaveLength(7);
    for (const error of out)
      expect(error).toEqual(refusal('SWARM_JOIN_FAILED', { reason: 'INVITE_REFUSED', swarm: 'garage' }));
    expect(String(out[0])).toMatch(/used, expired or taken back\. Ask for a new one/);
    expect(root && keysOf(root)).toHaveLength(2);
  });

  test('the node that used an invite may use it again, because an answer may get lost; nobody else, not after a restart either', async () => {
    const scene = openScene();
    const root = scene.open('root');
    await root.membership.create('garage');
    const { invite } = root.membership.invite();
    const first = scene.open('laptop');
    await scene.join(first, invite);
    await first[Symbol.asyncDispose]();
    await root[Symbol.asyncDispose]();
    const again = scene.open('root', { store: root.store });
    const forgetful = scene.open('laptop');
    expect(await scene.join(forgetful, invite)).toMatchObject({ name: 'garage' });
    await expect(scene.join(scene.open('thief'), invite)).rejects.toEqual(refusal('SWARM_JOIN_FAILED'));
    expect(keysOf(again)).toHaveLength(2);
  });

  test('nothing in the store of the issuer is of use to anybody', async () => {
    const scene = openScene();
    const [root] = await scene.swarm('root');
    const { invite, id } = root?.membership.invite() ?? { invite: '', id: null };
    const { token } = decodeInvite(invite);
    const rows = JSON.stringify(root?.store.list('invites'));
    expect(rows).toContain(id);
    for (const form of ['hex', 'base64', 'base64url'] as const)
      expect(rows).not.toContain(
        Buffer.from(token ?? [])
          .toString(form)
          .slice(0, 20),
      );
  });

  test.each<[string, (invite: string) => string, ReturnType<typeof refusal>]>([
    ['has a slip', (invite) => `${invite.slice(0, 60)}Z${invite.slice(61)}`, refusal('INVITE_MALFORMED')],
    [
      'has another token',
      (invite) => encodeInvite({ ...decodeInvite(invite), token: new Uint8Array(16) }),
      refusal('SWARM_JOIN_FAILED', { reason: 'INVITE_REFUSED' }),
    ],
    [
      'has no token in a swarm that is not open',
      (invite) => encodeInvite({ ...decodeInvite(invite), token: null }),
      refusal('SWARM_JOIN_FAILED', { reason: 'INVITE_REFUSED' }),
    ],
    [
      'promises another operator',
      (invite) => encodeInvite({ ...decodeInvite(invite), operator: decodeInvite(invite).swarm }),
      refusal('SWARM_JOIN_FAILED', { reason: 'MEMBERSHIP_REFUSED' }),
    ],
    [
      'names another swarm',
      (invite) => encodeInvite({ ...decodeInvite(invite), swarm: decodeInvite(invite).issuer }),
      refusal('SWARM_JOIN_FAILED', { reason: 'MEMBERSHIP_REFUSED' }),
    ],
    [
      'names nobody',
      (invite) => encodeInvite({ ...decodeInvite(invite), peers: [] }),
      refusal('SWARM_JOIN_FAILED', { reason: 'SWARM_ISSUER_UNREACHABLE' }),
    ],
  ])('an invite that %s lets nobody in', async (_, change, expected) => {
    const scene = openScene();
    const [root] = await scene.swarm('root');
    const node = scene.open('node');
    const invite = change(root?.membership.invite().invite ?? '');
    await expect(scene.join(node, invite)).rejects.toEqual(expected);
    expect(node.membership.members.own()).toBeNull();
    expect(node.store.list('membership')).toEqual([]);
  });

  test('an invite expires, and can be taken back', async () => {
    const scene = openScene();
    const [root] = await scene.swarm('root');
    if (!root) throw new TypeError('a node');
    const [old, taken] = [root.membership.invite({ validMs: MINUTE_MS }), root.membership.invite()];
    expect(root.membership.invites()).toHaveLength(2);
    expect(root.membership.takeBack(taken.id ?? '')).toBe(true);
    expect(root.membership.takeBack(taken.id ?? '')).toBe(false);
    await scene.pass(MINUTE_MS);
    expect(root.membership.invites()).toEqual([]);
    await expect(scene.join(scene.open('late'), old.invite)).rejects.toEqual(refusal('INVITE_EXPIRED'));
    const slow = scene.open('slow', { aheadMs: -5 * MINUTE_MS });
    for (const { invite } of [old, taken]) {
      await expect(scene.join(slow, invite)).rejects.toEqual(
        refusal('SWARM_JOIN_FAILED', { reason: 'INVITE_REFUSED' }),
      );
    }
  });

  test('clocks may be wrong by ten minutes, and the message says which way when by more', async () => {
    const scene = openScene();
    const [root] = await scene.swarm('root');
    const invite = (): string => root?.membership.invite().invite ?? '';
    for (const aheadMs of [-9 * MINUTE_MS, 9 * MINUTE_MS]) {
      const node = scene.open(`node ${aheadMs}`, { aheadMs });
      expect(await scene.join(node, invite())).toMatchObject({ name: 'garage' });
      expect(node.membership.members.hasMet(root?.key ?? '')).toBe(true);
      expect(node.logged()).toContain('swarm.clocks-differ');
    }
    const wrong = scene.open('wrong', { aheadMs: -11 * MINUTE_MS });
    await expect(scene.join(wrong, invite())).rejects.toMatchObject({
      cause: refusal('MEMBERSHIP_REFUSED', { reason: 'future' }),
    });
  });

  test('a member passes a request on to an issuer that the joiner cannot dial', async () => {
    const scene = openScene();
    const [root, relay] = await scene.swarm('root', 'relay');
    if (!root || !relay) throw new TypeError('two nodes');
    const node = scene.open('node');
    const { peers, ...invite } = decodeInvite(root.membership.invite().invite);
    expect(peers.map(({ peer }) => peer)).toEqual([root.key, relay.key]);
    scene.hub.cut(node.key, root.key);
    const own = await node.membership.join(encodeInvite({ ...invite, peers }), { signal: never });
    expect(own.member).toMatchObject({ byRoot: true, node: node.key });
    expect(node.membership.members.hasMet(relay.key)).toBe(true);
    scene.hub.cut(relay.key, root.key);
    const late = decodeInvite(root.membership.invite().invite);
    const other = scene.open('other');
    scene.hub.cut(other.key, root.key);
    await expect(scene.join(other, encodeInvite({ ...late, peers: [relay.address] }))).rejects.toEqual(
      refusal('SWARM_JOIN_FAILED', { reason: 'SWARM_ISSUER_UNREACHABLE' }),
    );
  });

  test('a member that does not answer holds a joiner up for less than a second', async () => {
    const scene = openScene();
    const [root, other] = await scene.swarm('root', 'other');
    if (!root || !other) throw new TypeError('two nodes');
    const node = scene.open('node');
    const { peers: _, ...invite } = decodeInvite(root.membership.invite().invite);
    scene.hub.freeze(node.key, other.key);
    const peers = [other.address, root.address];
    const joining = node.membership.join(encodeInvite({ ...invite, peers }), { signal: never });
    await scene.pass(750);
    expect(await joining).toMatchObject({ name: 'garage' });
  });

  test('a node is in one swarm at a time, and in none after it left', async () => {
    const scene = openScene();
    const [root, node] = await scene.swarm('root', 'node');
    const [other] = await scene.swarm('other root');
    if (!root || !node || !other) throw new TypeError('three nodes');
    const invite = other.membership.invite().invite;
    await expect(scene.join(node, invite)).rejects.toEqual(
      refusal('SWARM_MEMBER_ALREADY', { name: 'garage' }),
    );
    await expect(node.membership.create('mine')).rejects.toEqual(refusal('SWARM_MEMBER_ALREADY'));
    expect(await scene.join(node, root.membership.invite().invite)).toMatchObject({ name: 'garage' });
    await node.membership.leave();
    expect(connected(node)).toEqual([]);
    expect(node.membership.list()).toEqual([]);
    await scene.join(node, invite);
    expect(keysOf(node)).toEqual([node.key, other.key]);
    await expect(scene.open('alone').membership.leave()).rejects.toEqual(refusal('SWARM_NONE'));
  });
});

describe('on a full disk', () => {
  test('whoever is revoked or disowned is out at once all the same', async () => {
    const scene = openScene();
    const [root, ...bad] = await scene.swarm('root', 'bad', 'stolen');
    const [revoked, disowned] = bad;
    const disk = fullDisk(createMemoryStore());
    const node = scene.open('node', { store: disk.store });
    if (!root || !revoked || !disowned) throw new TypeError('three nodes');
    await scene.join(node, root.membership.invite().invite);
    for (const { address } of bad) await node.membership.meet(address, { signal: never });
    disk.isFull = true;
    root.membership.revoke(revoked.key);
    await scene.until(() => !keysOf(node).includes(revoked.key));
    await scene.until(() => !connected(node).includes(revoked.key));
    const operator = disowned.identity.operator;
    const record = disownings.seal({ operator: operator.key, node: disowned.key, atMs: NOW_MS }, operator);
    expect(node.roster.standing.disowned.accept(record, new Set([operator.key]))).toBe(true);
    expect(node.roster.standing.disowned.knows(record)).toBe(true);
  });

  test('members meet, and a leave that failed has changed nothing', async () => {
    const scene = openScene();
    const [root] = await scene.swarm('root');
    const disk = fullDisk(createMemoryStore());
    const node = scene.open('node', { store: disk.store });
    await scene.join(node, root?.membership.invite().invite ?? '');
    disk.isFull = true;
    const other = scene.open('other');
    await scene.join(other, root?.membership.invite().invite ?? '');
    await other.membership.meet(node.address, { signal: never });
    expect(keysOf(node)).toContain(other.key);
    await expect(node.membership.leave()).rejects.toEqual(refusal('STORE_FULL'));
    expect(node.membership.status()).toMatchObject({ name: 'garage', lost: null });
    disk.isFull = false;
    await node.membership.leave();
    expect(node.membership.status()).toBeNull();
    expect(node.store.list('membership')).toEqual([]);
  });
});

describe('rules', () => {
  test('who may invite: the root key, chosen members, or all that it signed for', async () => {
    const scene = openScene();
    const [root] = await scene.swarm('root');
    if (!root) throw new TypeError('a node');
    const [plain, chosen] = [scene.open('plain'), scene.open('chosen')];
    await scene.join(plain, root.membership.invite().invite);
    await scene.join(chosen, root.membership.invite({ mayInvite: true }).invite);
    expect(() => plain.membership.invite()).toThrow(refusal('SWARM_MAY_NOT_INVITE'));
    expect(() => chosen.membership.invite({ mayInvite: true })).toThrow(refusal('SWARM_NOT_ROOT'));
    const guest = scene.open('guest');
    const own = await guest.membership.join(chosen.membership.invite().invite, { signal: never });
    expect(own.member).toMatchObject({ byRoot: false, issuer: chosen.key, mayInvite: false });
    await guest.membership.meet(root.address, { signal: never });
    expect(root.membership.members.find(guest.key)).not.toBeNull();
    expect(() => guest.membership.invite()).toThrow(refusal('SWARM_MAY_NOT_INVITE'));

    root.membership.setRules({ inviters: 'members' });
    await plain.membership.renew({ signal: never });
    expect(plain.membership.invite().invite).toBeDefined();
    root.membership.setRules({ inviters: 'root' });
    await scene.until(() => plain.membership.status()?.inviters === 'root');
    for (const { membership } of [plain, chosen])
      expect(() => membership.invite()).toThrow(refusal('SWARM_MAY_NOT_INVITE'));
    expect(() => plain.membership.setRules({ open: true })).toThrow(refusal('SWARM_NOT_ROOT'));
  });

  test('an open swarm lets in everybody by one invite, and nobody once it is closed', async () => {
    const scene = openScene();
    const root = scene.open('root');
    await root.membership.create('plaza', { open: true, inviters: 'chosen' });
    const { invite, id } = root.membership.invite();
    expect(id).toBeNull();
    for (const name of ['a', 'b', 'c']) await scene.join(scene.open(name), invite);
    expect(keysOf(root)).toHaveLength(4);
    root.membership.setRules({ open: false });
    await expect(scene.join(scene.open('d'), invite)).rejects.toEqual(refusal('SWARM_JOIN_FAILED'));
  });

  test('a rig becomes a machine of its operator by an invite, in the swarm already or not', async () => {
    const scene = openScene();
    const [root, member] = await scene.swarm('root', 'member');
    if (!root || !member) throw new TypeError('two nodes');
    const operator = root.identity.operator.key;
    const rig = scene.open('rig');
    await scene.join(rig, root.membership.invite({ enrols: true }).invite);
    await scene.join(member, root.membership.invite({ enrols: true }).invite);
    for (const node of [rig, member]) {
      expect(node.membership.members.own()?.member.operator).toBe(operator);
      expect(root.membership.members.find(node.key)?.operator).toBe(operator);
    }
    await rig.membership.renew({ signal: never });
    expect(rig.membership.members.own()?.member.operator).toBe(operator);
    root.membership.setRules({ inviters: 'members' });
    await rig.membership.renew({ signal: never });
    expect(() => rig.membership.invite({ enrols: true })).toThrow(
      refusal('SWARM_NOT_OPERATOR', { operator }),
    );
    await rig.membership.leave();
    await scene.join(rig, root.membership.invite().invite);
    expect(rig.membership.members.own()?.member.operator).toBe(rig.identity.operator.key);
  });
});

describe('an end', () => {
  test('a revoked node loses its connections at once, also with those that hear of it from others', async () => {
    const scene = openScene();
    const [root, a, b, bad] = await scene.swarm('root', 'a', 'b', 'bad');
    if (!root || !a || !b || !bad) throw new TypeError('four nodes');
    await bad.membership.meet(a.address, { signal: never });
    await bad.membership.meet(b.address, { signal: never });
    await a.membership.meet(b.address, { signal: never });
    scene.hub.cut(root.key, b.key);
    root.membership.revoke(bad.key);
    expect(connected(root)).not.toContain(bad.key);
    await scene.until(() => connected(bad).length === 0);
    for (const node of [root, a, b]) expect(node.membership.members.find(bad.key)).toBeNull();
    expect(bad.membership.status()).toMatchObject({ lost: null });
    await expect(bad.membership.meet(b.address, { signal: never })).rejects.toEqual(refusal('SWARM_OUT'));
    expect(bad.membership.status()).toMatchObject({ lost: 'revoked' });
    const tries = scene.join(bad, root.membership.invite().invite);
    await expect(tries).rejects.toEqual(refusal('SWARM_JOIN_FAILED', { reason: 'SWARM_OUT' }));
    await expect(tries).rejects.toThrow(/an invite does not undo that.*filon swarm readmit/);
    expect(() => root.membership.revoke(root.key)).toThrow(refusal('SWARM_SELF'));
    expect(() => a.membership.revoke(b.key)).toThrow(refusal('SWARM_NOT_ROOT'));
  });

  test('a node that was away learns of a revocation from whomever it meets', async () => {
    const scene = openScene();
    const [root, away, bad] = await scene.swarm('root', 'away', 'bad');
    if (!root || !away || !bad) throw new TypeError('three nodes');
    await bad.membership.meet(away.address, { signal: never });
    scene.hub.cut(root.key, away.key);
    root.membership.revoke(bad.key);
    expect(connected(away)).toEqual([bad.key]);
    scene.hub.mend(root.key, away.key);
    await away.membership.meet(root.address, { signal: never });
    await scene.until(() => connected(away).length === 1);
    expect(connected(away)).toEqual([root.key]);
  });

  test('whoever was let in by a revoked inviter is out with it, and may come back by somebody else', async () => {
    const scene = openScene();
    const [root] = await scene.swarm('root');
    if (!root) throw new TypeError('a node');
    const [inviter, guest] = [scene.open('inviter'), scene.open('guest')];
    await scene.join(inviter, root.membership.invite({ mayInvite: true }).invite);
    await scene.join(guest, inviter.membership.invite().invite);
    await guest.membership.meet(root.address, { signal: never });
    root.membership.revoke(inviter.key);
    expect(root.membership.members.find(guest.key)).toBeNull();
    expect(connected(root)).toEqual([]);
    await expect(guest.membership.meet(root.address, { signal: never })).rejects.toEqual(
      refusal('SWARM_OUT'),
    );
    expect(guest.membership.status()).toMatchObject({ lost: 'revoked' });
    expect(connected(guest)).toEqual([]);
    const own = await guest.membership.join(root.membership.invite().invite, { signal: never });
    expect(own.member).toMatchObject({ byRoot: true });
    expect(root.membership.members.hasMet(guest.key)).toBe(true);
  });

  test('a readmitted node comes back once it is heard again', async () => {
    const scene = openScene();
    const [root, node] = await scene.swarm('root', 'node');
    if (!root || !node) throw new TypeError('two nodes');
    root.membership.revoke(node.key);
    root.membership.readmit(node.key);
    await scene.pass(MINUTE_MS);
    await node.membership.meet(root.address, { signal: never });
    expect(root.membership.members.find(node.key)).not.toBeNull();
  });

  test('expired members lose their connections, and come back by themselves when somebody can renew them', async () => {
    const scene = openScene();
    const [root, a, b] = await scene.swarm('root', 'a', 'b');
    if (!root || !a || !b) throw new TypeError('three nodes');
    await a.membership.meet(b.address, { signal: never });
    await root[Symbol.asyncDispose]();
    await scene.pass(6.5 * DAY_MS, DAY_MS / 2);
    expect(connected(a)).toEqual([b.key]);
    await scene.pass(DAY_MS / 2);
    expect([connected(a), connected(b)]).toEqual([[], []]);
    expect([a.membership.members.own(), a.membership.members.find(b.key)]).toEqual([null, null]);
    await scene.pass(40 * DAY_MS, DAY_MS);
    const again = scene.open('root', { store: root.store });
    await scene.until(() => again.membership.members.own() !== null);
    await scene.pass(DAY_MS / 4, DAY_MS / 24);
    for (const node of [a, b]) {
      expect(node.membership.members.own()?.member.byRoot).toBe(true);
      expect(again.membership.members.find(node.key)).not.toBeNull();
    }
  });
});

describe('renewal', () => {
  test('comes from the root key at half of the time, and is shown to all that are connected', async () => {
    const scene = openScene();
    const [root, a, b] = await scene.swarm('root', 'a', 'b');
    if (!root || !a || !b) throw new TypeError('three nodes');
    await a.membership.meet(b.address, { signal: never });
    const before = a.membership.members.own()?.member.expiresMs ?? 0;
    await scene.pass(3 * DAY_MS, DAY_MS / 2);
    expect(a.membership.members.own()?.member.expiresMs).toBe(before);
    await scene.pass(DAY_MS, DAY_MS / 2);
    const after = a.membership.members.own()?.member.expiresMs ?? 0;
    expect(after).toBeGreaterThan(before + 3 * DAY_MS);
    for (const node of [root, b]) expect(node.membership.members.find(a.key)?.expiresMs).toBe(after);
    await scene.pass(60 * DAY_MS, DAY_MS / 2);
    for (const node of [root, a, b]) expect(node.membership.members.own()).not.toBeNull();
    expect(connected(a).toSorted()).toEqual([root.key, b.key].toSorted());
  });

  test('comes from a member that may invite while the root key is away; such members wait for it longer', async () => {
    const scene = openScene();
    const [root, plain] = await scene.swarm('root', 'plain');
    if (!root || !plain) throw new TypeError('two nodes');
    const [one, two] = [scene.open('one'), scene.open('two')];
    await scene.join(one, root.membership.invite({ mayInvite: true }).invite);
    await scene.pass(5 * DAY_MS, DAY_MS / 2);
    await scene.join(two, root.membership.invite({ mayInvite: true }).invite);
    await plain.membership.meet(one.address, { signal: never });
    await two.membership.meet(one.address, { signal: never });
    await root[Symbol.asyncDispose]();
    await scene.pass(18 * DAY_MS, DAY_MS / 2);
    expect(plain.membership.members.own()?.member).toMatchObject({ byRoot: false });
    expect([one, two].map(({ membership }) => membership.status()?.mayInvite)).toEqual([true, true]);
    await scene.pass(5 * DAY_MS, DAY_MS / 2);
    expect([one, two].map(({ membership }) => membership.status()?.mayInvite)).toEqual([false, true]);
    expect(one.membership.members.own()?.member).toMatchObject({ issuer: two.key });
  });
});

test('what a node knows of its swarm is there again after a restart, connected or not', async () => {
  const scene = openScene();
  const [root, a] = await scene.swarm('root', 'a');
  if (!root || !a) throw new TypeError('two nodes');
  await a[Symbol.asyncDispose]();
  const again = scene.open('a', { store: a.store });
  expect(again.membership.members.own()).toMatchObject({ name: 'garage' });
  expect(again.membership.members.find(root.key)?.operator).toBe(root.identity.operator.key);
  expect(again.roster.known.address(root.key)).toEqual(root.address);
  expect(again.membership.list().map(({ connection }) => connection)).toEqual([null, null]);
});
