/** A node that is told to stop takes leave of the others; one that is killed cannot. On real nodes. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  never,
  openRealSwarm,
  type RealSwarm,
  SWARM_MODEL,
  type SwarmNode,
  until,
} from './kit/real-swarm.ts';

let swarm: RealSwarm;
let root: SwarmNode;
let rig: SwarmNode;
let laptop: SwarmNode;
beforeAll(async () => {
  swarm = await openRealSwarm();
  root = await swarm.prepare({ name: 'root', serves: false });
  await root.start('--no-model');
  await root.control.createSwarm({ name: 'garage', open: false, inviters: null }, never);
  rig = await swarm.add({ name: 'rig', serves: true });
  laptop = await swarm.add({ name: 'laptop', serves: false });
});
afterAll(() => swarm[Symbol.asyncDispose]());

const keyOf = async (node: SwarmNode): Promise<string> => (await node.status()).swarm?.self.key ?? '';
const seenFrom = async (node: SwarmNode, key: string) =>
  (await node.control.peers({}, never))?.peers.find((peer) => peer.key === key);
const models = async (node: SwarmNode): Promise<string[]> =>
  (await node.control.models({}, never)).elsewhere.map(({ name }) => name);

test('whoever is told to stop is no candidate and has left, long before its announcement expires', async () => {
  const key = await keyOf(rig);
  for (const node of [root, laptop])
    await until('the model is known', async () => (await models(node)).includes(SWARM_MODEL));
  const before = (await seenFrom(laptop, key))?.expiresMs ?? 0;
  rig.running.child.kill('SIGTERM');
  for (const node of [root, laptop]) {
    const peer = await until('it has left', async () => {
      const found = await seenFrom(node, key);
      return found?.hasLeft ? found : null;
    });
    expect(peer).toMatchObject({ models: [], expiresMs: null });
    expect(await models(node)).toEqual([]);
  }
  expect(before - Date.now()).toBeGreaterThan(300_000);
  await rig.running.ended;
  expect((await laptop.home.run(['peers'])).stdout).toMatch(/^\S+ +left /m);
  expect((await rig.home.run(['logs'])).stdout).toContain('swarm.goodbye');
});

test('it is back as soon as it starts again, and says nothing when it is killed', async () => {
  await rig.start();
  const again = await keyOf(rig);
  await until('it is there', async () => {
    const peer = await seenFrom(laptop, again);
    return peer !== undefined && !peer.hasLeft && peer.models.length > 0;
  });
  await rig.kill();
  await until('the connection is gone', async () => (await seenFrom(laptop, again))?.connection === null);
  expect((await seenFrom(laptop, again))?.hasLeft).toBe(false);
});
