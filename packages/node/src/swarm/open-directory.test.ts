import { setImmediate as turn } from 'node:timers/promises';
import { announcements } from '@filon/core/directory/announcement';
import { decodeRecord } from '@filon/core/directory/announcement-record';
import type { Candidate } from '@filon/core/serving/routing';
import type { LoadedModel, SessionSign } from '@filon/core/serving/session';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Member } from '@filon/core/swarm/proof';
import { describe, expect, test } from 'vitest';
import { announcingMember, readMember } from '../../../../test/kit/announcing-member.ts';
import { NOW_MS } from '../../../../test/kit/swarm-keys.ts';
import { createManualClock } from '../adapters/memory/clock.ts';
import { createMemoryLog } from '../adapters/memory/log.ts';
import { createMemoryHub } from '../adapters/memory/network.ts';
import { createMemoryStore } from '../adapters/memory/store.ts';
import type { GuestSeats, Seat, SeatOutcome } from '../ports/replicas.ts';
import { GOODBYE_MS } from './directory/directory-limits.ts';
import type { Members } from './membership/members.ts';
import { type OpenDirectory, openDirectory } from './open-directory.ts';

const MODEL = 'ab'.repeat(32);
const signal = new AbortController().signal;
const DEVICE = {
  id: 'cuda:0',
  backend: 'cuda',
  name: 'RTX 3060',
  memoryBytes: 12e9,
  freeBytes: 11e9,
} as const;

/** Nodes with real keys and records; what they compute is made up. */
function scene() {
  const clock = createManualClock({ nowMs: NOW_MS });
  const hub = createMemoryHub({ clock });
  const seatsOf = new Map<KeyId, GuestSeats>();
  const opened: AsyncDisposable[] = [];
  const open = async (name: string, { says = 'right', ready = true } = {}) => {
    const own = announcingMember(name);
    const self = own.signer.key;
    const members = membersOf(readMember(own.proof));
    const state = { ready, rates: [] as Candidate['rates'], measured: 0 };
    const network = hub.open({ key: self });
    const seats = madeUpSeats(state, says);
    seatsOf.set(self, seats);
    const log = createMemoryLog();
    let seed = name.charCodeAt(0);
    const draw = (): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const directory = openDirectory({
      ...{ network, members, signer: own.signer, store: createMemoryStore(), clock, log, seats, draw },
      take: async ({ node, ...wanted }, options) => {
        const there = seatsOf.get(node);
        if (!there) throw new RangeError('nobody there');
        return await there.take(wanted, options);
      },
      hideScope: () => new Uint8Array(16),
      devices: async () => [DEVICE, { ...DEVICE, id: 'cuda:1' }],
      stored: async () => [MODEL],
      settings: () => ({ version: '0.1.0', serves: 'open', canRelay: false, price: null, payout: null }),
      policy: () => ({ lists: { own: new Set([own.operator.key]), trusted: new Set() }, msPerUnit: 0 }),
      randomBytes: (count) => Buffer.alloc(count, Math.floor(draw() * 256)),
    });
    opened.push(directory, network);
    return { self, network, members, directory, state, log };
  };
  const pass = async (durationMs: number): Promise<void> => {
    for (let left = durationMs; left > 0; left -= 250) {
      await turn();
      clock.advance(250);
    }
    await turn();
  };
  const close = async (): Promise<void> => {
    for (const one of opened) await one[Symbol.asyncDispose]();
  };
  return { clock, hub, open, pass, [Symbol.asyncDispose]: close };
}

function membersOf(own: Member) {
  const known = new Map<KeyId, Member>([[own.node, own]]);
  const listeners = new Set<Parameters<Members['watch']>[0]>();
  const learn = (proof: Uint8Array): Member => {
    const member = readMember(proof);
    known.set(member.node, member);
    for (const listener of listeners) listener({ kind: 'joined', member });
    return member;
  };
  return {
    ...{ find: (node: KeyId) => known.get(node) ?? null, learn },
    own: () => ({ swarm: 'swarm', name: 'test', member: own }),
    watch: (listener: Parameters<Members['watch']>[0]) => {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    meets: (node: KeyId) => {
      const member = known.get(node);
      if (member) for (const listener of listeners) listener({ kind: 'met', member });
    },
    revoke: (node: KeyId) => {
      const member = known.get(node);
      known.delete(node);
      if (member) for (const listener of listeners) listener({ kind: 'gone', member });
    },
  };
}

function madeUpSeats(
  state: { ready: boolean; rates: Candidate['rates']; measured: number },
  says: string,
): GuestSeats {
  const offer = (): Candidate => ({
    ...{ node: null, operator: null, model: MODEL, name: 'tiny', numericClass: 'class', ready: state.ready },
    ...{ loadMs: 0, contextTokens: 4096, sessionsMax: 4, rates: state.rates, price: null, serves: 'open' },
    ...{ load: { active: 0, queued: 0, queueMs: 0, cachedTokens: 0 }, roundTripMs: 0 },
    ...{ reliability: 1, replayable: true },
  });
  const seat: Seat = {
    ...{ node: null, slots: 1 },
    ready: async () => ({ dialect: null, model: MODEL }) as LoadedModel,
    tokenize: async (prompt) => ({
      tokens: Int32Array.from(Buffer.from(JSON.stringify(prompt))),
      inReasoning: false,
    }),
    seed: async () => 0n,
    async *open(request): AsyncGenerator<SessionSign> {
      state.measured += 1;
      state.rates = [{ sessions: 1, prefill: 1000, decode: 50 }];
      const token = says.length + Number(request.sampling.seed % 97n);
      yield { kind: 'token', position: request.tokens.length, token, text: '', logprob: null };
    },
    embed: async () => [],
    [Symbol.dispose]: () => {},
  };
  return { take: async () => seat, offers: () => [offer()] };
}

type Node = Awaited<ReturnType<ReturnType<typeof scene>['open']>>;
/** As membership does when two connect: each hears the other's proof. */
async function meet(a: Node, b: Node): Promise<void> {
  a.members.learn(b.members.own().member.proof);
  b.members.learn(a.members.own().member.proof);
  await a.network.dial({ peer: b.self, addresses: b.network.addresses() }, { signal });
}
/** As a node does when it is told to: says goodbye, and is gone. */
async function stop(node: Node, { pass }: { pass: (durationMs: number) => Promise<void> }): Promise<void> {
  const stopping = node.directory.goodbye();
  await pass(500);
  await stopping;
  await node.directory[Symbol.asyncDispose]();
  await node.network[Symbol.asyncDispose]();
}

/** The newest record that is handed on of a node. */
function recordOf({ directory: { directory } }: Node, of: KeyId): Uint8Array {
  for (const id of directory.ids()) {
    const bytes = directory.bytesOf(id);
    if (bytes && announcements.open(decodeRecord(bytes).announcement, () => true).signer === of) return bytes;
  }
  throw new RangeError('no record of it');
}

const knows = (of: OpenDirectory, node: KeyId): string[] | undefined =>
  of.directory.find(node)?.announcement.models.map(({ name }) => name);
const outcome = (node: KeyId, kind: SeatOutcome['kind'] = 'answered'): SeatOutcome => ({
  ...{ node, model: MODEL, kind, firstTokenMs: 10, expectedFirstTokenMs: 10, tokens: 5, tookMs: 100 },
});

describe('a node among others', () => {
  test('announces what is ready with speeds that it measured, and when that changes', async () => {
    await using at = scene();
    const [a, b] = [await at.open('a'), await at.open('b', { ready: false })];
    await meet(a, b);
    await at.pass(40_000);
    expect(knows(b.directory, a.self)).toEqual(['tiny']);
    expect(knows(a.directory, b.self)).toEqual([]);
    expect(b.directory.directory.find(a.self)?.announcement).toMatchObject({
      devices: [{ name: 'RTX 3060', count: 2 }],
      models: [{ rates: [{ sessions: 1, prefill: 1000, decode: 50 }] }],
      stored: [MODEL],
    });
    expect(a.state.measured).toBe(1);
    b.state.ready = true;
    await at.pass(20_000);
    expect(knows(a.directory, b.self)).toEqual(['tiny']);
    b.state.ready = false;
    await at.pass(20_000);
    expect(knows(a.directory, b.self)).toEqual([]);
  });

  test('knows who is there a moment after it joined', async () => {
    await using at = scene();
    const nodes = [await at.open('a'), await at.open('b'), await at.open('c')];
    const [a, b, c] = nodes as [Node, Node, Node];
    await meet(a, b);
    await meet(b, c);
    await at.pass(60_000);
    const late = await at.open('late', { ready: false });
    await at.pass(5000);
    await meet(late, a);
    await at.pass(1000);
    expect(nodes.map(({ self }) => knows(late.directory, self))).toEqual([['tiny'], ['tiny'], ['tiny']]);
  });

  test('says it again before it expires, and is forgotten when it no longer does', async () => {
    await using at = scene();
    const [a, b] = [await at.open('a'), await at.open('b')];
    await meet(a, b);
    await at.pass(30_000);
    const first = b.directory.directory.newestMs(a.self) ?? 0;
    await at.pass(340_000);
    expect(b.directory.directory.newestMs(a.self)).toBeGreaterThan(first);
    await a.directory[Symbol.asyncDispose]();
    await at.pass(900_000);
    expect(b.directory.directory.find(a.self)).toBeNull();
    expect(b.directory.finder.announced(MODEL)).toEqual([]);
  });

  test('leaves lists and candidates everywhere at once when it says goodbye, and is back when it starts again', async () => {
    await using at = scene();
    const nodes = [await at.open('a'), await at.open('b'), await at.open('c', { ready: false })];
    const [a, b, c] = nodes as [Node, Node, Node];
    await meet(a, b);
    await meet(b, c);
    c.members.learn(a.members.own().member.proof);
    at.hub.cut(a.self, c.self);
    await at.pass(30_000);
    expect(c.directory.finder.announced(MODEL)).toHaveLength(2);
    await stop(a, at);
    // One step of the spreading, and no part of the quarter of an hour that an announcement holds.
    await at.pass(2000);
    for (const { directory } of [b, c]) {
      expect(directory.directory.find(a.self)).toBeNull();
      expect(directory.directory.hasLeft(a.self)).toBe(true);
      expect(directory.finder.announced(MODEL).map(({ node }) => node)).not.toContain(a.self);
    }
    const goodbye = recordOf(b, a.self);
    const again = await at.open('a');
    await meet(again, b);
    await at.pass(10_000);
    for (const { directory } of [b, c]) expect(knows(directory, a.self)).toEqual(['tiny']);
    expect(b.directory.directory.accept(goodbye)).toBe('stale');
    expect(knows(b.directory, a.self)).toEqual(['tiny']);
  });

  test('is heard again after a goodbye though its clock was set back meanwhile', async () => {
    await using at = scene();
    const [a, b] = [await at.open('a'), await at.open('b')];
    await meet(a, b);
    await at.pass(30_000);
    await stop(a, at);
    at.clock.jump(-300_000);
    const again = await at.open('a');
    // It has said what it is before it hears of its own goodbye.
    await at.pass(10_000);
    await meet(again, b);
    await at.pass(60_000);
    expect(knows(b.directory, a.self)).toEqual(['tiny']);
  });

  test('waits for peers that take no goodbye for a moment and no longer', async () => {
    await using at = scene();
    const [a, b] = [await at.open('a'), await at.open('b')];
    await meet(a, b);
    await at.pass(30_000);
    at.hub.freeze(a.self, b.self);
    const stopping = a.directory.goodbye();
    await at.pass(GOODBYE_MS + 500);
    await stopping;
    expect(a.log.lines.map(({ event }) => event)).toContain('swarm.goodbye');
  });

  test('goes on being heard when its clock is set back', async () => {
    await using at = scene();
    const [a, b] = [await at.open('a'), await at.open('b')];
    await meet(a, b);
    await at.pass(30_000);
    at.clock.jump(-300_000);
    a.state.ready = false;
    await at.pass(30_000);
    expect(knows(b.directory, a.self)).toEqual([]);
  });

  test('keeps what a member announced when both meet once more', async () => {
    await using at = scene();
    const [a, b] = [await at.open('a'), await at.open('b')];
    await meet(a, b);
    await at.pass(30_000);
    b.members.meets(a.self);
    expect(knows(b.directory, a.self)).toEqual(['tiny']);
  });

  test('forgets a member that was revoked, at once', async () => {
    await using at = scene();
    const [a, b] = [await at.open('a'), await at.open('b')];
    await meet(a, b);
    await at.pass(30_000);
    b.members.revoke(a.self);
    expect(b.directory.directory.find(a.self)).toBeNull();
    expect(b.directory.guestOf(a.self)).toBeNull();
  });

  test('finds out who has a wrong model under a right name before it is asked a second time', async () => {
    await using at = scene();
    const [me, good, liar] = [
      await at.open('me', { ready: false }),
      await at.open('good'),
      await at.open('liar', { says: 'something wrong' }),
    ];
    const third = await at.open('third');
    for (const one of [good, liar, third]) await meet(one, me);
    await at.pass(60_000);
    me.directory.report(outcome(liar.self));
    await me.directory.canaries.idle();
    expect(me.directory.reliability.of(liar.self)).toBe(0);
    expect(me.directory.reliability.of(good.self)).toBeGreaterThan(0);
    expect(me.log.lines.map(({ event }) => event)).toContain('swarm.wrong-answer');
    const request = { model: MODEL, promptTokens: 10, answerTokens: 10, tier: 'open', exact: false } as const;
    const rest = { numericClass: null, excluded: new Set<KeyId>(), resuming: false };
    const found = me.directory.finder.candidates({ ...request, ...rest }, { signal });
    await at.pass(2000);
    expect((await found).find(({ node }) => node === liar.self)?.reliability).toBe(0);
  });

  test('leaves a node that refused a seat alone for a moment', async () => {
    await using at = scene();
    const [a, b] = [await at.open('a'), await at.open('b')];
    await meet(a, b);
    await at.pass(30_000);
    a.directory.report(outcome(b.self, 'refused'));
    expect(a.directory.finder.announced(MODEL)).toEqual([]);
    await at.pass(2000);
    expect(a.directory.finder.announced(MODEL).map(({ node }) => node)).toEqual([b.self]);
  });

  test('remembers how a seat did', async () => {
    await using at = scene();
    const [a, b] = [await at.open('a'), await at.open('b')];
    const before = a.directory.reliability.of(b.self);
    a.directory.report(outcome(b.self, 'left'));
    expect(a.directory.reliability.of(b.self)).toBe(before);
    a.directory.report(outcome(b.self, 'refused'));
    expect(a.directory.reliability.of(b.self)).toBe(before);
    a.directory.report(outcome(b.self, 'lost'));
    expect(a.directory.reliability.of(b.self)).toBeLessThan(before);
  });
});
