import { DISOWNINGS_MAX, DISOWNINGS_OWN_MAX, disownings } from '@filon/core/swarm/disowning';
import { enrolments } from '@filon/core/swarm/enrolment';
import type { KeyId } from '@filon/core/swarm/key-id';
import { describe, expect, test } from 'vitest';
import { DAY_MS, keyNamed, NOW_MS, verifyEd25519 } from '../../../../../test/kit/swarm-keys.ts';
import { never, openScene, type Scene, type SceneNode } from '../../../../../test/kit/swarm-scene.ts';
import { createManualClock } from '../../adapters/memory/clock.ts';
import { createMemoryStore } from '../../adapters/memory/store.ts';
import { Disowned } from './disowned.ts';
import { Exchange } from './exchange.ts';
import { DISOWNINGS_PER_MINUTE } from './membership-limits.ts';

const refusal = (code: string, more: object = {}) =>
  expect.objectContaining({ details: expect.objectContaining({ code, ...more }) });
const connected = (node: SceneNode): string[] => node.network.peers().map(({ peer }) => peer);
const knows = (node: SceneNode, key: KeyId): boolean => node.membership.members.find(key) !== null;

/** A root and two more nodes of its swarm, and a rig of the root's operator that has met all. */
async function farm(): Promise<{
  scene: Scene;
  root: SceneNode;
  a: SceneNode;
  b: SceneNode;
  rig: SceneNode;
}> {
  const scene = openScene();
  const [root, a, b] = await scene.swarm('root', 'a', 'b');
  if (!root || !a || !b) throw new TypeError('three nodes');
  const rig = scene.open('rig');
  await scene.join(rig, root.membership.invite({ enrols: true }).invite);
  for (const node of [a, b]) await rig.membership.meet(node.address, { signal: never });
  await a.membership.meet(b.address, { signal: never });
  return { scene, root, a, b, rig };
}

describe('a rig that its operator disowned', () => {
  test('is nobody’s rig and no member anywhere, also where it is heard of from others', async () => {
    const { scene, root, a, b, rig } = await farm();
    scene.hub.cut(root.key, b.key);
    root.membership.disown(rig.key);
    expect(knows(root, rig.key)).toBe(false);
    await scene.until(() => !knows(a, rig.key) && !knows(b, rig.key));
    for (const node of [root, a, b]) expect(connected(node)).not.toContain(rig.key);
    await expect(rig.membership.meet(b.address, { signal: never })).rejects.toEqual(refusal('SWARM_OUT'));
    expect(rig.membership.status()).toMatchObject({ lost: 'disowned' });
    expect(rig.logged()).toContain('swarm.disowned');
    await expect(rig.membership.renew({ signal: never })).rejects.toThrow();
  });

  test('stays so after a restart, for who was away, and though its proof is shown again', async () => {
    const { scene, root, a, b, rig } = await farm();
    const proof = rig.roster.standing.member?.proof ?? new Uint8Array();
    await b[Symbol.asyncDispose]();
    root.membership.disown(rig.key);
    await scene.until(() => !knows(a, rig.key));
    await root[Symbol.asyncDispose]();
    const again = scene.open('b', { store: b.store });
    expect(knows(again, rig.key)).toBe(true);
    await again.membership.meet(a.address, { signal: never });
    await scene.until(() => !knows(again, rig.key));
    const restarted = scene.open('root', { store: root.store });
    for (const node of [restarted, again]) {
      expect(knows(node, rig.key)).toBe(false);
      expect(() => node.membership.members.learn(proof)).toThrow(
        refusal('MEMBERSHIP_REFUSED', { reason: 'disowned' }),
      );
    }
  });

  test('may come back as a machine of its own operator, or as a rig once it is enrolled anew', async () => {
    const { scene, root, a, rig } = await farm();
    await scene.pass(1000);
    root.membership.disown(rig.key);
    await scene.until(() => rig.membership.members.own() === null || !knows(root, rig.key));
    await rig.membership.meet(root.address, { signal: never }).catch(() => undefined);
    const other = await rig.membership.join(root.membership.invite().invite, { signal: never });
    expect(other.member.operator).toBe(rig.identity.operator.key);
    await scene.pass(1000);
    const own = await rig.membership.join(root.membership.invite({ enrols: true }).invite, { signal: never });
    expect(own.member.operator).toBe(root.identity.operator.key);
    await rig.membership.meet(a.address, { signal: never });
    expect(a.membership.members.find(rig.key)?.operator).toBe(root.identity.operator.key);
  });

  test('is disowned by its operator alone', async () => {
    const { scene, root, a, b, rig } = await farm();
    expect(() => rig.membership.disown(b.key)).toThrow(refusal('SWARM_NOT_OPERATOR'));
    expect(() => root.membership.disown(root.key)).toThrow(refusal('SWARM_SELF'));
    // Somebody else's word about it is somebody else's rig of the same key.
    a.membership.disown(rig.key);
    await scene.pass(1000);
    expect(knows(b, rig.key)).toBe(true);
    const operator = root.identity.operator.key;
    const forged = disownings.seal({ operator, node: rig.key, atMs: NOW_MS + 1000 }, a.identity.operator);
    await using exchange = await Exchange.open(a.network, b.key, { signal: never });
    await expect(exchange.ask({ kind: 'disowned', records: [forged] }, 'met')).rejects.toMatchObject({
      details: { code: 'WIRE_REFUSED', reason: 'MEMBERSHIP_REFUSED' },
    });
    expect(knows(b, rig.key)).toBe(true);
  });

  test('is told at most so often by one member, and what is known costs nothing', async () => {
    const { scene, root, a } = await farm();
    const made = (count: number, from: number): Uint8Array[] =>
      Array.from({ length: count }, (_, i) => {
        const signer = keyNamed(`made up ${from + i}`);
        return disownings.seal({ operator: signer.key, node: signer.key, atMs: NOW_MS }, signer);
      });
    const tell = async (records: Uint8Array[]): Promise<unknown> => {
      await using exchange = await Exchange.open(a.network, root.key, { signal: never });
      return await exchange.ask({ kind: 'disowned', records }, 'met');
    };
    const first = made(DISOWNINGS_PER_MINUTE, 0);
    await tell(first);
    await tell(first);
    await expect(tell(made(1, 1000))).rejects.toMatchObject({ details: { reason: 'SWARM_BUSY' } });
    await scene.pass(60_000);
    await tell(made(1, 1000));
  });

  test('is no business of strangers', async () => {
    const { scene, root, rig } = await farm();
    const stranger = scene.open('stranger');
    const operator = root.identity.operator;
    const record = disownings.seal({ operator: operator.key, node: rig.key, atMs: NOW_MS + 1 }, operator);
    await stranger.network.dial(root.address, { signal: never });
    await using exchange = await Exchange.open(stranger.network, root.key, { signal: never });
    await expect(exchange.ask({ kind: 'disowned', records: [record] }, 'met')).rejects.toMatchObject({
      details: { code: 'WIRE_REFUSED', reason: 'MEMBERSHIP_REFUSED' },
    });
    expect(knows(root, rig.key)).toBe(true);
  });
});

describe('what is kept of disownings', () => {
  const own = keyNamed('own operator');
  const open = () => {
    const clock = createManualClock({ nowMs: NOW_MS });
    const deps = { store: createMemoryStore(), clock, verify: verifyEd25519, operator: own.key };
    return { ...deps, disowned: new Disowned(deps), again: () => new Disowned(deps) };
  };
  const word = (operator: string, node: string, atMs = NOW_MS): Uint8Array => {
    const signer = keyNamed(operator);
    return disownings.seal({ operator: signer.key, node: keyNamed(node).key, atMs }, signer);
  };
  const has = (kept: Disowned, operator: string, node: string, issuedMs = NOW_MS): boolean =>
    kept.has({ operator: keyNamed(operator).key, node: keyNamed(node).key, issuedMs });
  const nobody: ReadonlySet<KeyId> = new Set();

  test('the newest of a rig counts, and an older one that is sent again changes nothing', () => {
    const { disowned, again } = open();
    expect(disowned.accept(word('anna', 'rig', NOW_MS - 5), nobody)).toBe(true);
    expect([has(disowned, 'anna', 'rig', NOW_MS - 5), has(disowned, 'anna', 'rig', NOW_MS)]).toEqual([
      true,
      false,
    ]);
    expect(disowned.accept(word('anna', 'rig'), nobody)).toBe(true);
    expect(disowned.accept(word('anna', 'rig', NOW_MS - 5), nobody)).toBe(false);
    expect(has(again(), 'anna', 'rig')).toBe(true);
    expect([has(disowned, 'ben', 'rig'), has(disowned, 'anna', 'other')]).toEqual([false, false]);
  });

  test('one of the future is refused, so nobody is kept out by a clock that was wrong', () => {
    const { disowned } = open();
    expect(() => disowned.accept(word('anna', 'rig', NOW_MS + DAY_MS), nobody)).toThrow(
      refusal('MEMBERSHIP_REFUSED', { reason: 'future' }),
    );
  });

  test('a flood of made-up operators pushes out neither one’s own nor those of members', () => {
    const { disowned, again } = open();
    disowned.add(keyNamed('lost').key, own);
    const operators = new Set([keyNamed('anna').key]);
    disowned.accept(word('anna', 'rig', NOW_MS - DAY_MS), operators);
    for (let i = 0; i < DISOWNINGS_MAX + 20; i += 1) disowned.accept(word(`nobody ${i}`, 'x'), operators);
    for (const kept of [disowned, again()]) {
      expect(kept.records()).toHaveLength(DISOWNINGS_MAX);
      expect([has(kept, 'own operator', 'lost'), has(kept, 'anna', 'rig', NOW_MS - DAY_MS)]).toEqual([
        true,
        true,
      ]);
    }
  });

  test('one’s own have their limit, and say so', () => {
    const { disowned } = open();
    for (let i = 0; i < DISOWNINGS_OWN_MAX; i += 1) disowned.add(keyNamed(`rig ${i}`).key, own);
    disowned.add(keyNamed('rig 0').key, own);
    expect(() => disowned.add(keyNamed('one more').key, own)).toThrow(refusal('SWARM_DISOWNED_FULL'));
  });

  test('those of others go when no certificate can rest on them any more', () => {
    const { disowned, clock } = open();
    disowned.add(keyNamed('lost').key, own);
    disowned.accept(word('anna', 'rig'), nobody);
    clock.advance(213 * DAY_MS);
    expect(disowned.accept(word('ben', 'old'), nobody)).toBe(false);
    disowned.accept(word('ben', 'new', clock.nowMs()), nobody);
    expect([has(disowned, 'anna', 'rig'), has(disowned, 'own operator', 'lost')]).toEqual([false, true]);
  });

  test('an enrolment of another context is none', () => {
    const { disowned } = open();
    const enrolment = { operator: own.key, node: keyNamed('rig').key, issuedMs: NOW_MS };
    expect(() => disowned.accept(enrolments.seal(enrolment, own), nobody)).toThrow();
  });
});
