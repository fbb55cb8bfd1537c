import { generateKeyPairSync } from 'node:crypto';
import type { KeyId } from '@filon/core/swarm/key-id';
import { expect, test } from 'vitest';
import { openLinkShaper } from '../../../../../test/kit/link-shaper.ts';
import { describeNetwork } from '../../../../../test/kit/network-conformance.ts';
import type { Clock } from '../../ports/clock.ts';
import { openLibp2pNetwork } from './network.ts';

const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: () => Promise.reject(new RangeError('nothing here sleeps by the clock')),
};

describeNetwork('libp2p', async () => {
  const members = new Set<KeyId>();
  const isMember = (peer: KeyId): boolean => members.has(peer);
  const open = (announce: readonly string[]) => {
    const { privateKey } = generateKeyPairSync('ed25519');
    return openLibp2pNetwork(
      { key: privateKey, listen: ['/ip4/127.0.0.1/tcp/0'], announce },
      { isMember, clock },
    );
  };
  const a = await open([]);
  let port = 0;
  const shaper = await openLinkShaper(() => ({ host: '127.0.0.1', port }));
  const b = await open([`/ip4/127.0.0.1/tcp/${shaper.port}`]);
  port = Number(b.listening()[0]?.split('/').at(-1));
  members.add(a.self).add(b.self);
  return {
    ...{ a, b, members },
    reach: 'direct',
    cut: () => shaper.cut(),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([a, b].map((network) => network[Symbol.asyncDispose]()));
      await shaper[Symbol.asyncDispose]();
    },
  };
});

test('a node on all interfaces tells others of loopback only where there is nothing else', async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  await using node = await openLibp2pNetwork(
    { key: privateKey, listen: ['/ip4/0.0.0.0/tcp/0'] },
    { isMember: () => true, clock },
  );
  const loopback = node.listening().filter((address) => address.startsWith('/ip4/127.'));
  expect(loopback).not.toEqual([]);
  const others = node.listening().filter((address) => !loopback.includes(address));
  expect(node.addresses()).toEqual(others.length > 0 ? others : loopback);
});
