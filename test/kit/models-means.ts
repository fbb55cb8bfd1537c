/** What the models' adapters need of the world, for their tests: real time, and a store that forgets. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryStore } from '@filon/node/adapters/memory/store';
import type { Clock } from '@filon/node/ports/clock';
import type { Store } from '@filon/node/ports/store';

export const realClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (durationMs, { signal }) => sleep(durationMs, undefined, signal === undefined ? {} : { signal }),
};

export function createTestStore(): Store {
  return createMemoryStore();
}
