import type { LoadedModel } from '@filon/core/serving/session';
import { expect, test } from 'vitest';
import { createFixedModels } from '../../../../../test/kit/fixed-models.ts';
import { never, openScriptedServing } from '../../../../../test/kit/scripted-serving.ts';
import { createManualClock } from '../../adapters/memory/clock.ts';
import { nodeStatus } from './node-status.ts';

const device = { id: 'gpu-0', backend: 'vulkan', name: 'GPU', memoryBytes: 1000, freeBytes: 900 } as const;
const loaded: LoadedModel = {
  ...{ model: 'a', mode: 'fast', device: 'gpu-0', architecture: 'llama', vocabTokens: 1, bytes: 400 },
  ...{ contextTokens: 1, trainedContextTokens: 1, sessionsMax: 1, embeddingLength: 1 },
  ...{ dialect: null, numericClass: null },
};

async function freeWith(...held: { device: string; bytes: number }[]): Promise<number | undefined> {
  const { serving, engine } = await openScriptedServing();
  const node = {
    ...{
      clock: createManualClock(),
      network: null,
      about: { version: '1', defaultModel: 'a' },
      residentBytes: () => 1,
      trainings: () => Promise.reject(new TypeError('nothing trains here')),
    },
    ...{ models: createFixedModels([]), control: serving, diskFreeBytes: async () => 1 },
    engine: {
      devices: async () => [device],
      status: () => ({ ...engine.status(), loaded: held.map((one) => ({ ...loaded, ...one })) }),
    },
  };
  const told = await nodeStatus(
    { node, serving, answers: null, faults: [] },
    { startedMs: 0, signal: never },
  );
  return told.devices[0]?.freeBytes;
}

test('what models hold is not free, whatever the device said at the start', async () => {
  const here = 'gpu-0';
  expect(await freeWith()).toBe(900);
  expect(await freeWith({ device: here, bytes: 50 })).toBe(900);
  expect(await freeWith({ device: here, bytes: 400 }, { device: 'gpu-1', bytes: 500 })).toBe(600);
  expect(await freeWith({ device: here, bytes: 4000 })).toBe(0);
});
