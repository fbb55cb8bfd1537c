/** Which models are in memory, where some are LoRAs on others. */
import { expect, test } from 'vitest';
import { storedModel } from '../../../../test/kit/fixed-models.ts';
import { answerOf, chatRequest, openScriptedServing, textOf } from '../../../../test/kit/scripted-serving.ts';
import type { StoredModel } from '../ports/models.ts';
import { WEIGHTS_SHARED_MAX } from './limits.ts';

const BASE = storedModel('tiny', 'a');
const OTHER = storedModel('other', 'b');

function loraOn(base: StoredModel, index: number): StoredModel {
  const digits = index.toString(16).padStart(2, '0');
  return {
    ...storedModel(`${base.name}:lora-${index}`),
    ...{ sha256: digits.repeat(32), path: `/loras/${index}` },
    lora: {
      ...{ sha256: `c${digits.slice(1)}`.repeat(32), base: base.sha256, baseName: base.name },
      ...{ baseBytes: base.bytes, basePath: base.path, rank: 4, trainedOn: null },
    },
  };
}

async function open(loras: number) {
  const specs: { model: string; path: string; loraPath?: string }[] = [];
  const stored = [BASE, OTHER, ...Array.from({ length: loras }, (_, index) => loraOn(BASE, index))];
  const scene = await openScriptedServing({ stored, beforeLoad: async (spec) => void specs.push(spec) });
  const ask = async (model: string): Promise<string> =>
    textOf(await answerOf(scene, chatRequest('Hello', { model })));
  return { ...scene, ask, specs };
}

test('a base and its LoRAs are in memory together, as one model', async () => {
  const { ask, serving, specs } = await open(2);
  await Promise.all(['tiny', 'tiny:lora-0', 'tiny:lora-1'].map(ask));
  expect(serving.stats().loaded.sort()).toEqual(['tiny', 'tiny:lora-0', 'tiny:lora-1']);
  expect(specs).toContainEqual(
    expect.objectContaining({ model: '00'.repeat(32), path: BASE.path, loraPath: '/loras/0' }),
  );
  expect(specs.find(({ model }) => model === BASE.sha256)).not.toHaveProperty('loraPath');
});

test('they leave together when another model needs the room', async () => {
  const { ask, serving } = await open(2);
  for (const model of ['tiny:lora-0', 'tiny', 'tiny:lora-1', 'other']) await ask(model);
  expect(serving.stats().loaded).toEqual(['other']);
  await ask('tiny:lora-1');
  expect(serving.stats().loaded).toEqual(['tiny:lora-1']);
});

test('of too many the one that was idle for longest leaves', async () => {
  const { ask, serving } = await open(WEIGHTS_SHARED_MAX + 1);
  for (let index = 0; index <= WEIGHTS_SHARED_MAX; index += 1) await ask(`tiny:lora-${index}`);
  const { loaded } = serving.stats();
  expect(loaded).toHaveLength(WEIGHTS_SHARED_MAX);
  expect(loaded).not.toContain('tiny:lora-0');
  expect(loaded).toContain(`tiny:lora-${WEIGHTS_SHARED_MAX}`);
});
