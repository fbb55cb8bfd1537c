import { expect, test } from 'vitest';
import { hrefOf, parseRoute } from './route.ts';

test.each([
  ['', { page: 'chat', conversation: null }],
  ['#/chat/abc-1', { page: 'chat', conversation: 'abc-1' }],
  ['#/models', { page: 'models' }],
  ['#/network', { page: 'network' }],
  ['#/training', { page: 'training', run: null }],
  ['#/training/tiny-scratch-1', { page: 'training', run: 'tiny-scratch-1' }],
  ['#/training/..%2f', { page: 'training', run: null }],
  ['#/status', { page: 'status' }],
  ['#/chat/..%2f', { page: 'chat', conversation: null }],
  ['#/elsewhere/abc', { page: 'chat', conversation: null }],
])('%s', (hash, route) => expect(parseRoute(hash)).toEqual(route));

test('an address leads back to its page', () => {
  for (const hash of ['#/chat', '#/chat/abc', '#/models', '#/training', '#/training/a-1'])
    expect(hrefOf(parseRoute(hash))).toBe(hash);
});
