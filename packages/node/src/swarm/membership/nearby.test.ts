import { expect, test } from 'vitest';
import { openScene, type Scene, type SceneNode } from '../../../../../test/kit/swarm-scene.ts';
import { createMemoryLog } from '../../adapters/memory/log.ts';
import { meetNearby, type NearbyDeps } from './nearby.ts';

/** Two members that have lost their connection. */
async function openApart() {
  const scene = openScene();
  const [root, other] = (await scene.swarm('root', 'other')) as [SceneNode, SceneNode];
  await scene.until(() => other.membership.members.hasMet(root.key));
  other.network.drop(root.key);
  await scene.until(() => root.network.peers().length === 0 && other.network.peers().length === 0);
  return { scene, root, other };
}

function nearbyOf({ clock }: Scene, { membership, network }: SceneNode) {
  const log = createMemoryLog();
  const deps: NearbyDeps = { membership, network, clock, log };
  return {
    deps,
    logged: () => log.lines.map(({ event, fields }) => `${event} ${fields?.['code'] ?? ''}`.trim()),
  };
}

test('a member that is told of is met again, once', async () => {
  const { scene, root, other } = await openApart();
  const { deps, logged } = nearbyOf(scene, other);
  await meetNearby(root.address, deps);
  expect(other.membership.members.hasMet(root.key)).toBe(true);
  await meetNearby(root.address, deps);
  expect(logged()).toEqual(['swarm.met-nearby']);
});

test('nobody is dialled who is no member', async () => {
  const { scene, other } = await openApart();
  const stranger = scene.open('stranger');
  const { deps, logged } = nearbyOf(scene, other);
  await meetNearby(stranger.address, deps);
  expect([other.network.peers(), stranger.network.peers(), logged()]).toEqual([[], [], []]);
});

test('a member that is not where somebody says is not met, and that is no fault', async () => {
  const { scene, root, other } = await openApart();
  const { deps, logged } = nearbyOf(scene, other);
  const { addresses } = scene.open('stranger').address;
  await meetNearby({ peer: root.key, addresses }, deps);
  expect(other.membership.members.hasMet(root.key)).toBe(false);
  expect(logged()).toEqual(['swarm.nearby-failed NETWORK_REFUSED']);
});
