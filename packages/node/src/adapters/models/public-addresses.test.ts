import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPrivateAddress, isPrivateLiteral, PrivateAddressError, publicLookup } from './public-addresses.ts';

test.each([
  '127.0.0.1',
  '10.0.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '255.255.255.255',
  '::1',
  '::',
  'fe80::1',
  'fd12::1',
  '::ffff:127.0.0.1',
  '::ffff:a00:1',
  'ff02::1',
  'no address',
])('%s is private', (address) => {
  expect(isPrivateAddress(address)).toBe(true);
});

test.each(['1.1.1.1', '172.32.0.1', '192.167.255.255', '2606:4700::1111', '::ffff:1.1.1.1'])(
  '%s is public',
  (address) => {
    expect(isPrivateAddress(address)).toBe(false);
  },
);

test('an address is private in IPv4 exactly if it is so mapped into IPv6', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => isPrivateAddress(address) === isPrivateAddress(`::ffff:${address}`)),
  );
});

test('names are not literals, bracketed addresses are', () => {
  expect(isPrivateLiteral('localhost')).toBe(false);
  expect(isPrivateLiteral('[::1]')).toBe(true);
  expect(isPrivateLiteral('[2606:4700::1111]')).toBe(false);
});

test('a name that leads to this machine is refused when it is looked up', async () => {
  const error = await new Promise((resolve) => {
    publicLookup('localhost', {}, (failure) => resolve(failure));
  });
  expect(error).toBeInstanceOf(PrivateAddressError);
});
