import { selfOf, swarmOf } from '@filon/core/panel/network.fixture';
import { expect, test } from 'vitest';
import type { NodeStatus } from '../control/calls.ts';
import { modelsText, swarmLines } from './swarm-words.ts';

function statusWith(passedOn: object | null, lost: string | null = null): NodeStatus {
  const reachability = { state: 'unknown', reached: [], seenHosts: [], relays: [], passedOn };
  const swarm = { swarm: { ...swarmOf(), lost }, self: selfOf(), reachability, members: 2, connected: 1 };
  return { swarm } as unknown as NodeStatus;
}

test('the owner of a relay sees what it passed on of what it may', () => {
  const passedOn = { circuits: 1, bytes: 3e9, bytesToday: 12_000_000, bytesPerDayMax: 1e9, refused: 0 };
  expect(swarmLines(statusWith(passedOn)).at(-1)).toMatch(
    /^Passed on {3}\S+ \S+ of \S+ \S+ today, \S+ \S+ in all, for 1 pairs of members now$/,
  );
  expect(swarmLines(statusWith(null)).join()).not.toContain('Passed on');
});

test('whoever is no member any more is told why, and what to do', () => {
  const line = (lost: string): string => swarmLines(statusWith(null, lost)).join('\n');
  expect(line('disowned')).toMatch(/its operator disowned .* with an invite/);
  expect(line('revoked')).toMatch(/it was revoked.* `filon swarm readmit`/);
  expect(line('expired')).toMatch(/expired.* clock/);
});

test('a node with many models does not make a table that nobody can read', () => {
  const served = (name: string) => ({
    ...{ name, numericClass: null, upstream: null, contextTokens: 0, tokensPerSecond: null, price: null },
    ...{ sessionsMax: 1, load: null },
  });
  const models = ['a', 'b', 'c', 'd', 'e'].map(served);
  expect(modelsText({ models })).toBe('a, b, c, 2 more');
  expect(modelsText({ models: models.slice(0, 3) })).toBe('a, b, c');
});
