/** Swarms that tests write: what a node would know of itself and of others. */
import type { ServedBy } from '../serving/completion.ts';
import type { KeyId } from '../swarm/key-id.ts';
import { keyName } from '../swarm/key-name.ts';
import type { PanelPeer, PanelSelf, PanelServed, PanelSwarm } from './network.ts';

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Nothing in these swarms changes before it is over. */
export const FIXTURE_MS = 4_000_000_000_000;

/** The same for the same word, and as good as any. */
export function keyOf(word: string): KeyId {
  let state = [...word].reduce(
    (sum, character) => Math.imul(sum ^ (character.codePointAt(0) ?? 0), 16_777_619),
    2_166_136_261,
  );
  const digits = Array.from({ length: 42 }, () => {
    state = Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9;
    return BASE64URL[(state >>> 20) & 63] ?? '';
  });
  return `${digits.join('')}A`;
}

export function servedOf(name: string, more: Partial<PanelServed> = {}): PanelServed {
  return {
    ...{
      name,
      numericClass: null,
      upstream: null,
      contextTokens: 8192,
      tokensPerSecond: 40,
      price: null,
      sessionsMax: 4,
    },
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
    ...{ devices: [], models: [], tier: 'open', connection, seenMs: FIXTURE_MS - 4_000 },
    ...{ expiresMs: FIXTURE_MS + 600_000, hasLeft: false, reliability: 1, ...more },
  };
}

export function swarmOf(more: Partial<PanelSwarm> = {}): PanelSwarm {
  return {
    ...{ name: 'veta', key: keyOf('swarm'), expiresMs: FIXTURE_MS + 6 * 86_400_000, isMember: true },
    ...{ mayInvite: true, hasReachable: true, ...more },
  };
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
      seenMs: FIXTURE_MS - 500_000,
      devices: [P104],
      models: [servedOf('qwen3-8b')],
    }),
  ];
}
export function servedByOf(word: string, more: Partial<ServedBy> = {}): ServedBy {
  return { node: keyOf(word), operator: keyOf('somebody'), tier: 'open', numericClass: null, ...more };
}
