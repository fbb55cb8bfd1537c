import { servedOf } from '@filon/core/panel/network.fixture';
import { expect, test } from 'vitest';
import { problemsOf } from './rigs.ts';
import type { RigProblem, RigView } from './swarm-calls.ts';

const card = { backend: 'vulkan', name: 'RX 580', memoryBytes: 8e9, count: 8 };
const well = { state: 'up', version: '1', cards: [card], models: [servedOf('tiny')] } as const;
const own = { version: '1', reliability: null };

test.each<[string, Partial<RigView>, Partial<typeof own> | { reliability: number }, RigProblem[]]>([
  ['that does well', {}, {}, []],
  ['that is heard of through others', { state: 'heard' }, {}, ['unconnected']],
  ['that stopped by itself', { state: 'left', models: [] }, {}, ['left']],
  ['that is gone', { state: 'gone', models: [] }, {}, ['gone']],
  ['whose cards are lost', { cards: [] }, {}, ['no-devices']],
  ['that has just come up', { cards: [], version: null, models: [] }, {}, ['no-model']],
  ['of another version', { version: '2' }, {}, ['version']],
  ['at which requests wait', { models: [servedOf('a', { load: { active: 4, queued: 1 } })] }, {}, ['busy']],
  ['that fails', {}, { reliability: 0.2 }, ['unreliable']],
])('a rig %s', (_, rig, more, problems) => {
  expect(
    problemsOf({ ...well, cards: [card], models: [...well.models], ...rig }, { ...own, ...more }),
  ).toEqual(problems);
});
