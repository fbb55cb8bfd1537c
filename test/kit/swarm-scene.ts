/** Nodes of a swarm on networks in memory, under one clock that moves when it is told to. */
import { setImmediate } from 'node:timers/promises';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Signer } from '@filon/core/swarm/signed';
import { createManualClock, type ManualClock } from '@filon/node/adapters/memory/clock';
import { createMemoryLog } from '@filon/node/adapters/memory/log';
import { createMemoryHub, type MemoryHub } from '@filon/node/adapters/memory/network';
import { createMemoryStore } from '@filon/node/adapters/memory/store';
import { secretKey } from '@filon/node/home/ed25519';
import type { Clock } from '@filon/node/ports/clock';
import type { Network, PeerAddress } from '@filon/node/ports/network';
import type { Store } from '@filon/node/ports/store';
import type { Identity } from '@filon/node/swarm/membership/identity';
import { Membership } from '@filon/node/swarm/membership/membership';
import { openRoster, type Roster } from '@filon/node/swarm/membership/roster';
import { verifyEd25519 } from '@filon/node/swarm/membership/verify';
import { keyNamed, NOW_MS } from './swarm-keys.ts';

export interface SceneNode extends AsyncDisposable {
  key: KeyId;
  identity: Identity;
  store: Store;
  roster: Roster;
  network: Network;
  membership: Membership;
  address: PeerAddress;
  events: string[];
  /** What its log was told, as `event code`. */
  logged: () => string[];
}

export interface SceneOptions {
  store?: Store;
  /** What its wall clock is wrong by. */
  aheadMs?: number;
  /** None: it cannot be dialled. */
  addresses?: string[];
  operator?: string;
}

export interface Scene {
  clock: ManualClock;
  hub: MemoryHub;
  open(name: string, options?: SceneOptions): SceneNode;
  /** One that made a swarm, and others that it invited. */
  swarm(...names: string[]): Promise<SceneNode[]>;
  join(node: SceneNode, invite: string): Promise<unknown>;
  /** Lets everything happen that needs no time, then time pass, in steps. */
  pass(durationMs: number, stepMs?: number): Promise<void>;
  until(condition: () => boolean): Promise<void>;
}

const SPINS_MAX = 2000;

export const never: AbortSignal = new AbortController().signal;

export function identityNamed(name: string, operator = `${name}'s operator`): Identity {
  const swarms = new Map<KeyId, Signer>();
  return {
    node: keyNamed(name),
    operator: keyNamed(operator),
    signerOf: secretKey,
    swarmKey: (swarm) => swarms.get(swarm) ?? null,
    createSwarmKey: () => {
      const key = keyNamed(`${name}'s swarm ${swarms.size}`);
      swarms.set(key.key, key);
      return key;
    },
  };
}

export function openScene(): Scene {
  const clock = createManualClock({ nowMs: NOW_MS });
  const hub = createMemoryHub({ clock });
  const identities = new Map<string, Identity>();
  const settle = async (): Promise<void> => {
    for (let spin = 0; spin < 20; spin += 1) await setImmediate();
  };
  const open = (name: string, options: SceneOptions = {}): SceneNode => {
    const identity = identities.get(name) ?? identityNamed(name, options.operator);
    identities.set(name, identity);
    return openNode({ clock, hub, identity }, options);
  };
  const join = (node: SceneNode, invite: string) => node.membership.join(invite, { signal: never });
  return {
    ...{ clock, hub, open, join },
    swarm: async (first = 'root', ...others) => {
      const root = open(first);
      await root.membership.create('garage');
      const nodes = [root];
      for (const name of others) {
        const node = open(name);
        await join(node, root.membership.invite().invite);
        nodes.push(node);
      }
      return nodes;
    },
    pass: async (durationMs, stepMs = durationMs) => {
      await settle();
      for (let leftMs = durationMs; leftMs > 0; leftMs -= stepMs) {
        clock.advance(Math.min(stepMs, leftMs));
        await settle();
      }
    },
    until: async (condition) => {
      for (let spin = 0; !condition(); spin += 1) {
        if (spin > SPINS_MAX) throw new RangeError(`it never became true: ${condition}`);
        await setImmediate();
      }
    },
  };
}

function openNode(
  { clock, hub, identity }: { clock: ManualClock; hub: MemoryHub; identity: Identity },
  options: SceneOptions,
): SceneNode {
  const { store = createMemoryStore(), aheadMs = 0, addresses } = options;
  const own: Clock = { ...forward(clock), nowMs: () => clock.nowMs() + aheadMs };
  const log = createMemoryLog();
  const deps = { store, identity, clock: own, verify: verifyEd25519 };
  const roster = openRoster(deps);
  const { key } = identity.node;
  const isMember = (peer: KeyId): boolean => roster.list.find(peer) !== null;
  const network = hub.open({ key, isMember, ...(addresses === undefined ? {} : { addresses }) });
  const randomBytes = (count: number) => crypto.getRandomValues(new Uint8Array(count));
  const membership = new Membership({ ...deps, roster, network, log, randomBytes, random: Math.random });
  const events: string[] = [];
  roster.list.watch(({ kind, member }) => events.push(`${kind} ${member.node}`));
  return {
    ...{ key, identity, store, roster, network, membership, events },
    address: { peer: key, addresses: network.addresses() },
    logged: () => log.lines.map(({ event, fields }) => `${event} ${fields?.['code'] ?? ''}`.trim()),
    [Symbol.asyncDispose]: async () => {
      await membership[Symbol.asyncDispose]();
      await network[Symbol.asyncDispose]();
    },
  };
}

function forward(clock: Clock): Pick<Clock, 'monotonicMs' | 'sleep'> {
  return {
    monotonicMs: () => clock.monotonicMs(),
    sleep: (durationMs, options) => clock.sleep(durationMs, options),
  };
}
