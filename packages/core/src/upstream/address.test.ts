import { describe, expect, test } from 'vitest';
import { tierOfUpstream, upstreamHost, upstreamUrl } from './address.ts';

const noKey = { hasKey: false, hasFingerprint: false };

describe('the address of an upstream', () => {
  test.each([
    ['http://10.0.0.7:8000', 'http://10.0.0.7:8000/v1'],
    ['http://10.0.0.7:8000/', 'http://10.0.0.7:8000/v1'],
    ['https://models.example/api/v1/', 'https://models.example/api/v1'],
    ['HTTP://[::1]:80/v1', 'http://[::1]/v1'],
  ])('%s is %s', (text, url) => expect(upstreamUrl(text, noKey)).toBe(url));

  test.each([
    'models.example',
    'file:///etc/passwd',
    'ftp://models.example',
    'http://me:secret@models.example',
    'http://models.example/?key=secret',
    'http://models.example/#x',
    `http://models.example/${'x'.repeat(2048)}`,
  ])('%s is refused, and not repeated', (text) => {
    expect(() => upstreamUrl(text, noKey)).toThrow(
      expect.objectContaining({
        code: 'UPSTREAM_URL_INVALID',
        message: expect.not.stringContaining('secret'),
      }),
    );
  });

  test('a key goes in the clear through a network of one’s own alone', () => {
    const hasKey = { ...noKey, hasKey: true };
    expect(() => upstreamUrl('http://models.example', hasKey)).toThrow('https:');
    expect(() => upstreamUrl('http://8.8.8.8', hasKey)).toThrow('https:');
    expect(() => upstreamUrl('http://10.0.0.1', { ...noKey, hasFingerprint: true })).toThrow('https:');
    expect(upstreamUrl('https://models.example', hasKey)).toBe('https://models.example/v1');
    expect(upstreamUrl('http://192.168.1.4:8000', hasKey)).toBe('http://192.168.1.4:8000/v1');
  });

  test.each([
    ...[
      ['http://127.0.0.1:1/v1', 'own'],
      ['http://0x7f.1/v1', 'own'],
      ['http://[fd12::1]/v1', 'own'],
    ],
    ...[
      ['http://box:8000/v1', 'own'],
      ['http://box.local/v1', 'own'],
      ['http://172.31.0.1/v1', 'own'],
    ],
    ...[
      ['http://172.32.0.1/v1', 'open'],
      ['https://10.example/v1', 'open'],
      ['https://fd12.example/v1', 'open'],
    ],
    ...[
      ['https://notlocal/v1', 'own'],
      ['https://a.notlocal/v1', 'open'],
      ['http://[2001:db8::1]/v1', 'open'],
    ],
    ['http://100.128.0.1/v1', 'open'],
  ] as [string, string][])('%s is of the tier %s', (url, tier) => {
    expect(tierOfUpstream(upstreamUrl(url, noKey))).toBe(tier);
  });

  test('is named by host and port', () => expect(upstreamHost('http://a.b:8000/v1')).toBe('a.b:8000'));
});
