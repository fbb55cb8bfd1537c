import { keyOf, peerOf, selfOf, swarmOf } from '@filon/core/panel/network.fixture';
import { keyName } from '@filon/core/swarm/key-name';
import { expect, test } from 'vitest';
import { createManualClock } from '../adapters/memory/clock.ts';
import { createMemoryStore } from '../adapters/memory/store.ts';
import { TrustList } from '../swarm/membership/trust.ts';
import { createSwarmControl } from './swarm-control.ts';
import type { Place } from './swarm-place.ts';

const options = { signal: new AbortController().signal };

/** What needs no swarm at work: the names that people type. */
function scene() {
  const peer = peerOf('rig', { operator: keyOf('anna') });
  const trust = new TrustList({
    store: createMemoryStore(),
    clock: createManualClock(),
  });
  const place: Place = {
    ...{ operator: keyOf('me'), trust, swarm: null },
    look: () => ({ swarm: swarmOf(), self: selfOf(), peers: [peer] }),
    reachability: () => null,
    enter: () => Promise.reject(new RangeError('no swarm is opened here')),
  };
  const settings = { swarmInviters: 'chosen', swarmTier: 'own' } as const;
  const serving = { explain: () => Promise.reject(new RangeError('nothing is routed here')) };
  return { peer, control: createSwarmControl({ place, serving, settings }) };
}

test.each([
  ['its node', keyName(keyOf('rig'))],
  ['its own key', keyOf('anna')],
  ['its name in the list', keyName(keyOf('anna'))],
])('an operator that was trusted by the name of a node is trusted no more by %s', async (_, text) => {
  const { peer, control } = scene();
  const added = await control.trust({ operator: peer.name, name: null }, options);
  expect(added).toMatchObject({ operator: keyOf('anna') });
  await control.distrust({ operator: text }, options);
  expect(await control.trusted({}, options)).toEqual([]);
});

test('who is not on the list cannot be taken off it', async () => {
  const { peer, control } = scene();
  await expect(control.distrust({ operator: peer.name }, options)).rejects.toMatchObject({
    code: 'CONTROL_NODE_UNKNOWN',
    message: expect.stringContaining('filon trust ls'),
  });
});
