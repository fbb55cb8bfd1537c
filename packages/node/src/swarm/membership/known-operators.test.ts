import { keyName } from '@filon/core/swarm/key-name';
import { expect, test } from 'vitest';
import { openScene } from '../../../../../test/kit/swarm-scene.ts';
import { knownOperatorOf } from './known-operators.ts';

test('a member that was met gives its operator a name, with no network at hand', async () => {
  const scene = openScene();
  const [root, node] = await scene.swarm('root', 'node');
  if (!root || !node) throw new TypeError('two nodes');
  await scene.until(() => root.store.list('members').length === 1);
  const deps = { store: root.store, clock: scene.clock };
  for (const text of [node.key, keyName(node.key)])
    expect(knownOperatorOf(text, deps)).toBe(node.identity.operator.key);
  expect(knownOperatorOf('nobody-known', deps)).toBeNull();
});
