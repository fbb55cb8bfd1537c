/** The rigs of one operator, seen from any of them: what they announce, and how busy they are just now. */
import type { NetworkLook, PanelPeer } from '@filon/core/panel/network';
import type { KeyId } from '@filon/core/swarm/key-id';
import { keyName } from '@filon/core/swarm/key-name';
import type { Waiting } from '../ports/engine.ts';
import type { OpenSwarm } from '../swarm/open-swarm.ts';
import type { RigProblem, RigView } from './swarm-calls.ts';
import type { Place } from './swarm-place.ts';

/** For all of them together. */
const ASK_MS = 2000;
/** Of what this node asked of it; below, it is told as a problem. */
const RELIABLE_SHARE = 0.5;

/** This node first, then the others by name. */
export async function rigsOf(place: Place, { signal }: Waiting): Promise<RigView[]> {
  const look = place.look();
  const { swarm } = place;
  if (look === null || swarm === null) return [];
  const rigs = look.peers.filter(({ operator }) => operator === place.operator).map(({ key }) => key);
  const within = AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]);
  await Promise.allSettled(rigs.map((rig) => askLoad(rig, swarm, { signal: within })));
  signal.throwIfAborted();
  const asked = place.look() ?? look;
  const self = selfView(asked, swarm);
  const seen = asked.peers
    .filter(({ operator }) => operator === place.operator)
    .map((peer) => viewOf(peer, swarm, self.version));
  const known = new Set([self.node, ...seen.map(({ node }) => node)]);
  const away = swarm.membership
    .metBefore()
    .filter(({ node, operator }) => operator === place.operator && !known.has(node))
    .map(({ node, seenMs }) => awayView(node, seenMs));
  return [self, ...[...seen, ...away].toSorted((a, b) => (a.name < b.name ? -1 : 1))];
}

function selfView({ self }: NetworkLook, { others }: OpenSwarm): RigView {
  const { key, name, version, devices, models } = self;
  const cards = [...(others.announcer.said()?.devices ?? [])];
  const view = { state: 'up', version, cards, models } as const;
  return {
    ...{ node: key, name, isSelf: true, state: 'up', reach: null, version, devices, cards, models },
    ...{ roundTripMs: 0, seenMs: null, problems: problemsOf(view, { version, reliability: null }) },
  };
}

function viewOf(peer: PanelPeer, { others }: OpenSwarm, ownVersion: string | null): RigView {
  const { key, name, version, devices, models, connection, seenMs, reliability } = peer;
  const state = stateOf(peer);
  const cards = [...(others.directory.find(key)?.announcement.devices ?? [])];
  const roundTripMs = connection?.roundTripMs ?? null;
  return {
    ...{ node: key, name, isSelf: false, state, reach: connection?.reach ?? null, version, devices, cards },
    ...{ models, roundTripMs, seenMs },
    problems: problemsOf({ state, version, cards, models }, { version: ownVersion, reliability }),
  };
}

/** One whose membership has expired since it was met. */
function awayView(node: KeyId, seenMs: number): RigView {
  return {
    ...{ node, name: keyName(node), isSelf: false, state: 'gone', reach: null, version: null, devices: [] },
    ...{ cards: [], models: [], roundTripMs: null, seenMs, problems: ['gone'] },
  };
}

function stateOf({ connection, hasLeft, expiresMs }: PanelPeer): RigView['state'] {
  if (hasLeft) return 'left';
  if (connection !== null) return 'up';
  return expiresMs === null ? 'gone' : 'heard';
}

export function problemsOf(
  { state, version, cards, models }: Pick<RigView, 'state' | 'version' | 'cards' | 'models'>,
  own: { version: string | null; reliability: number | null },
): RigProblem[] {
  if (state === 'gone' || state === 'left') return [state];
  const found: [RigProblem, boolean][] = [
    ['unconnected', state === 'heard'],
    // A rig that has just come up has not announced itself yet.
    ['no-devices', version !== null && cards.length === 0],
    ['no-model', models.length === 0],
    ['busy', models.some(({ load }) => (load?.queued ?? 0) > 0)],
    ['version', version !== null && version !== own.version],
    ['unreliable', (own.reliability ?? 1) < RELIABLE_SHARE],
  ];
  return found.flatMap(([problem, holds]) => (holds ? [problem] : []));
}

async function askLoad(rig: KeyId, { others }: OpenSwarm, options: Waiting): Promise<void> {
  const { directory, finder, probe } = others;
  const models = directory.find(rig)?.announcement.models ?? [];
  await finder.reach(rig, options);
  for (const { model } of models) await probe.ask(rig, { model, prefix: new Uint8Array(0) }, options);
}
