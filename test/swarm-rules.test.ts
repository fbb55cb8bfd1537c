/** A swarm's rules, invites and revocations on real nodes, by the commands that people type. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inviteOf, never, openRealSwarm, type RealSwarm, type SwarmNode, until } from './kit/real-swarm.ts';

let swarm: RealSwarm;
let root: SwarmNode;
let member: SwarmNode;
beforeAll(async () => {
  swarm = await openRealSwarm();
  root = await swarm.prepare({ name: 'root', serves: false });
  await root.start('--no-model');
  await root.control.createSwarm({ name: 'garage', open: false, inviters: null }, never);
  member = await joined('member', await inviteOf(root));
});
afterAll(() => swarm[Symbol.asyncDispose]());

async function joined(name: string, invite: string): Promise<SwarmNode> {
  const node = await swarm.prepare({ name, serves: false });
  await node.start('--no-model', '--join', invite);
  return node;
}

async function said(node: SwarmNode, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await node.home.run(words);
  expect({ words, code, stderr: code === 0 ? '' : stderr }).toEqual({ words, code: 0, stderr: '' });
  return stdout;
}

async function refused(node: SwarmNode, ...words: string[]): Promise<string> {
  const { code, stderr } = await node.home.run(words);
  expect({ words, code }).toEqual({ words, code: 1 });
  return stderr;
}

const keyOf = async (node: SwarmNode): Promise<string> => (await node.status()).swarm?.self.key ?? '';
const nameOf = async (node: SwarmNode): Promise<string> => (await node.status()).swarm?.self.name ?? '';

describe('an invite', () => {
  test('is listed until it is taken back, and then lets nobody in', async () => {
    const word = (await said(root, 'swarm', 'invite')).trim();
    const [unused] = (await root.control.invites({}, never)).filter(({ usedBy }) => usedBy === null);
    const name = unused?.name ?? '';
    const list = await said(root, 'swarm', 'invites');
    expect(list).toMatch(new RegExp(`^${name} +not used`, 'm'));
    expect(list).toMatch(new RegExp(`used by ${await nameOf(member)}`));
    expect(await refused(member, 'swarm', 'uninvite', name)).toContain('INVITE_UNKNOWN');
    expect(await said(root, 'swarm', 'uninvite', name)).toContain('lets nobody in any more');
    expect(await said(root, 'swarm', 'invites')).not.toContain(name);
    const late = await swarm.prepare({ name: 'late', serves: false });
    await expect(late.start('--no-model', '--join', word)).rejects.toThrow(/INVITE_REFUSED/);
  });

  test('that was used is taken back by the word itself, and the member stays', async () => {
    const word = (await said(root, 'swarm', 'invite')).trim();
    const guest = await joined('guest', word);
    const { code, stderr } = await root.home.run(['swarm', 'uninvite', word]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('stays a member') });
    expect((await guest.status()).swarm?.swarm.isMember).toBe(true);
    await guest.kill();
  });
});

describe('the rules', () => {
  test('are changed by the root key alone, hold everywhere at once, and after a restart', async () => {
    expect(await said(root, 'swarm', 'rules')).toMatch(/^Invites +chosen: .*\n.*\nCharter +version 1;/m);
    expect(await refused(member, 'swarm', 'rules', '--inviters', 'members')).toContain('SWARM_NOT_ROOT');
    expect(await said(root, 'swarm', 'rules', '--inviters', 'members')).toMatch(/^Invites +members/m);
    const word = await until('the member may invite', async () =>
      inviteOf(member).catch((error: { code?: string }) => {
        expect(error.code).toBe('SWARM_MAY_NOT_INVITE');
        return null;
      }),
    );
    const third = await joined('third', word);
    await third.kill();
    await said(root, 'swarm', 'rules', '--inviters', 'root');
    await until(
      'the member hears of it',
      async () => (await member.status()).swarm?.swarm.inviters === 'root',
    );
    expect(await refused(member, 'swarm', 'invite')).toContain('SWARM_MAY_NOT_INVITE');
    // One that was away meanwhile, and knew an older charter.
    await third.start('--no-model');
    await until(
      'who was away catches up',
      async () => (await third.status()).swarm?.swarm.inviters === 'root',
    );
    await third.kill();
    await third.start('--no-model');
    expect((await third.status()).swarm?.swarm.inviters).toBe('root');
    await third.kill();
  });

  test('are typed right or not at all', async () => {
    expect((await root.home.run(['swarm', 'rules', '--inviters', 'nobody'])).code).toBe(2);
    expect((await root.home.run(['swarm', 'rules', '--open', '--closed'])).code).toBe(2);
  });
});

test('a revoked node hears that an invite is not enough, and is back once it is readmitted', async () => {
  const node = await joined('unlucky', await inviteOf(root));
  const [key, name] = [await keyOf(node), await nameOf(node)];
  await said(root, 'swarm', 'revoke', name);
  await until('it hears of it', async () => (await node.status()).swarm?.swarm.lost === 'revoked');
  const advice = await refused(node, 'swarm', 'join', await inviteOf(root));
  expect(advice).toContain('SWARM_JOIN_FAILED');
  expect(advice).toContain('filon swarm readmit');
  expect(await refused(root, 'swarm', 'readmit', 'nobody-known')).toContain('CONTROL_NODE_UNKNOWN');
  expect(await refused(member, 'swarm', 'readmit', name)).toContain('SWARM_NOT_ROOT');
  expect(await said(root, 'swarm', 'readmit', name)).toContain('not revoked any more');
  await said(node, 'swarm', 'join', await inviteOf(root));
  expect((await node.status()).swarm?.swarm.isMember).toBe(true);
  await until('others take it for a member again', async () =>
    (await member.control.members({}, never)).members.some((one) => one.node === key),
  );
});
