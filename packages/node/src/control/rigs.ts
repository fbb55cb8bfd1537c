/** The rigs of one operator, seen from any of them: what they announce, and how busy they are just now. */
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Waiting } from '../ports/engine.ts';
import type { OpenSwarm } from '../swarm/open-swarm.ts';
import type { RigView } from './swarm-calls.ts';
import type { Place } from './swarm-place.ts';

/** For all of them together. */
const ASK_MS = 2000;

export async function rigsOf(place: Place, { signal }: Waiting): Promise<RigView[]> {
  const look = place.look();
  const { swarm } = place;
  if (look === null || swarm === null) return [];
  const rigs = look.peers.filter(({ operator }) => operator === place.operator).map(({ key }) => key);
  const within = AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]);
  await Promise.allSettled(rigs.map((rig) => askLoad(rig, swarm, { signal: within })));
  signal.throwIfAborted();
  const asked = place.look() ?? look;
  const self: RigView = {
    ...asked.self,
    ...{ node: asked.self.key, isSelf: true, state: 'up', roundTripMs: 0, seenMs: null },
  };
  const others = asked.peers
    .filter(({ key }) => rigs.includes(key))
    .map(({ key, name, version, devices, models, connection, expiresMs, seenMs }): RigView => {
      const state = connection !== null ? 'up' : expiresMs !== null ? 'heard' : 'gone';
      const roundTripMs = connection?.roundTripMs ?? null;
      return { node: key, name, isSelf: false, state, version, devices, models, roundTripMs, seenMs };
    });
  return [self, ...others].map(({ node, name, isSelf, ...rest }) => ({
    ...{ node, name, isSelf, state: rest.state, version: rest.version, devices: rest.devices },
    ...{ models: rest.models, roundTripMs: rest.roundTripMs, seenMs: rest.seenMs },
  }));
}

async function askLoad(rig: KeyId, { others }: OpenSwarm, options: Waiting): Promise<void> {
  const { directory, finder, probe } = others;
  const models = directory.find(rig)?.announcement.models ?? [];
  await finder.reach(rig, options);
  for (const { model } of models) await probe.ask(rig, { model, prefix: new Uint8Array(0) }, options);
}
