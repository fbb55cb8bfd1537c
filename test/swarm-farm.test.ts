/** A farm on real nodes: the rigs of one operator, seen from any of them, and one that was stolen. */
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inviteOf, never, openRealSwarm, type RealSwarm, type SwarmNode, until } from './kit/real-swarm.ts';

let swarm: RealSwarm;
let desk: SwarmNode;
let friend: SwarmNode;
let stolen: SwarmNode;
beforeAll(async () => {
  swarm = await openRealSwarm();
  desk = await swarm.prepare({ name: 'desk', serves: false });
  await desk.start('--no-model');
  await desk.control.createSwarm({ name: 'garage', open: false, inviters: null }, never);
  friend = await swarm.prepare({ name: 'friend', serves: false });
  await friend.start('--no-model', '--join', await inviteOf(desk));
  stolen = await swarm.prepare({ name: 'stolen', serves: false });
  await stolen.start('--no-model', '--enrol', await inviteOf(desk, { enrols: true }));
});
afterAll(() => swarm[Symbol.asyncDispose]());

const keyOf = async (node: SwarmNode): Promise<string> => (await node.status()).swarm?.self.key ?? '';
const tierFrom = async (node: SwarmNode, key: string): Promise<string | null> =>
  (await node.control.peers({}, never))?.peers.find((peer) => peer.key === key)?.tier ?? null;

test('a rig that its operator disowned is nobody’s own anywhere, and after restarts', async () => {
  const key = await keyOf(stolen);
  const operator = (await desk.status()).swarm?.self.operator ?? '';
  await friend.control.trust({ operator, name: 'desk' }, never);
  await until('the rig is known', async () => {
    const [own, trusted] = [await tierFrom(desk, key), await tierFrom(friend, key)];
    return own === 'own' && trusted === 'trusted';
  });
  expect((await stolen.home.run(['rigs', 'disown', await keyOf(friend)])).stderr).toContain(
    'SWARM_NOT_OPERATOR',
  );
  const { code, stdout } = await desk.home.run(['rigs', 'disown', key]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('yours no more') });
  for (const node of [desk, friend])
    await until('it is no rig any more', async () => {
      const tier = await tierFrom(node, key);
      return tier === null || tier === 'open';
    });
  await until('it hears of it', async () => (await stolen.status()).swarm?.swarm.lost === 'disowned');
  await friend.kill();
  await stolen.kill();
  await friend.start('--no-model');
  await stolen.start('--no-model');
  const members = (await friend.control.members({}, never)).members.map(({ node }) => node);
  expect(members).not.toContain(key);
  expect((await desk.control.rigs({}, never)).map(({ node }) => node)).not.toContain(key);
});

test('it comes back by a new word of its operator', async () => {
  const key = await keyOf(stolen);
  const invite = await inviteOf(desk, { enrols: true });
  await stolen.control.joinSwarm({ invite, enrols: true }, never);
  await until('it is a rig again', async () => (await tierFrom(desk, key)) === 'own');
});

const rigFrom = async (node: SwarmNode, key: string) =>
  (await node.control.rigs({}, never)).find((rig) => rig.node === key);

test('any rig shows all of them, those that stopped or are gone as well', async () => {
  const [key, deskKey] = [await keyOf(stolen), await keyOf(desk)];
  const rig = await until('the rig has announced itself', async () => {
    const found = await rigFrom(desk, key);
    return found?.cards.length ? found : null;
  });
  expect(rig).toMatchObject({ state: 'up', reach: 'direct', problems: ['no-model'] });
  await until('and the other way round', async () => (await rigFrom(stolen, deskKey))?.state === 'up');
  expect(await rigFrom(desk, await keyOf(friend))).toBeUndefined();

  stolen.running.child.kill('SIGTERM');
  await stolen.running.ended;
  await until('it was stopped', async () => (await rigFrom(desk, key))?.state === 'left');
  const { stdout } = await desk.home.run(['rigs']);
  expect(stdout).toMatch(/\(this node\) +up .*\n.* left, seen \d{4}-.* was stopped$/m);
  await desk.kill();
  await desk.start('--no-model');
  // It kept that there is such a rig, and hears from its friend that it was stopped.
  expect(await rigFrom(desk, key)).toMatchObject({ isSelf: false, models: [] });
  await until('it hears so again', async () => (await rigFrom(desk, key))?.state === 'left');
});

test('they are watched until that is enough', async () => {
  const watching = desk.home.start(['rigs', '--watch', '--json']);
  const lines: string[] = [];
  const { stdout } = watching.child;
  if (stdout === null) throw new TypeError('a pipe');
  for await (const line of createInterface({ input: stdout })) {
    lines.push(line);
    if (lines.length === 2) watching.child.kill('SIGINT');
  }
  await watching.ended;
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(JSON.parse(line)).toMatchObject([{ isSelf: true }, { state: 'left' }]);
});
