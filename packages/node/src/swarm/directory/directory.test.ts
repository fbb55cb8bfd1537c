import type { Announcement } from '@filon/core/directory/announcement';
import type { OperatorLists } from '@filon/core/serving/tier';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../adapters/memory/clock.ts';
import { Directory } from './directory.ts';
import {
  ISSUE_EVERY_MS,
  ISSUES_IN_A_ROW_MAX,
  NODES_MAX,
  NODES_PER_OPERATOR_MAX,
} from './directory-limits.ts';
import { idsOf, idsToBytes, type OpenedRecord, recordId } from './records.ts';

const NOW_MS = 1_800_000_000_000;
const MINUTE_MS = 60_000;
const MODEL = 'a'.repeat(64);
const LISTS: OperatorLists = { own: new Set(['me']), trusted: new Set(['friend']) };

const announcement = (changes: Partial<Announcement> = {}): Announcement => ({
  ...{
    issuedMs: NOW_MS,
    expiresMs: (changes.issuedMs ?? NOW_MS) + 15 * MINUTE_MS,
    version: '0.1.0',
    devices: [],
  },
  models: [
    {
      ...{ model: MODEL, name: 'tiny', numericClass: null, contextTokens: 4096, sessionsMax: 4, rates: [] },
      ...{ price: null, replayable: true },
    },
  ],
  ...{ stored: [], serves: 'open', canRelay: false, addresses: ['memory/x'], payout: null },
  ...changes,
});
/** Unsigned: what signatures prove is tested where they are made. */
const record = (node: string, changes: Partial<Announcement> = {}, operator = node): Uint8Array =>
  Buffer.from(JSON.stringify({ node, operator, announcement: announcement(changes) }));

function open(lists = LISTS) {
  const clock = createManualClock({ nowMs: NOW_MS });
  const reader = (bytes: Uint8Array): OpenedRecord => JSON.parse(Buffer.from(bytes).toString());
  const directory = new Directory({ clock, lists: () => lists, open: reader });
  return { clock, directory };
}

describe('what is taken', () => {
  test('an announcement is found until it expires, and not a moment longer', () => {
    const { clock, directory } = open();
    const bytes = record('node');
    expect(directory.accept(bytes)).toBe('new');
    expect(directory.accept(bytes)).toBe('known');
    clock.advance(15 * MINUTE_MS - 1);
    expect(directory.find('node')?.operator).toBe('node');
    expect(directory.serving(MODEL)).toHaveLength(1);
    clock.advance(1);
    expect(directory.find('node')).toBeNull();
    expect(directory.serving(MODEL)).toEqual([]);
    expect(directory.nodes()).toEqual([]);
    expect(directory.bytesOf(recordId(bytes))).toBeNull();
  });

  test('the newest wins, whatever came last', () => {
    const { directory } = open();
    expect(directory.accept(record('node', { issuedMs: NOW_MS + 2 }))).toBe('new');
    expect(directory.accept(record('node', { issuedMs: NOW_MS + 1 }))).toBe('stale');
    expect(directory.accept(record('node', { issuedMs: NOW_MS + 2, version: '2' }))).toBe('stale');
    expect(directory.accept(record('node', { issuedMs: NOW_MS + 3, models: [] }))).toBe('new');
    expect(directory.serving(MODEL)).toEqual([]);
  });

  test('a goodbye is handed on, and nothing else of its node is there until that announces itself again', () => {
    const { clock, directory } = open();
    const before = record('node', { issuedMs: NOW_MS });
    directory.accept(before);
    const goodbye = record('node', { issuedMs: NOW_MS + 1, leaves: true });
    expect(directory.accept(goodbye)).toBe('new');
    expect(directory.hasLeft('node')).toBe(true);
    expect([directory.find('node'), directory.serving(MODEL), directory.nodes()]).toEqual([null, [], []]);
    expect(directory.ids()).toEqual([recordId(goodbye)]);
    expect(directory.bytesOf(recordId(goodbye))).toEqual(goodbye);
    expect(directory.accept(before)).toBe('stale');
    clock.advance(1000);
    expect(directory.accept(record('node', { issuedMs: NOW_MS + 2 }))).toBe('new');
    expect(directory.accept(goodbye)).toBe('stale');
    expect(directory.hasLeft('node')).toBe(false);
    expect(directory.serving(MODEL)).toHaveLength(1);
  });

  test('goodbyes count like announcements, so none floods the others with them', () => {
    const { directory } = open();
    const verdicts = Array.from({ length: ISSUES_IN_A_ROW_MAX + 1 }, (_, i) =>
      directory.accept(
        record('node', { issuedMs: NOW_MS + i, ...(i % 2 === 1 && { leaves: true as const }) }),
      ),
    );
    expect(verdicts.at(-1)).toBe('often');
    expect(new Set(verdicts.slice(0, -1))).toEqual(new Set(['new']));
  });

  test('an older one that would hold for longer is not taken up when the newer one has ended', () => {
    const { clock, directory } = open();
    const replayed = record('node', { issuedMs: NOW_MS, expiresMs: NOW_MS + 20 * MINUTE_MS });
    directory.accept(record('node', { issuedMs: NOW_MS + 1000, expiresMs: NOW_MS + MINUTE_MS, models: [] }));
    clock.advance(2 * MINUTE_MS);
    directory.sweep();
    expect(directory.accept(replayed)).toBe('stale');
    expect(directory.find('node')).toBeNull();
  });

  test('what is back-dated, or dated ahead by more than clocks are wrong, is refused', () => {
    const { directory } = open();
    expect(directory.accept(record('old', { issuedMs: NOW_MS - 16 * MINUTE_MS }))).toBe('expired');
    expect(directory.accept(record('slow', { issuedMs: NOW_MS - 9 * MINUTE_MS }))).toBe('new');
    expect(directory.accept(record('fast', { issuedMs: NOW_MS + 9 * MINUTE_MS }))).toBe('new');
    expect(directory.accept(record('future', { issuedMs: NOW_MS + 11 * MINUTE_MS }))).toBe('future');
  });

  test('a clock that is set back keeps no ghost alive', () => {
    const { clock, directory } = open();
    directory.accept(record('node'));
    clock.jump(-10 * 60 * MINUTE_MS);
    clock.advance(15 * MINUTE_MS);
    expect(directory.find('node')).toBeNull();
  });

  test('bytes that nobody in good standing signed are refused, and not fetched again', () => {
    const { directory } = open();
    const bytes = Buffer.from('no record');
    expect(directory.accept(bytes)).toBe('invalid');
    expect(directory.knows(recordId(bytes))).toBe(true);
    expect(directory.nodes()).toEqual([]);
  });

  test('a node that announces itself all the time is heard at its pace', () => {
    const { clock, directory } = open();
    const verdicts = Array.from({ length: 20 }, (_, i) =>
      directory.accept(record('node', { issuedMs: NOW_MS + i })),
    );
    expect(verdicts.filter((verdict) => verdict === 'new')).toHaveLength(ISSUES_IN_A_ROW_MAX);
    expect(verdicts.at(-1)).toBe('often');
    clock.advance(ISSUE_EVERY_MS);
    const later = record('node', { issuedMs: NOW_MS + 19 });
    expect(directory.accept(later)).toBe('new');
  });

  test('a member that was shown the door is forgotten at once', () => {
    const { directory } = open();
    directory.accept(record('node'));
    directory.remove('node');
    expect(directory.find('node')).toBeNull();
    expect(directory.serving(MODEL)).toEqual([]);
  });

  test('whatever comes in whatever order, the newest of what came stands', () => {
    const issued = fc.array(fc.record({ node: fc.constantFrom('a', 'b'), at: fc.nat(5) }), { maxLength: 6 });
    fc.assert(
      fc.property(issued, (all) => {
        const { directory } = open();
        for (const { node, at } of all) directory.accept(record(node, { issuedMs: NOW_MS + at }));
        for (const node of ['a', 'b']) {
          const newest = Math.max(...all.filter((one) => one.node === node).map(({ at }) => at));
          const found = directory.find(node)?.announcement.issuedMs ?? Number.NEGATIVE_INFINITY;
          expect(found).toBe(newest === Number.NEGATIVE_INFINITY ? newest : NOW_MS + newest);
        }
      }),
    );
  });
});

describe('a flood of new identities', () => {
  test('of one operator does not push out the others', () => {
    const { directory } = open();
    for (let i = 0; i < 20; i += 1) directory.accept(record(`honest-${i}`));
    const verdicts = Array.from({ length: NODES_MAX }, (_, i) =>
      directory.accept(record(`flood-${i}`, {}, 'x')),
    );
    expect(verdicts.filter((verdict) => verdict === 'new')).toHaveLength(NODES_PER_OPERATOR_MAX);
    expect(directory.accept(record('latecomer'))).toBe('new');
    expect(directory.find('honest-0')).not.toBeNull();
  });

  test('of many operators leaves those who are there, and lets in whoever is on a list', () => {
    const { directory } = open();
    for (let i = 0; i < NODES_MAX; i += 1) directory.accept(record(`flood-${i}`));
    expect(directory.nodes()).toHaveLength(NODES_MAX);
    expect(directory.accept(record('one-more'))).toBe('full');
    expect(directory.accept(record('mine', {}, 'me'))).toBe('new');
    expect(directory.accept(record('theirs', {}, 'friend'))).toBe('new');
    expect(directory.nodes()).toHaveLength(NODES_MAX);
  });

  test('is forgotten when it has ended', () => {
    const { clock, directory } = open();
    for (let i = 0; i < NODES_MAX; i += 1) directory.accept(record(`flood-${i}`));
    clock.advance(31 * MINUTE_MS);
    expect(directory.accept(record('late', { issuedMs: NOW_MS + 30 * MINUTE_MS }))).toBe('new');
  });
});

test('ids survive the way over the wire', () => {
  const ids = Array.from({ length: 5 }, (_, i) => recordId(Uint8Array.of(i)));
  expect(idsOf(idsToBytes(ids))).toEqual(ids);
});
