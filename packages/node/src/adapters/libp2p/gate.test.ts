import { generateKeyPairSync } from 'node:crypto';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { MultiaddrConnection, PeerId } from '@libp2p/interface';
import { expect, test } from 'vitest';
import { createManualClock } from '../memory/clock.ts';
import { Gate } from './gate.ts';
import { keyIdOf, peerIdOf, privateKeyOf } from './keys.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { Link } from './link.ts';

/** A gate with the connections that it let in; who comes is a stranger unless it is told otherwise. */
function openGate() {
  const clock = createManualClock();
  const members = new Set<KeyId>();
  let links: Link[] = [];
  const gate = new Gate(DEFAULT_LIMITS, {
    clock,
    isMember: (peer) => members.has(peer),
    links: {
      all: () => [...links],
      of: (peer) => links.filter((link) => link.peer === peer),
      abort: (ended) => {
        links = links.filter((link) => !ended.includes(link));
      },
    },
  });
  const come = (host: string): KeyId => {
    const peer = newPeer();
    const address = `/ip4/${host}/tcp/4711`;
    const socket = { remoteAddr: { toString: () => address } } as MultiaddrConnection;
    const key = keyIdOf(peer) ?? '';
    expect(gate.denyInboundEncryptedConnection(peer, socket)).toBe(false);
    links.push({ peer: key, address, inbound: true, sinceMs: clock.monotonicMs() } as Link);
    clock.advance(1);
    return key;
  };
  const check = (): void => {
    const over = gate.overstayed(clock.monotonicMs());
    links = links.filter((link) => !over.includes(link));
  };
  return { clock, members, come, check, connected: () => links.map(({ peer }) => peer) };
}

function newPeer(): PeerId {
  const { publicKey } = privateKeyOf(generateKeyPairSync('ed25519').privateKey);
  return peerIdOf(Buffer.from(publicKey.raw).toString('base64url'));
}

test('a farm that starts together behind one address is let in, until each rig has shown what it is', () => {
  const { clock, members, come, check, connected } = openGate();
  const farm = Array.from({ length: 12 }, () => come('192.0.2.7'));
  expect(connected()).toEqual(farm);
  for (const rig of farm.slice(0, 7)) members.add(rig);
  clock.advance(DEFAULT_LIMITS.newcomerMs);
  check();
  expect(connected()).toEqual([...farm.slice(0, 7), ...farm.slice(-4)]);
});

test('a flood from a few subnets takes its own places, and not that of another who wants to join', () => {
  const { come, connected } = openGate();
  const joiner = come('192.0.2.7');
  for (let count = 0; count < 300; count++) come(`198.51.${count % 3}.7`);
  expect(connected()).toContain(joiner);
  expect(connected().length).toBeLessThanOrEqual(DEFAULT_LIMITS.strangersMax);
});
