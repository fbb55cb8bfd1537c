import type { Chunk, CompletionRequest } from '@filon/core/serving/completion';
import { describe, expect, test } from 'vitest';
import { type AnsweringSwarm, answeringSwarm } from '../../../../test/kit/answering-swarm.ts';
import {
  answerOf,
  chatRequest,
  MODEL,
  never,
  openScriptedServing,
  type ScriptedServing,
  type ScriptedServingOptions,
} from '../../../../test/kit/scripted-serving.ts';
import { createManualClock, type ManualClock } from '../adapters/memory/clock.ts';

interface Scene {
  clock: ManualClock;
  swarm: AnsweringSwarm;
  driver: ScriptedServing;
  hosts: ScriptedServing[];
}

/** A driver without a model, and hosts that have it loaded. */
async function scene(
  hosts: readonly ScriptedServingOptions[],
  driver: ScriptedServingOptions = {},
): Promise<Scene> {
  const clock = createManualClock();
  const swarm = answeringSwarm(clock);
  const served: ScriptedServing[] = [];
  for (const [index, options] of hosts.entries()) {
    const host = await openScriptedServing({ config: { mode: 'exact' }, clock, ...options });
    await host.serving.load(MODEL, { signal: never });
    await swarm.host({ name: `host${index}`, guests: host.serving.guests() });
    served.push(host);
  }
  const config = { mode: 'exact' } as const;
  const asking = await openScriptedServing({
    config,
    clock,
    stored: [],
    replicas: swarm.replicas,
    ...driver,
  });
  return { clock, swarm, driver: asking, hosts: served };
}

const withoutPauses = (chunks: readonly Chunk[]): Chunk[] => chunks.filter(({ kind }) => kind !== 'pause');
const alone = async (request: CompletionRequest): Promise<Chunk[]> =>
  await answerOf(await openScriptedServing(), request);

describe('a node without any model', () => {
  test('chats with one that another node has', async () => {
    const { driver, hosts, swarm } = await scene([{}]);
    const request = chatRequest('What is in the vein?', { topLogprobs: 3, stop: ['zz'] });
    const answer = await answerOf(driver, request);
    expect(answer.slice(0, -1)).toEqual((await alone(request)).slice(0, -1));
    expect(answer.at(-1)).toMatchObject({
      kind: 'usage',
      servedBy: [{ node: swarm.hosts[0]?.key, tier: 'own', numericClass: 'scripted' }],
    });
    expect(hosts[0]?.engine.status().sessions[0]?.count).toBe(0);
  });

  test.each([0, 0.8])(
    'goes on at another node wherever the first is lost, at temperature %d',
    async (temperature) => {
      const request = chatRequest('What is in the vein?', {
        sampling: { ...chatRequest('').sampling, temperature },
      });
      const whole = await alone(request);
      const tokens = whole.at(-1);
      const count = tokens?.kind === 'usage' ? tokens.usage.completionTokens : 0;
      for (let at = 0; at <= count; at++) {
        let cut = (): void => undefined;
        const { driver, swarm } = await scene([
          { beforeToken: ({ generated }) => (generated === at ? cut() : undefined) },
          {},
        ]);
        const [first] = swarm.hosts;
        cut = () => swarm.hub.cut(swarm.driver.self, first?.key ?? '');
        const answer = await answerOf(driver, request);
        expect(withoutPauses(answer).slice(0, -1)).toEqual(whole.slice(0, -1));
        expect(answer.some(({ kind }) => kind === 'pause')).toBe(true);
      }
      expect(count).toBeGreaterThan(10);
    },
  );
});
