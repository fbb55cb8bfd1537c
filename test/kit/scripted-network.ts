/** A swarm that the test writes: what a node would know of itself and of others. */
import { createHash } from 'node:crypto';
import type { PanelPeer, PanelSelf, PanelServed, PanelSwarm } from '@filon/core/panel/network';
import type { ServedBy } from '@filon/core/serving/completion';
import type { KeyId } from '@filon/core/swarm/key-id';
import { keyName } from '@filon/core/swarm/key-name';
import type { NetworkLook, NetworkView } from '@filon/node/gateway/panel/network-view';

export interface ScriptedNetwork extends NetworkView {
  /** From the next look on. */
  now(change: Partial<NetworkLook>): void;
}

export function createScriptedNetwork(look: Partial<NetworkLook> = {}): ScriptedNetwork {
  let shown: NetworkLook = { swarm: swarmOf(), self: selfOf(), peers: [], ...look };
  return {
    look: () => shown,
    now: (change) => {
      shown = { ...shown, ...change };
    },
  };
}

/** The same for the same word, and as good as any. */
export function keyOf(word: string): KeyId {
  return createHash('sha256').update(word).digest('base64url');
}

export function servedOf(name: string, more: Partial<PanelServed> = {}): PanelServed {
  return {
    ...{ name, numericClass: null, contextTokens: 8192, tokensPerSecond: 40, price: null, sessionsMax: 4 },
    ...{ load: { active: 0, queued: 0 }, ...more },
  };
}

export function selfOf(more: Partial<PanelSelf> = {}): PanelSelf {
  const key = keyOf('self');
  return {
    ...{ key, name: keyName(key), operator: keyOf('me'), version: '0.1.0', canRelay: false, devices: [] },
    ...{ models: [], reach: 'punched', addresses: [], ...more },
  };
}

export function peerOf(word: string, more: Partial<PanelPeer> = {}): PanelPeer {
  const key = keyOf(word);
  const connection = { reach: 'direct', roundTripMs: 12, receivedBytes: 4e6, sentBytes: 9e5 } as const;
  return {
    ...{ key, name: keyName(key), operator: keyOf('somebody'), version: '0.1.0', canRelay: false },
    ...{ devices: [], models: [], tier: 'open', connection, seenMs: Date.now() - 4_000 },
    ...{ expiresMs: Date.now() + 600_000, reliability: 1, ...more },
  };
}

export function swarmOf(more: Partial<PanelSwarm> = {}): PanelSwarm {
  return {
    ...{ name: 'veta', key: keyOf('swarm'), expiresMs: Date.now() + 6 * 86_400_000, isMember: true },
    ...{ mayInvite: true, hasReachable: true, ...more },
  };
}

export function servedByOf(word: string, more: Partial<ServedBy> = {}): ServedBy {
  return { node: keyOf(word), operator: keyOf('somebody'), tier: 'open', numericClass: null, ...more };
}

const P104 = '6 × NVIDIA P104-100';
const RX = '8 × AMD RX 580';

/** Rigs of several operators, near and far, as a busy evening might have them. */
export function busySwarm(): PanelPeer[] {
  const reached = (reach: 'direct' | 'punched' | 'relayed', roundTripMs: number | null) => ({
    connection: { reach, roundTripMs, receivedBytes: 8.2e7, sentBytes: 1.4e6 },
  });
  const mine = { tier: 'own', operator: keyOf('me') } as const;
  const friend = { tier: 'trusted', operator: keyOf('friend') } as const;
  const price = { promptPico: 50_000, answerPico: 200_000 };
  return [
    peerOf('garage', {
      ...{ ...mine, ...reached('direct', 1.4), devices: [P104], canRelay: true },
      models: [
        servedOf('qwen3-8b', {
          tokensPerSecond: 47,
          load: { active: 3, queued: 0 },
          numericClass: 'cuda-61/2',
        }),
        servedOf('smollm2-135m-instruct', { tokensPerSecond: 210 }),
      ],
    }),
    peerOf('attic', {
      ...{ ...mine, ...reached('punched', 9), devices: [RX] },
      models: [servedOf('gemma-3-4b', { tokensPerSecond: 33, load: { active: 1, queued: 0 } })],
    }),
    peerOf('friend-a', {
      ...{ ...friend, ...reached('direct', 24), devices: ['2 × NVIDIA RTX 3090'], canRelay: true },
      models: [
        servedOf('qwen3-8b', {
          tokensPerSecond: 92,
          load: { active: 4, queued: 3 },
          price,
          numericClass: 'cuda-86/1',
        }),
        servedOf('gemma-3-27b', { tokensPerSecond: 29, price: { promptPico: 200_000, answerPico: 900_000 } }),
      ],
    }),
    peerOf('friend-b', {
      ...{ ...friend, ...reached('punched', 41), devices: [P104] },
      models: [servedOf('qwen3-8b', { tokensPerSecond: 44, numericClass: 'cuda-61/2', load: null })],
    }),
    peerOf('far-a', {
      ...{ ...reached('relayed', 188), devices: [RX], reliability: 0.72 },
      models: [servedOf('llama-3.1-8b', { tokensPerSecond: 26, load: { active: 2, queued: 0 }, price })],
    }),
    peerOf('far-b', {
      ...{ ...reached('direct', 130), devices: ['12 × NVIDIA P106-100'] },
      models: [servedOf('gemma-3-4b', { tokensPerSecond: 21, load: { active: 0, queued: 0 } })],
    }),
    peerOf('new-one', { ...reached('punched', null), reliability: null, models: [] }),
    peerOf('asleep', {
      connection: null,
      seenMs: Date.now() - 500_000,
      devices: [P104],
      models: [servedOf('qwen3-8b')],
    }),
  ];
}
