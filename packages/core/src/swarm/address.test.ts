import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLoopbackAddress, isPrivateAddress, parseAddress, spreadOverSubnets, subnetOf } from './address.ts';

const KEY = `${'a'.repeat(42)}A`;
const parsed = (text: string) => {
  const address = parseAddress(text);
  if (address === null) throw new RangeError(text);
  return address;
};

test('addresses are read', () => {
  expect(parseAddress('/ip4/192.0.2.7/tcp/4711')).toEqual({
    kind: 'ip4',
    host: '192.0.2.7',
    port: 4711,
    relay: null,
  });
  expect(parsed('/ip6/2001:db8::7/tcp/1').kind).toBe('ip6');
  expect(parsed('/dns4/rig.example/tcp/65535').kind).toBe('dns');
  expect(parsed(`/relay/${KEY}/ip6/::1/tcp/80`).relay).toBe(KEY);
});

test.each([
  '',
  '/ip4/192.0.2.256/tcp/1',
  '/ip4/192.0.2/tcp/1',
  '/ip4/192.0.2.7/tcp/0',
  '/ip4/192.0.2.7/tcp/65536',
  '/ip4/192.0.2.7/udp/1',
  '/ip4/192.0.2.7/tcp/1/p2p/x',
  '/ip6/1::2::3/tcp/1',
  '/ip6/12345::/tcp/1',
  '/ip6/1:2:3/tcp/1',
  '/dns/a b/tcp/1',
  `/relay/${'a'.repeat(43)}/ip4/192.0.2.7/tcp/1`,
  `/dns/${'a'.repeat(200)}/tcp/1`,
])('%s is no address', (text) => expect(parseAddress(text)).toBeNull());

test('no text makes it fail', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.ipV6(), fc.ipV4()), (text) => {
      parseAddress(text);
      const address = parseAddress(`/ip6/${text}/tcp/1`);
      if (address !== null) expect(subnetOf(address).length).toBeGreaterThan(0);
    }),
  );
});

test('every IPv4 address and every IPv6 one without dots is read', () => {
  fc.assert(fc.property(fc.ipV4(), (host) => parseAddress(`/ip4/${host}/tcp/1`) !== null));
  fc.assert(
    fc.property(
      fc.ipV6().filter((host) => !host.includes('.')),
      (host) => parseAddress(`/ip6/${host}/tcp/1`) !== null,
    ),
  );
});

describe('subnets', () => {
  test.each([
    ['/ip4/192.0.2.7/tcp/1', '/ip4/192.0.2.200/tcp/9', true],
    ['/ip4/192.0.2.7/tcp/1', '/ip4/192.0.3.7/tcp/1', false],
    ['/ip6/2001:db8:1::7/tcp/1', '/ip6/2001:0db8:1:ffff::1/tcp/1', true],
    ['/ip6/2001:db8:1::7/tcp/1', '/ip6/2001:db8:2::7/tcp/1', false],
    ['/dns/a.rigs.example/tcp/1', '/dns/B.RIGS.example/tcp/1', true],
    ['/dns/a.example/tcp/1', '/dns/b.example/tcp/1', false],
  ])('%s and %s: %s', (a, b, same) => {
    expect(subnetOf(parsed(a)) === subnetOf(parsed(b))).toBe(same);
  });

  test('a few of many are of many subnets', () => {
    const flood = Array.from({ length: 50 }, (_, index) => `/ip4/10.1.1.${index}/tcp/1`);
    const list = [...flood, '/ip4/10.2.2.1/tcp/1', '/ip4/10.3.3.1/tcp/1'];
    const spread = spreadOverSubnets(list, parsed);
    expect(spread.slice(0, 3)).toEqual([flood[0], '/ip4/10.2.2.1/tcp/1', '/ip4/10.3.3.1/tcp/1']);
    expect(spread.toSorted()).toEqual(list.toSorted());
  });
});

test.each([
  ['/ip4/10.0.0.1/tcp/1', true],
  ['/ip4/100.64.0.1/tcp/1', true],
  ['/ip4/172.32.0.1/tcp/1', false],
  ['/ip4/203.0.113.9/tcp/1', false],
  ['/ip6/::1/tcp/1', true],
  ['/ip6/fd00::1/tcp/1', true],
  ['/ip6/fe80::1/tcp/1', true],
  ['/ip6/2001:db8::1/tcp/1', false],
  ['/dns/rig.example/tcp/1', false],
])('%s is private: %s', (text, expected) => expect(isPrivateAddress(parsed(text))).toBe(expected));

test.each([
  ['/ip4/127.1.2.3/tcp/1', true],
  ['/ip6/::1/tcp/1', true],
  ['/ip6/::2/tcp/1', false],
  ['/ip4/10.0.0.1/tcp/1', false],
  ['/dns/127.example/tcp/1', false],
])('%s is of this machine only: %s', (text, expected) =>
  expect(isLoopbackAddress(parsed(text))).toBe(expected),
);
