import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { CLOCK_SKEW_MS_MAX, untimely } from '../swarm/validity.ts';
import { ANNOUNCEMENT_LIFETIME_MS_MAX, type Announcement, announcementSchema } from './announcement.ts';

const NOW_MS = 1_800_000_000_000;

const SAMPLE: Announcement = {
  issuedMs: NOW_MS,
  expiresMs: NOW_MS + 900_000,
  version: '0.1.0',
  devices: [{ backend: 'cuda', name: 'RTX 3060', memoryBytes: 12e9, count: 6 }],
  models: [
    {
      model: 'ab'.repeat(32),
      name: 'smollm2-135m',
      numericClass: 'bf16.fa-on.streams',
      contextTokens: 8192,
      sessionsMax: 8,
      rates: [
        { sessions: 1, prefill: 900.5, decode: 60 },
        { sessions: 8, prefill: 400, decode: 22 },
      ],
      price: { promptPico: 1n, answerPico: 20_000_000n },
      replayable: true,
    },
  ],
  stored: ['00'.repeat(32)],
  serves: 'open',
  canRelay: false,
  addresses: ['/ip4/192.0.2.7/tcp/4001'],
  payout: null,
};
/** As the codec of frames hands it over. */
const told = (changes: object = {}): unknown => ({
  ...(z.encode(announcementSchema, SAMPLE) as object),
  ...changes,
});
const accepts = (value: unknown): boolean => announcementSchema.safeParse(value).success;

describe('what a node says of itself', () => {
  test('comes back as it was said', () => {
    expect(announcementSchema.parse(told())).toEqual(SAMPLE);
  });

  test('of an upstream comes back as it was said, and is nothing that goes on by tokens', () => {
    const [first] = SAMPLE.models;
    const upstream = { tier: 'trusted', serves: 'own', continuesChats: true } as const;
    const said = { ...first, replayable: false, contextTokens: 0, upstream };
    const changed = { ...SAMPLE, models: [said] } as Announcement;
    expect(announcementSchema.parse(z.encode(announcementSchema, changed))).toEqual(changed);
    const [model] = (z.encode(announcementSchema, changed) as { models: object[] }).models;
    expect(accepts(told({ models: [model] }))).toBe(true);
    expect(accepts(told({ models: [{ ...model, replayable: true }] }))).toBe(false);
    expect(accepts(told({ models: [{ ...model, upstream: { ...upstream, tier: 'mine' } }] }))).toBe(false);
    const { upstream: _, ...computed } = model as { upstream: unknown };
    expect(accepts(told({ models: [computed] }))).toBe(false);
  });

  test('may have fields of a later version', () => {
    expect(announcementSchema.parse(told({ quantum: true }))).toEqual(SAMPLE);
  });

  test('is anything, and never more than an error', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withTypedArray: true, withNullPrototype: true }),
        (value) => {
          expect(accepts(value)).toBe(false);
        },
      ),
    );
  });

  test.each<[string, object]>([
    ['holds for too long', { expiresMs: NOW_MS + ANNOUNCEMENT_LIFETIME_MS_MAX + 1 }],
    ['expires before it begins', { expiresMs: NOW_MS }],
    ['is dated by a fraction', { issuedMs: NOW_MS + 0.5 }],
    ['names a hash of 31 bytes', { stored: [new Uint8Array(31)] }],
    ['names a hash in text', { stored: ['00'.repeat(32)] }],
    ['has too many addresses', { addresses: Array.from({ length: 9 }, () => '/ip4/192.0.2.7/tcp/4001') }],
    ['has an empty address', { addresses: [''] }],
    ['has a name that turns the line around', { version: '\u202eevil' }],
    ['serves whom nobody knows', { serves: 'everybody' }],
    ['has too many devices', { devices: Array.from({ length: 17 }, () => SAMPLE.devices[0]) }],
  ])('is refused where it %s', (_, changes) => {
    expect(accepts(told(changes))).toBe(false);
  });

  test.each<[string, object]>([
    ['rates that are no numbers', { rates: [[1, Number.NaN, 5]] }],
    ['endless rates', { rates: [[1, Number.POSITIVE_INFINITY, 5]] }],
    ['rates of nothing', { rates: [[1, 0, 5]] }],
    [
      'rates out of order',
      {
        rates: [
          [8, 1, 5],
          [1, 1, 5],
        ],
      },
    ],
    ['rates for no session', { rates: [[0, 1, 5]] }],
    ['a price below nothing', { price: { promptPico: -1, answerPico: 0 } }],
    ['a price beyond counting', { price: { promptPico: 2 ** 60, answerPico: 0 } }],
    ['an empty class', { numericClass: '' }],
  ])('is refused where a model has %s', (_, changes) => {
    const [model] = (told() as { models: object[] }).models;
    expect(accepts(told({ models: [{ ...model, ...changes }] }))).toBe(false);
  });
});

test('an announcement is for its time, give or take what clocks are wrong by', () => {
  const expiresMs = NOW_MS + 900_000;
  const at = (nowMs: number): string | null => untimely({ issuedMs: NOW_MS, expiresMs }, nowMs);
  expect(at(NOW_MS)).toBeNull();
  expect(at(expiresMs - 1)).toBeNull();
  expect(at(expiresMs)).toBe('expired');
  expect(at(NOW_MS - CLOCK_SKEW_MS_MAX)).toBeNull();
  expect(at(NOW_MS - CLOCK_SKEW_MS_MAX - 1)).toBe('future');
});
