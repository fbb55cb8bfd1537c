import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFixedModels, storedModel } from '../../../test/kit/fixed-models.ts';
import { createSystemClock } from './adapters/local/clock.ts';
import { createScriptedEngine } from './adapters/memory/engine.ts';
import { createMemoryLog } from './adapters/memory/log.ts';
import { createMemoryStore } from './adapters/memory/store.ts';
import { loadConfig } from './config/load.ts';
import { openIdentity } from './home/identity.ts';
import { homePaths } from './home/paths.ts';
import { openSwarmPlace, type SwarmPlaceDeps } from './open-swarm.ts';
import type { GuestSeats } from './ports/replicas.ts';

const seats: GuestSeats = {
  take: () => Promise.reject(new RangeError('there are none')),
  offers: () => [],
};

/** A home; each `open` is a life of a node in it. */
function openHome(settings: Record<string, unknown> = {}) {
  const home = mkdtempSync(join(tmpdir(), 'filon-place-'));
  const log = createMemoryLog();
  const { values } = loadConfig({
    file: { swarmPort: 0, ...settings },
    filePath: '',
    environment: {},
    flags: {},
  });
  let opened = 0;
  const deps: SwarmPlaceDeps = {
    ...{ settings: values, version: '0.0.0', log, clock: createSystemClock(), store: createMemoryStore() },
    identity: openIdentity(homePaths(home), { passphraseFile: null }),
    engine: createScriptedEngine(),
    models: createFixedModels([storedModel('scripted-1m')]),
    onOpened: () => {
      opened += 1;
    },
  };
  return {
    open: () => openSwarmPlace(deps),
    timesOpened: () => opened,
    [Symbol.dispose]: () => rmSync(home, { recursive: true }),
  };
}

test('a node that is in no swarm has nothing of a network', async () => {
  using home = openHome();
  await using place = home.open();
  await place.start(seats);
  expect([place.swarm, place.look(), place.reachability(), place.replicas.models()]).toEqual([
    ...[null, null, null],
    [],
  ]);
  await place.goodbye();
  expect(home.timesOpened()).toBe(0);
});

test('work on a swarm opens the network, which stays as long as the node is a member', async () => {
  using home = openHome();
  await using place = home.open();
  await place.start(seats);
  const own = await place.enter(({ membership }) => membership.create('farm'));
  expect(place.swarm?.membership.status()).toMatchObject({ name: 'farm', swarm: own.swarm });
  expect(place.look()).toMatchObject({ swarm: { name: 'farm' }, self: { key: own.member.node } });
  const { swarm } = place;
  expect(await place.enter(async (again) => again === swarm)).toBe(true);
  await place.enter(({ membership }) => membership.leave());
  expect([place.swarm, place.look(), place.reachability()]).toEqual([null, null, null]);
  expect(home.timesOpened()).toBe(1);
});

test('work that comes to nothing leaves no network behind, and its failure is heard', async () => {
  using home = openHome();
  await using place = home.open();
  await place.start(seats);
  const joining = place.enter(({ membership }) => membership.leave());
  const making = place.enter(({ membership }) => membership.create('farm'));
  await expect(joining).rejects.toMatchObject({ code: 'SWARM_NONE' });
  await making;
  expect(place.swarm?.membership.status()).toMatchObject({ name: 'farm' });
  // The first one's was closed before the second one's was opened.
  expect(home.timesOpened()).toBe(2);
});

test('a node that starts again is where it was; one that has ended opens nothing any more', async () => {
  using home = openHome();
  const first = home.open();
  await first.start(seats);
  await first.enter(({ membership }) => membership.create('farm'));
  await first[Symbol.asyncDispose]();
  expect(first.swarm).toBeNull();
  await expect(first.enter(async () => undefined)).rejects.toMatchObject({ code: 'SERVE_STOPPING' });
  await using second = home.open();
  await second.start(seats);
  expect(second.swarm?.membership.status()).toMatchObject({ name: 'farm' });
  expect(home.timesOpened()).toBe(2);
});

test('a port that is taken is told with what to do about it', async () => {
  using home = openHome();
  await using place = home.open();
  await place.start(seats);
  await place.enter(({ membership }) => membership.create('farm'));
  const port = Number(place.look()?.self.addresses[0]?.split('/').at(-1));
  using other = openHome({ swarmPort: port });
  await using beside = other.open();
  await beside.start(seats);
  const failing = beside.enter(({ membership }) => membership.create('other'));
  await expect(failing).rejects.toMatchObject({
    code: 'NETWORK_LISTEN_FAILED',
    message: expect.stringContaining('swarmPort'),
  });
});
