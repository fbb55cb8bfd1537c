import { decodeInvite, encodeInvite } from '@filon/core/swarm/invite';
import { keyName } from '@filon/core/swarm/key-name';
import { describe, expect, test } from 'vitest';
import { never, openScene } from '../../../../../test/kit/swarm-scene.ts';
import { Exchange } from './exchange.ts';

const refusal = (code: string, more: object = {}) =>
  expect.objectContaining({ details: expect.objectContaining({ code, ...more }) });
const MINUTE_MS = 60_000;

describe('rules that change', () => {
  test('a member that was away catches up, and an older charter that is replayed changes nothing', async () => {
    const scene = openScene();
    const [root, away, other] = await scene.swarm('root', 'away', 'other');
    if (!root || !away || !other) throw new TypeError('three nodes');
    const old = root.roster.standing.charterBytes;
    if (old === null) throw new TypeError('a charter');
    await away[Symbol.asyncDispose]();
    root.membership.setRules({ inviters: 'root', open: true });
    await scene.until(() => other.membership.status()?.inviters === 'root');
    const back = scene.open('away', { store: away.store });
    expect(back.membership.status()).toMatchObject({ inviters: 'chosen', charterVersion: 1 });
    await back.membership.meet(other.address, { signal: never });
    await scene.until(() => back.membership.status()?.charterVersion === 2);
    expect(back.membership.status()).toMatchObject({ inviters: 'root', open: true });

    await using replay = await Exchange.open(back.network, other.key, { signal: never });
    await replay.ask({ kind: 'charter', charter: old }, 'met');
    expect(other.membership.status()).toMatchObject({ inviters: 'root', charterVersion: 2 });
    await other[Symbol.asyncDispose]();
    const again = scene.open('other', { store: other.store });
    expect(again.membership.status()).toMatchObject({ inviters: 'root', charterVersion: 2 });
  });

  test('what changes nothing makes no charter, and takes the root key all the same to change something', async () => {
    const scene = openScene();
    const [root, member] = await scene.swarm('root', 'member');
    if (!root || !member) throw new TypeError('two nodes');
    root.membership.setRules({ inviters: 'chosen', open: null });
    expect(root.membership.status()?.charterVersion).toBe(1);
    member.membership.setRules({ inviters: null, open: null });
    expect(() => member.membership.setRules({ inviters: 'members' })).toThrow(refusal('SWARM_NOT_ROOT'));
  });

  test('members that may invite from now on are certified so at once, not at half of their time', async () => {
    const scene = openScene();
    const [root, member] = await scene.swarm('root', 'member');
    if (!root || !member) throw new TypeError('two nodes');
    expect(() => member.membership.invite()).toThrow(refusal('SWARM_MAY_NOT_INVITE'));
    root.membership.setRules({ inviters: 'members' });
    await scene.until(() => member.membership.status()?.inviters === 'members');
    await scene.pass(MINUTE_MS, 1000);
    const { invite } = member.membership.invite();
    await scene.join(scene.open('guest'), invite);
  });
});

describe('an invite that was made', () => {
  test('is found by its name, its id or the word itself, on the node that made it', async () => {
    const scene = openScene();
    const [root, other] = await scene.swarm('root', 'other');
    if (!root || !other) throw new TypeError('two nodes');
    const { invite, id } = root.membership.invite();
    for (const text of [invite, id ?? '', keyName(id ?? '')])
      expect(root.membership.findInvite(text)).toMatchObject({ id, usedBy: null });
    for (const [node, text] of [
      [other, invite],
      [root, 'nobody-knows'],
      [root, (await scene.swarm('other root'))[0]?.membership.invite().invite ?? ''],
    ] as const)
      expect(() => node.membership.findInvite(text)).toThrow(refusal('INVITE_UNKNOWN'));
    expect(() => root.membership.findInvite('filoninvite1abc')).toThrow(refusal('INVITE_MALFORMED'));
  });

  test('lets nobody in from the moment that it is taken back, by whomever it is passed on', async () => {
    const scene = openScene();
    const [root, relay] = await scene.swarm('root', 'relay');
    if (!root || !relay) throw new TypeError('two nodes');
    const { invite, id } = root.membership.invite();
    root.membership.takeBack(id ?? '');
    const { peers: _, ...content } = decodeInvite(invite);
    const byRelay = encodeInvite({ ...content, peers: [relay.address] });
    for (const word of [invite, byRelay])
      await expect(scene.join(scene.open(word.slice(-9)), word)).rejects.toEqual(
        refusal('SWARM_JOIN_FAILED', { reason: 'INVITE_REFUSED' }),
      );
  });

  test('is of no use where the rules let its maker invite no more, and the joiner hears that', async () => {
    const scene = openScene();
    const [root] = await scene.swarm('root');
    const chosen = scene.open('chosen');
    await scene.join(chosen, root?.membership.invite({ mayInvite: true }).invite ?? '');
    const { invite } = chosen.membership.invite();
    root?.membership.setRules({ inviters: 'root' });
    await scene.until(() => chosen.membership.status()?.inviters === 'root');
    const joining = scene.join(scene.open('guest'), invite);
    await expect(joining).rejects.toEqual(refusal('SWARM_JOIN_FAILED', { reason: 'SWARM_MAY_NOT_INVITE' }));
    await expect(joining).rejects.toThrow(/rules of the swarm/);
  });
});
