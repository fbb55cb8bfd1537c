/** A driver without a model or an upstream, and hosts that have upstreams, in one process: real messages, manual time. */
import { createManualClock, type ManualClock } from '@filon/node/adapters/memory/clock';
import type { MemoryEndpoint } from '@filon/node/adapters/memory/upstreams';
import type { NewUpstream } from '@filon/node/serve/upstream/places';
import {
  type AnsweringSwarm,
  answeringSwarm,
  type Belief,
  type HostingNode,
  type HostOptions,
} from './answering-swarm.ts';
import { farEndpoint, openUpstreamScene, passing, type UpstreamScene, URL_A } from './upstream-scene.ts';

export interface UpstreamHost extends Belief, Pick<HostOptions, 'rules' | 'sees'> {
  endpoints?: Record<string, MemoryEndpoint>;
  add?: Partial<NewUpstream>;
}

export interface UpstreamSwarm extends AsyncDisposable {
  clock: ManualClock;
  swarm: AnsweringSwarm;
  driver: UpstreamScene;
  hosts: { scene: UpstreamScene; node: HostingNode }[];
}

export async function openUpstreamSwarm(
  hosts: readonly UpstreamHost[],
  options: Pick<NonNullable<Parameters<typeof openUpstreamScene>[1]>, 'stored' | 'answer'> = {},
): Promise<UpstreamSwarm> {
  const clock = createManualClock({ nowMs: 1_700_000_000_000 });
  const swarm = answeringSwarm(clock);
  const opened: UpstreamSwarm['hosts'] = [];
  for (const [index, { endpoints = { [URL_A]: farEndpoint() }, add, ...more }] of hosts.entries()) {
    const scene = await openUpstreamScene(endpoints, { clock });
    for (const url of Object.keys(endpoints)) await scene.add({ url, ...add });
    scene.upstreams.requests.length = 0;
    const { tier, change, ...told } = more;
    const belief = { ...(tier && { tier }), ...(change && { change }) };
    const guests = scene.serving.guests();
    opened.push({ scene, node: await swarm.host({ name: `host${index}`, guests, ...told }, belief) });
  }
  const driver = await openUpstreamScene({}, { clock, replicas: swarm.replicas, stored: [], ...options });
  return {
    ...{ clock, swarm, driver, hosts: opened },
    [Symbol.asyncDispose]: async () => {
      await driver[Symbol.asyncDispose]();
      await passing(clock, Promise.resolve(swarm[Symbol.asyncDispose]()));
      for (const { scene } of opened) await scene[Symbol.asyncDispose]();
    },
  };
}
