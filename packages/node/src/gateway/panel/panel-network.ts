/** The swarm as the Network page shows it: what matters most, within limits. */
import {
  PANEL_MODELS_MAX,
  PANEL_PEERS_MAX,
  PANEL_STEPS_MAX,
  type PanelMachine,
  type PanelNetwork,
  type PanelPeer,
  type PanelStep,
  type PanelTotals,
  type PanelWay,
} from '@filon/core/panel/network';
import { TIERS } from '@filon/core/serving/tier';
import { keyName } from '@filon/core/swarm/key-name';
import type { NetworkLook } from './network-view.ts';
import type { NotedWay } from './recent-ways.ts';

/** `look: null`: this node has no network. */
export function panelNetwork(
  look: NetworkLook | null,
  ways: readonly NotedWay[],
  atMs: number,
): PanelNetwork {
  const peers = look?.peers ?? [];
  return {
    atMs,
    swarm: look?.swarm ?? null,
    self: look === null ? null : withinLimits(look.self),
    peers: peers.toSorted(byWeight).slice(0, PANEL_PEERS_MAX).map(withinLimits),
    totals: totalsOf(look),
    ways: waysOf(ways, look),
  };
}

function totalsOf(look: NetworkLook | null): PanelTotals {
  const connected = look?.peers.filter(({ connection }) => connection !== null) ?? [];
  const machines = look === null ? [] : [look.self, ...connected];
  const tokensPerSecond = machines.reduce((sum, machine) => sum + fastest(machine), 0);
  return { peers: look?.peers.length ?? 0, connected: connected.length, tokensPerSecond };
}

function withinLimits<T extends PanelMachine>(machine: T): T {
  const { models, devices } = machine;
  return {
    ...machine,
    models: models.slice(0, PANEL_MODELS_MAX),
    devices: devices.slice(0, PANEL_MODELS_MAX),
  };
}

/** Connected ones first, then the closer tier, then the faster; the key makes it the same every time. */
function byWeight(one: PanelPeer, other: PanelPeer): number {
  return (
    Number(other.connection !== null) - Number(one.connection !== null) ||
    TIERS.indexOf(one.tier) - TIERS.indexOf(other.tier) ||
    fastest(other) - fastest(one) ||
    (one.key < other.key ? -1 : 1)
  );
}

function fastest({ models }: PanelMachine): number {
  return Math.max(0, ...models.map(({ tokensPerSecond }) => tokensPerSecond ?? 0));
}

function waysOf(ways: readonly NotedWay[], look: NetworkLook | null): PanelWay[] {
  const names = new Map(look?.peers.map(({ key, name }) => [key, name]));
  const alone: PanelStep = {
    node: null,
    name: look?.self.name ?? '',
    tier: 'own',
    numericClass: null,
    isUpstream: false,
  };
  return ways.map(({ servedBy, ...way }) => {
    const steps = servedBy.map(({ node, tier, numericClass, upstream = false }) => ({
      ...{ node, tier, numericClass, isUpstream: upstream },
      name: node === null ? alone.name : (names.get(node) ?? keyName(node)),
    }));
    return { ...way, steps: steps.length === 0 ? [alone] : endsOf(steps) };
  });
}

/** Where it began, and the last ones that went on with it. */
function endsOf(steps: PanelStep[]): PanelStep[] {
  return steps.length <= PANEL_STEPS_MAX
    ? steps
    : [...steps.slice(0, 1), ...steps.slice(1 - PANEL_STEPS_MAX)];
}
