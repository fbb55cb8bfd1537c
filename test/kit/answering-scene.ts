/** A driver and hosts with scripted engines, connected by memory networks; time passes when it is told to. */
import type { Chunk, CompletionRequest } from '@filon/core/serving/completion';
import { createManualClock, type ManualClock } from '@filon/node/adapters/memory/clock';
import { type AnsweringSwarm, answeringSwarm, type Belief, type HostOptions } from './answering-swarm.ts';
import {
  answerOf,
  MODEL,
  never,
  openScriptedServing,
  type ScriptedServing,
  type ScriptedServingOptions,
} from './scripted-serving.ts';

export interface AnsweringScene {
  clock: ManualClock;
  swarm: AnsweringSwarm;
  driver: ScriptedServing;
  hosts: ScriptedServing[];
}

export interface SceneHost extends ScriptedServingOptions, Belief, Pick<HostOptions, 'rules' | 'sees'> {}

/** Every host has the model loaded, the driver has none unless it is told so. All are exact unless told otherwise. */
export async function answeringScene(
  hosts: readonly SceneHost[],
  driver: ScriptedServingOptions = {},
): Promise<AnsweringScene> {
  const clock = createManualClock();
  const swarm = answeringSwarm(clock);
  const served: ScriptedServing[] = [];
  for (const [index, { tier, change, rules, sees, config, ...script }] of hosts.entries()) {
    const host = await openScriptedServing({ clock, ...script, config: { mode: 'exact', ...config } });
    await host.serving.load(MODEL, { signal: never });
    const options = { name: `host${index}`, guests: host.serving.guests() };
    const belief = { ...(tier && { tier }), ...(change && { change }) };
    await swarm.host({ ...options, ...(rules && { rules }), ...(sees !== undefined && { sees }) }, belief);
    served.push(host);
  }
  const asking = await openScriptedServing({
    ...{ clock, stored: [], replicas: swarm.replicas },
    ...driver,
    config: { mode: 'exact', ...driver.config },
  });
  return { clock, swarm, driver: asking, hosts: served };
}

/** As a node answers that has the model itself and is not disturbed. */
export async function alone(request: CompletionRequest): Promise<Chunk[]> {
  return await answerOf(await openScriptedServing(), request);
}

/** Lets time pass in small steps until the work is over; how much passed. */
export async function passUntil(
  clock: ManualClock,
  work: Promise<unknown>,
  { stepMs = 25, mostMs = 600_000 }: { stepMs?: number; mostMs?: number } = {},
): Promise<number> {
  const startMs = clock.monotonicMs();
  let over = false;
  const done = (): void => {
    over = true;
  };
  work.then(done, done);
  for (;;) {
    for (let turn = 0; turn < 12 && !over; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (over) return clock.monotonicMs() - startMs;
    if (clock.monotonicMs() - startMs > mostMs) throw new RangeError(`not over after ${mostMs} ms`);
    clock.advance(stepMs);
  }
}

/** Lets what needs no time happen. */
export async function settle(turns = 40): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Before it computes that token a host does something; what it drew before is on its way by then. */
export function atToken(at: number, act: () => void): (step: { generated: number }) => Promise<void> {
  return async ({ generated }) => {
    await settle(2);
    if (generated === at) act();
  };
}

export function withoutPauses(chunks: readonly Chunk[]): Chunk[] {
  return chunks.filter(({ kind }) => kind !== 'pause');
}
