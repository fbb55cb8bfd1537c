import { expect, test } from 'vitest';
import { createManualClock } from '../adapters/memory/clock.ts';
import { createScriptedEngine } from '../adapters/memory/engine.ts';
import { createMemoryLog } from '../adapters/memory/log.ts';
import { createMemoryRig } from '../adapters/memory/rig.ts';
import type { Engine } from '../ports/engine.ts';
import type { Rig } from '../ports/rig.ts';
import { createLeasedEngine } from './leased-engine.ts';

const signal = new AbortController().signal;
const spec = (model: string) =>
  ({ model, path: '/x', device: null, mode: 'fast', contextTokens: 512, sessionsMax: 2 }) as const;

async function open(): Promise<{ engine: Engine; rig: Rig; card: string }> {
  const scripted = createScriptedEngine();
  const cards = await scripted.devices({ signal });
  const rig = createMemoryRig({ cards }, { clock: createManualClock() });
  const engine = createLeasedEngine({ engine: scripted, rig, log: createMemoryLog() });
  return { engine, rig, card: cards[0]?.id ?? '' };
}

test('the card is held from the first model to the last', async () => {
  const { engine, rig, card } = await open();
  expect(rig.holder(card)).toBeNull();
  await Promise.all([engine.load(spec('a'), { signal }), engine.load(spec('b'), { signal })]);
  expect(rig.holder(card)?.purpose).toBe('serve');
  await engine.unload('a', { signal });
  expect(rig.holder(card)?.purpose).toBe('serve');
  await engine.unload('b', { signal });
  expect(rig.holder(card)).toBeNull();
});

test('a card that somebody of higher right has is not computed on', async () => {
  const { engine, rig, card } = await open();
  await using _lease = await rig.lease(card, 'operator', { signal });
  await expect(engine.load(spec('a'), { signal })).rejects.toMatchObject({ code: 'RIG_CARD_HELD' });
  expect(engine.status().loaded).toEqual([]);
});

test('a card that a miner has is waited for', async () => {
  const { engine, rig, card } = await open();
  const mining = await rig.lease(card, 'mine', { signal });
  mining.revoked.addEventListener('abort', () => void mining[Symbol.asyncDispose]());
  await engine.load(spec('a'), { signal });
  expect(rig.holder(card)?.purpose).toBe('serve');
});

test('the operator gets the card, without the models', async () => {
  const { engine, rig, card } = await open();
  await engine.load(spec('a'), { signal });
  await using lease = await rig.lease(card, 'operator', { signal });
  expect(lease.purpose).toBe('operator');
  expect(engine.status().loaded).toEqual([]);
});
