import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { keyNamed } from '../../../../../test/kit/swarm-keys.ts';
import { createManualClock } from '../../adapters/memory/clock.ts';
import { createMemoryLog } from '../../adapters/memory/log.ts';
import { Announcer, type AnnouncerDeps } from './announcer.ts';

const MINUTE_MS = 60_000;

/** A node that hears itself, `said` counting what it said. */
function scene() {
  const clock = createManualClock({ nowMs: 1_800_000_000_000 });
  const log = createMemoryLog();
  const signer = keyNamed('node');
  const heard = { newestMs: 0, said: 0 };
  const directory = {
    newestMs: () => heard.newestMs,
    accept: () => {
      heard.newestMs = Math.max(clock.nowMs(), heard.newestMs + 1);
      heard.said += 1;
      return 'new';
    },
  };
  const deps: AnnouncerDeps = {
    ...{ clock, log, signer, draw: () => 0, devices: async () => [], stored: async () => [] },
    ...{ seats: { offers: () => [] }, measure: async () => undefined },
    network: { self: signer.key, addresses: () => [] },
    members: { own: () => ({ member: { proof: new Uint8Array(8) } }) } as unknown as AnnouncerDeps['members'],
    directory: directory as unknown as AnnouncerDeps['directory'],
    settings: () => ({ version: '1', serves: 'own', canRelay: false, price: null, payout: null }),
  };
  const pass = async (durationMs: number): Promise<void> => {
    for (let leftMs = durationMs; leftMs > 0; leftMs -= 1000) {
      clock.advance(1000);
      for (let i = 0; i < 10; i += 1) await turn();
    }
  };
  const warned = (): string[] => log.lines.filter(({ level }) => level === 'warn').map(({ event }) => event);
  return { announcer: new Announcer(deps), heard, clock, pass, warned };
}

test('a clock that was set back is outrun once, and that is no other node', async () => {
  const { announcer, heard, clock, pass, warned } = scene();
  await using _ = announcer;
  announcer.start();
  await pass(10_000);
  heard.newestMs = clock.nowMs() + MINUTE_MS;
  await pass(2 * MINUTE_MS);
  expect(heard.said).toBeGreaterThanOrEqual(2);
  expect(warned()).toEqual([]);
});

test('another node with the same key is noticed, and said once', async () => {
  const { announcer, heard, pass, warned } = scene();
  await using _ = announcer;
  announcer.start();
  for (let i = 0; i < 10; i += 1) {
    await pass(30_000);
    heard.newestMs += 5;
  }
  expect(warned()).toEqual(['swarm.key-used-twice']);
});
