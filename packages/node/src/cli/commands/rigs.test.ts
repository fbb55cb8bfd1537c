import { servedOf } from '@filon/core/panel/network.fixture';
import { expect, test } from 'vitest';
import type { RigView } from '../../control/swarm-calls.ts';
import { rigsText } from './rigs.ts';

const rig = (more: Partial<RigView>): RigView => ({
  ...{ node: 'k', name: 'lusab-babad', isSelf: false, state: 'up', reach: 'direct', version: '1' },
  ...{ devices: [], cards: [], models: [], roundTripMs: 4, seenMs: null, problems: [], ...more },
});

test('a farm is told card by card, with what is wrong', () => {
  const cards = [{ backend: 'vulkan', name: 'RX 580', memoryBytes: 8e9, count: 8 }];
  const models = [servedOf('tiny', { tokensPerSecond: 30, load: { active: 4, queued: 2 } })];
  const text = rigsText([
    rig({ isSelf: true }),
    rig({ cards, models, problems: ['busy', 'version'] }),
    rig({ state: 'gone', seenMs: 0, problems: ['gone'] }),
  ]);
  const [head, self, busy, gone] = text.split('\n');
  expect(head).toMatch(/^RIG +STATE .* PROBLEMS$/);
  expect(self).toMatch(/^lusab-babad \(this node\) +up/);
  expect(busy).toMatch(/8 x RX 580 [\d.]+ GB +tiny 30\.0\/s \(4\+2\) +requests wait, another version$/);
  expect(gone).toMatch(/gone, seen 19(69|70)-.* not heard of any more$/);
  expect(rigsText([])).toContain('no swarm');
});
