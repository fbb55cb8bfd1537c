import { expect, test } from 'vitest';
import { never, openScene, type SceneNode } from '../../../../../test/kit/swarm-scene.ts';
import { memberNetwork } from './member-network.ts';

const PROTOCOL = '/filon/test/1';
const FRAMES = { frameBytesMax: 100 };

/** Two members that have lost their connection; what the second asks of the first goes through a network of members. */
async function openApart({ known = true }: { known?: boolean } = {}) {
  const scene = openScene();
  const [root, other] = (await scene.swarm('root', 'other')) as [SceneNode, SceneNode];
  await scene.until(() => other.membership.members.hasMet(root.key));
  other.network.drop(root.key);
  await scene.until(() => root.network.peers().length === 0 && other.network.peers().length === 0);
  const asked: boolean[] = [];
  root.network.handle(PROTOCOL, async ({ peer }) => void asked.push(root.membership.members.hasMet(peer)), {
    ...FRAMES,
    channelsPerPeerMax: 4,
    strangers: true,
  });
  const addressesOf = () => (known ? root.address.addresses : []);
  const network = memberNetwork({ ...other, addressesOf });
  return { scene, root, other, network, asked };
}

test('a member that is not connected is met before anything is asked of it', async () => {
  const { scene, root, network, asked } = await openApart();
  await network.open(root.key, PROTOCOL, { ...FRAMES, signal: never });
  await scene.until(() => asked.length === 1);
  expect(asked).toEqual([true]);
});

test('nothing is asked on a connection on which the two have not met', async () => {
  const { scene, root, other, network, asked } = await openApart();
  await other.network.dial(root.address, { signal: never });
  expect(other.membership.members.hasMet(root.key)).toBe(false);
  const channels = [1, 2].map(() => network.open(root.key, PROTOCOL, { ...FRAMES, signal: never }));
  await Promise.all(channels);
  await scene.until(() => asked.length === 2);
  expect(asked).toEqual([true, true]);
});

test('to dial a member is to meet it', async () => {
  const { root, other, network } = await openApart();
  const connection = await network.dial(root.address, { signal: never });
  expect(connection).toMatchObject({ peer: root.key, dialled: true });
  expect(other.membership.members.hasMet(root.key)).toBe(true);
});

test('whose address nobody knows is not reached, and a stranger is not believed', async () => {
  const { scene, root, network } = await openApart({ known: false });
  const open = network.open(root.key, PROTOCOL, { ...FRAMES, signal: never });
  await expect(open).rejects.toMatchObject({ code: 'NETWORK_UNREACHABLE' });
  const stranger = scene.open('stranger');
  await expect(network.dial(stranger.address, { signal: never })).rejects.toThrow();
});
