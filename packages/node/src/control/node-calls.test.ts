/** The calls of a node, on the scripted engine. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createFixedModels, storedModel } from '../../../../test/kit/fixed-models.ts';
import { createAccess } from '../access/access.ts';
import { createManualClock } from '../adapters/memory/clock.ts';
import { createScriptedEngine } from '../adapters/memory/engine.ts';
import { createMemoryStore } from '../adapters/memory/store.ts';
import { configSchema, SETTING_NAMES, SETTINGS } from '../config/settings.ts';
import type { Clock } from '../ports/clock.ts';
import type { Engine } from '../ports/engine.ts';
import type { Serving, ServingControl } from '../serve/serving.ts';
import { TrustList } from '../swarm/membership/trust.ts';
import type { CallProgress, Control } from './calls.ts';
import { createNodeCalls, type NodeCallsDeps } from './node-calls.ts';
import type { Place } from './swarm-place.ts';

const signal = new AbortController().signal;
const MODEL = storedModel('tiny');
const settings = configSchema.parse(
  Object.fromEntries(SETTING_NAMES.map((name) => [name, SETTINGS[name].default])),
);

/** A node in no swarm. */
function alone(clock: Clock): Place {
  const operator = 'o'.repeat(43);
  return {
    operator,
    trust: new TrustList({ store: createMemoryStore(), clock }),
    swarm: null,
    look: () => null,
    reachability: () => null,
    enter: () => Promise.reject(new TypeError('no network here')),
  };
}

async function open(
  more: Partial<NodeCallsDeps> = {},
): Promise<{ control: Control; engine: Engine; stops: number[] }> {
  const clock = createManualClock();
  const engine = createScriptedEngine({ beforeToken: () => clock.advance(10) });
  const stops: number[] = [];
  const serving: Pick<Serving & ServingControl, 'load' | 'unload'> = {
    load: (_, options) =>
      engine.load(
        {
          model: MODEL.sha256,
          path: MODEL.path,
          device: null,
          mode: 'fast',
          contextTokens: 512,
          sessionsMax: 4,
        },
        options,
      ),
    unload: (_, options) => engine.unload(MODEL.sha256, options),
  };
  const control = createNodeCalls(
    { version: '1', home: '/home', url: 'http://x', lanUrls: () => [], fingerprint: null, settings },
    {
      clock,
      engine,
      models: createFixedModels([MODEL]),
      serving: serving as Serving & ServingControl,
      upstreams: { list: () => [] } as unknown as NodeCallsDeps['upstreams'],
      trainings: () => Promise.reject(new TypeError('nothing trains here')),
      access: createAccess(settings, { clock, store: createMemoryStore(), randomBytes }),
      place: alone(clock),
      certify: null,
      stopping: () => false,
      stop: () => stops.push(1),
      ...more,
    },
  );
  return { control, engine, stops };
}

test('load, running, unload', async () => {
  const { control } = await open();
  expect(await control.running({}, { signal })).toEqual([]);
  expect((await control.load({ name: 'tiny' }, { signal })).name).toBe('tiny');
  expect(await control.running({}, { signal })).toMatchObject([{ name: 'tiny', sessions: 0 }]);
  expect((await control.models({}, { signal })).stored).toMatchObject([{ name: 'tiny', loaded: true }]);
  await control.unload({ name: 'tiny' }, { signal });
  await expect(control.unload({ name: 'tiny' }, { signal })).rejects.toMatchObject({
    code: 'CONTROL_MODEL_NOT_LOADED',
  });
});

test('unknown models are named, with what to do', async () => {
  const { control } = await open();
  for (const call of ['load', 'unload', 'remove', 'show'] as const) {
    await expect(control[call]({ name: 'other' }, { signal })).rejects.toThrow(
      /no model "other" here.*filon ls --all/,
    );
  }
});

test('bench counts what was generated, once for every number of sessions', async () => {
  const { control, engine } = await open();
  await control.load({ name: 'tiny' }, { signal });
  const seen: CallProgress[] = [];
  const input = { name: 'tiny', sessions: [1, 64], promptTokens: 20, generatedTokens: 16 };
  const onProgress = (progress: CallProgress): void => void seen.push(progress);
  const report = await control.bench(input, { signal, onProgress });
  expect(report.runs.map((run) => [run.sessions, run.generatedTokens])).toEqual([
    [1, 16],
    [4, 64],
  ]);
  for (const run of report.runs) expect(run.decodeTokensPerSecond).toBeGreaterThan(0);
  expect(seen.length).toBeGreaterThan(2);
  expect(engine.status().sessions.every(({ count }) => count === 0)).toBe(true);
});

test('one session at 10 ms a token decodes 100 tokens a second', async () => {
  const { control } = await open();
  await control.load({ name: 'tiny' }, { signal });
  const input = { name: 'tiny', sessions: [1], promptTokens: 8, generatedTokens: 32 };
  const { runs } = await control.bench(input, { signal });
  expect(runs[0]?.decodeTokensPerSecond).toBeCloseTo(100);
});

test('bench stops with its caller', async () => {
  const leaving = new AbortController();
  const { control, engine } = await open();
  await control.load({ name: 'tiny' }, { signal });
  const input = { name: 'tiny', sessions: [2], promptTokens: 8, generatedTokens: 400 };
  const reason = new RangeError('enough');
  const onProgress = (progress: CallProgress): void => {
    if (progress.kind === 'share' && progress.share > 0) leaving.abort(reason);
  };
  await expect(control.bench(input, { signal: leaving.signal, onProgress })).rejects.toBe(reason);
  expect(engine.status().sessions.every(({ count }) => count === 0)).toBe(true);
});

test('certify goes to the engine, or says that it cannot', async () => {
  const none = await open();
  await expect(none.control.certify({ name: 'tiny' }, { signal })).rejects.toMatchObject({
    code: 'CONTROL_UNSUPPORTED',
  });
  const { control } = await open({ certify: async ({ sha256 }) => ({ sha256 }) });
  expect(await control.certify({ name: 'tiny' }, { signal })).toEqual({
    name: 'tiny',
    certificate: { sha256: MODEL.sha256 },
  });
});

test('shutdown asks and does not wait', async () => {
  const { control, stops } = await open();
  expect(await control.shutdown({}, { signal })).toEqual({ pid: process.pid, graceSeconds: 20 });
  expect(stops).toHaveLength(1);
});
