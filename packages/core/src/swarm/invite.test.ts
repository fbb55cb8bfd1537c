import { crc32 as systemCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyNamed } from '../../../../test/kit/swarm-keys.ts';
import { isFilonError } from '../errors.ts';
import { crc32 } from './crc32.ts';
import { decodeInvite, encodeInvite, INVITE_CHARS_MAX, type Invite } from './invite.ts';

const [swarm, issuer, other] = ['swarm', 'issuer', 'other'].map((name) => keyNamed(name).key) as [
  string,
  string,
  string,
];
const INVITE: Invite = {
  ...{ swarm, issuer, name: 'garage', operator: null, expiresMs: 1_800_000_000_000 },
  token: new Uint8Array(16).fill(7),
  peers: [{ peer: issuer, addresses: ['/ip4/192.0.2.7/tcp/4711'] }],
};
const codeOf = (text: string): string => {
  try {
    decodeInvite(text);
    return 'none';
  } catch (error) {
    if (!isFilonError(error)) throw error;
    return 'reason' in error.details ? String(error.details.reason) : error.code;
  }
};

const { keys, address } = {
  keys: fc.nat(1000).map((index) => keyNamed(`key ${index}`).key),
  address: fc.stringMatching(/^[!-~]{1,60}$/),
};
const anyInvite: fc.Arbitrary<Invite> = fc.record({
  swarm: keys,
  issuer: keys,
  operator: fc.option(keys),
  name: fc.stringMatching(/^[a-zäé]{1,10}( [a-z]{1,10}){0,2}$/),
  token: fc.option(fc.uint8Array({ minLength: 16, maxLength: 16 })),
  expiresMs: fc.nat(2 ** 31 - 1).map((seconds) => seconds * 1000),
  peers: fc.array(fc.record({ peer: keys, addresses: fc.array(address, { maxLength: 3 }) }), {
    maxLength: 4,
  }),
});

describe('an invite', () => {
  test('comes back as it was made, as one word', () => {
    fc.assert(
      fc.property(anyInvite, (invite) => {
        const text = encodeInvite(invite);
        expect(text).toMatch(/^filoninvite1[0-9A-Za-z]+$/);
        expect(text.length).toBeLessThan(INVITE_CHARS_MAX);
        expect(decodeInvite(text)).toEqual(invite);
      }),
    );
  });

  test('is short', () => expect(encodeInvite(INVITE).length).toBeLessThan(280));

  test('may have been broken into lines', () => {
    const text = encodeInvite(INVITE);
    expect(decodeInvite(` ${text.slice(0, 70)}\n  ${text.slice(70)}\r\n`)).toEqual(INVITE);
  });

  test('with any slip in it is told from a good one', () => {
    const text = encodeInvite(INVITE);
    const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    fc.assert(
      fc.property(fc.integer({ min: 12, max: text.length - 1 }), fc.nat(61), (at, digit) => {
        const slip = text.slice(0, at) + digits.charAt(digit) + text.slice(at + 1);
        expect(codeOf(slip)).toBe(slip === text ? 'none' : 'checksum');
      }),
      { numRuns: 1000 },
    );
    for (let end = 12; end < text.length; end += 1) expect(codeOf(text.slice(0, end))).toBe('checksum');
    for (let at = 12; at < text.length - 1; at += 1) {
      const [a = '', b = ''] = text.slice(at, at + 2);
      if (a !== b) expect(codeOf(text.slice(0, at) + b + a + text.slice(at + 2))).toBe('checksum');
    }
    expect(codeOf(`${text}x`)).toBe('checksum');
  });

  test.each([
    ['', 'prefix'],
    ['hello', 'prefix'],
    ['filoninvite2abc', 'version'],
    ['filoninvite1', 'checksum'],
    ['filoninvite1-_', 'checksum'],
    [`filoninvite1${'z'.repeat(100_000)}`, 'checksum'],
  ])('is not %s', (text, fault) => expect(codeOf(text)).toBe(fault));

  test('is never more than a coded error, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.boolean(), (text, prefixed) => {
        expect(codeOf(prefixed ? `filoninvite1${text}` : text)).not.toBe('none');
      }),
    );
  });

  test('with a good checksum is still judged', () => {
    const wrong: Invite[] = [
      { ...INVITE, name: 'two  spaces' },
      { ...INVITE, token: new Uint8Array(15) },
      { ...INVITE, peers: Array.from({ length: 5 }, () => ({ peer: other, addresses: [] })) },
    ];
    for (const invite of wrong) expect(() => encodeInvite(invite)).toThrow();
  });
});

test('the checksum is that of zip files', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(crc32(bytes)).toBe(systemCrc32(bytes));
    }),
  );
});
