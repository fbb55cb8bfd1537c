import { setImmediate as turn } from 'node:timers/promises';
import type { Announcement } from '@filon/core/directory/announcement';
import { loadCodec, PREFIX_BLOCK_CHARS, PREFIX_BLOCK_TOKENS } from '@filon/core/directory/load-messages';
import { FilonError } from '@filon/core/errors';
import type { Candidate, RouteRequest } from '@filon/core/serving/routing';
import type { PrivacyTier } from '@filon/core/serving/tier';
import type { KeyId } from '@filon/core/swarm/key-id';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sampleAnnouncement } from '../../../../../test/kit/announcing-member.ts';
import { createManualClock } from '../../adapters/memory/clock.ts';
import { createMemoryLog } from '../../adapters/memory/log.ts';
import { createMemoryHub } from '../../adapters/memory/network.ts';
import { createMemoryStore } from '../../adapters/memory/store.ts';
import { COMMITMENT_HOLDS_MS, Commitments } from '../answering/commitments.ts';
import { Directory } from '../directory/directory.ts';
import type { OpenedRecord } from '../directory/records.ts';
import { Finder } from './finder.ts';
import { serveLoad } from './load-host.ts';
import { LoadProbe } from './load-probe.ts';
import { Prefixes, prefixHashes } from './prefixes.ts';
import { Reliability } from './reliability.ts';

const NOW_MS = 1_800_000_000_000;
const MODEL = 'ab'.repeat(32);
const signal = new AbortController().signal;
const REQUEST: RouteRequest = {
  ...{ model: MODEL, promptTokens: 100, answerTokens: 100, tier: 'open', exact: false, numericClass: null },
  ...{ excluded: new Set(), resuming: false },
};

const hideScope = (scope: string): Uint8Array => Buffer.from(scope.padEnd(16));

function scene() {
  const clock = createManualClock({ nowMs: NOW_MS });
  const hub = createMemoryHub({ clock });
  const network = hub.open({ key: 'me' });
  const read = (bytes: Uint8Array): OpenedRecord => JSON.parse(Buffer.from(bytes).toString());
  const lists = { own: new Set<KeyId>(['me']), trusted: new Set<KeyId>() };
  const directory = new Directory({ clock, lists: () => lists, open: read });
  const reliability = new Reliability({ clock, store: createMemoryStore() });
  const probe = new LoadProbe({ network, clock });
  const policy = () => ({ lists, msPerUnit: 0 });
  const log = createMemoryLog();
  const deps = { network, directory, reliability, probe, policy, clock, log, hideScope };
  const finder = new Finder({ ...deps, draw: () => 0 });
  const offer = (load: Candidate['load']): Candidate => ({
    ...{ node: null, operator: null, model: MODEL, name: 'tiny', numericClass: null, ready: true, loadMs: 0 },
    ...{ contextTokens: 4096, sessionsMax: 4, rates: [], load, roundTripMs: 0, price: null, serves: 'open' },
    ...{ reliability: 1, replayable: true },
  });
  /** A node that has the model ready, and says so. */
  const peer = (
    key: string,
    { queueMs = 0, decode = 50, serves = true, delayMs = 0, announces = 'open' as PrivacyTier } = {},
  ) => {
    const node = hub.open({ key });
    hub.shape('me', key, { delayMs });
    const load = { active: 1, queued: 0, queueMs, cachedTokens: 0 };
    const rates = [{ sessions: 1, prefill: 1000, decode }];
    const [model] = sampleAnnouncement(NOW_MS).models;
    const models = model ? [{ ...model, rates }] : [];
    const announcement: Announcement = sampleAnnouncement(NOW_MS, {
      models,
      serves: announces,
      addresses: [...node.addresses()],
    });
    directory.accept(Buffer.from(JSON.stringify({ node: key, operator: key, announcement })));
    const commitments = new Commitments({ clock, randomBytes: (count) => Buffer.alloc(count, key) });
    const prefixes = new Prefixes();
    const asked: KeyId[] = [];
    const guestOf = (from: KeyId) => {
      asked.push(from);
      return serves ? { operator: from, tier: 'open' as const } : null;
    };
    const seats = { offers: () => [offer(load)] };
    const serving = serveLoad({ network: node, seats, commitments, prefixes, clock, guestOf });
    return { node, commitments, prefixes, asked, serving, load };
  };
  const pass = async (durationMs: number): Promise<void> => {
    for (let left = durationMs; left > 0; left -= 5) {
      await turn();
      clock.advance(5);
    }
    await turn();
  };
  /** While time passes. */
  const find = async (request = REQUEST, durationMs = 2000): Promise<readonly Candidate[]> => {
    const found = finder.candidates(request, { signal });
    await pass(durationMs);
    return await found;
  };
  return { clock, hub, network, directory, reliability, probe, finder, peer, pass, find, log };
}

const named = (found: readonly Candidate[], name: string): Candidate | undefined =>
  found.find(({ node }) => node === name);

describe('places elsewhere', () => {
  test('the likeliest are asked how busy they are', async () => {
    const at = scene();
    const busy = at.peer('busy', { queueMs: 7000, decode: 90 });
    for (let i = 0; i < 6; i += 1) at.peer(`slow-${i}`, { decode: 10 - i });
    const found = await at.find();
    expect(found).toHaveLength(7);
    expect(named(found, 'busy')?.load).toMatchObject({ active: 1, queueMs: 7000 });
    expect(busy.asked).toEqual(['me']);
    expect(found.filter(({ load }) => load !== null)).toHaveLength(4);
    expect(named(found, 'slow-5')?.load).toBeNull();
  });

  test('a burst of requests asks once', async () => {
    const at = scene();
    const peer = at.peer('peer');
    const all = Promise.all(Array.from({ length: 20 }, () => at.finder.candidates(REQUEST, { signal })));
    await at.pass(100);
    expect((await all).every((found) => found.length === 1)).toBe(true);
    expect(peer.asked).toHaveLength(1);
    await at.pass(1100);
    await at.find();
    expect(peer.asked).toHaveLength(2);
  });

  test('who leaves while it is asked is no fault of it, and takes the answer from nobody else', async () => {
    const at = scene();
    const peer = at.peer('peer');
    await at.network.dial({ peer: 'peer', addresses: ['memory/peer'] }, { signal });
    at.hub.shape('me', 'peer', { delayMs: 20 });
    const leaving = new AbortController();
    const left = expect(at.finder.candidates(REQUEST, { signal: leaving.signal })).rejects.toThrow('left');
    const staying = at.finder.candidates(REQUEST, { signal });
    await at.pass(30);
    leaving.abort(new FilonError({ code: 'ANSWER_CANCELLED' }, 'left'));
    await left;
    await at.pass(100);
    expect(named(await staying, 'peer')?.load).toMatchObject({ active: 1 });
    expect(peer.asked).toHaveLength(1);
    expect(at.reliability.history('peer')).toEqual({ served: 0, failed: 0, wrong: 0 });
    expect(at.log.lines).toEqual([]);
  });

  test('one that is slow to say so does not hold up the others', async () => {
    const at = scene();
    at.peer('near', { decode: 40 });
    at.peer('frozen', { decode: 90 });
    await at.network.dial({ peer: 'frozen', addresses: ['memory/frozen'] }, { signal });
    at.hub.freeze('me', 'frozen');
    const found = await at.find(REQUEST, 100);
    expect(found.map(({ node }) => node)).toEqual(['near']);
    expect(at.reliability.of('frozen')).toBe(at.reliability.of('near'));
  });

  test('one that is far away is connected in the meantime, for the next request', async () => {
    const at = scene();
    at.peer('near', { decode: 40 });
    at.peer('far', { decode: 90, delayMs: 200 });
    expect((await at.find(REQUEST, 100)).map(({ node }) => node)).toEqual(['near']);
    await at.pass(1000);
    expect(at.network.peers().map(({ peer }) => peer)).toContain('far');
  });

  test('one that cannot be reached is left out, remembered, and tried again later', async () => {
    const at = scene();
    at.peer('there');
    at.peer('gone', { decode: 90 });
    at.hub.cut('me', 'gone');
    expect((await at.find()).map(({ node }) => node)).toEqual(['there']);
    expect(at.reliability.of('gone')).toBeLessThan(at.reliability.of('there'));
    at.hub.mend('me', 'gone');
    expect((await at.find()).map(({ node }) => node)).toEqual(['there']);
    await at.pass(31_000);
    expect((await at.find()).map(({ node }) => node)).toContain('gone');
  });

  test('one that refused a seat is left out for a moment, unless nobody else is left', async () => {
    const at = scene();
    at.peer('full');
    at.finder.avoid('full');
    expect((await at.find()).map(({ node }) => node)).toEqual(['full']);
    at.peer('free', { decode: 1 });
    at.finder.avoid('full');
    expect((await at.find()).map(({ node }) => node)).toEqual(['free']);
  });

  test('one that does not answer this node is told to routing as not ready', async () => {
    const at = scene();
    at.peer('closed', { serves: false });
    const [found] = await at.find();
    expect(found).toMatchObject({ node: 'closed', ready: false });
  });

  test('where nobody says anything in time, slow ones are better than none', async () => {
    const at = scene();
    at.peer('far', { delayMs: 2000 });
    const found = await at.find(REQUEST, 9000);
    expect(found).toMatchObject([{ node: 'far', load: null }]);
  });

  test('nothing is found after its announcement has expired', async () => {
    const at = scene();
    at.peer('peer');
    at.clock.advance(900_000);
    expect(await at.find()).toEqual([]);
    expect(at.finder.models()).toEqual([]);
  });

  test('a model whose nodes all answer their own operator alone is known to be withheld', () => {
    const at = scene();
    expect(at.finder.isWithheld('tiny')).toBe(false);
    at.peer('closed', { announces: 'own' });
    expect(at.finder.models()).toEqual([]);
    const [{ name } = { name: '' }] = sampleAnnouncement(NOW_MS).models;
    expect([name, MODEL, 'another'].map((model) => at.finder.isWithheld(model))).toEqual([true, true, false]);
    at.peer('open');
    expect(at.finder.isWithheld(MODEL)).toBe(false);
  });

  test('models are told by the narrowest tier that reaches one of them', () => {
    const at = scene();
    at.peer('a');
    at.peer('b');
    expect(at.finder.models()).toEqual([
      { name: 'smollm2-135m', sha256: MODEL, contextTokens: 8192, tier: 'open' },
    ]);
  });
});

describe('a question of load', () => {
  test('is shown for a moment: what was true a minute ago is no load', async () => {
    const at = scene();
    at.peer('peer');
    await at.find();
    expect(at.probe.last('peer', MODEL)).toMatchObject({ active: 1, queued: 0 });
    at.clock.advance(60_000);
    expect(at.probe.last('peer', MODEL)).toBeNull();
  });

  test('of one with free places is not waited for again, and asked behind the request', async () => {
    const at = scene();
    const peer = at.peer('peer', { delayMs: 50 });
    await at.find();
    at.clock.advance(3000);
    peer.load.active = 3;
    const [idle] = await at.find(REQUEST, 0);
    expect(idle?.load).toMatchObject({ active: 1 });
    await at.pass(600);
    const [told] = await at.find(REQUEST, 0);
    expect(told?.load).toMatchObject({ active: 3 });
    at.clock.advance(3000);
    const waited = at.finder.candidates(REQUEST, { signal });
    expect(await Promise.race([waited, turn().then(() => 'later')])).toBe('later');
    await at.pass(2000);
    expect(await waited).toHaveLength(1);
    expect(peer.asked).toHaveLength(3);
  });

  test('counts in what this node has taken there since, and gives back', async () => {
    const at = scene();
    at.peer('peer');
    const load = async () => (await at.find(REQUEST, 0))[0]?.load;
    await at.find(REQUEST, 100);
    const take = () => at.probe.taken('peer', { model: MODEL, sessions: 1 });
    const held = [take(), take()];
    expect(await load()).toMatchObject({ active: 3, queued: 0, queueMs: 0 });
    held.push(take(), take());
    expect(await load()).toMatchObject({ active: 4, queued: 1, queueMs: 2500 });
    for (const one of held) one[Symbol.dispose]();
    held[0]?.[Symbol.dispose]();
    expect(await load()).toMatchObject({ active: 1, queued: 0, queueMs: 0 });
  });

  test('about one prompt after another is asked ten times in a row', async () => {
    const at = scene();
    const peer = at.peer('peer');
    for (let i = 0; i < 14; i += 1) {
      const beginning = { text: String.fromCharCode(97 + i).repeat(600), scope: '' };
      expect(await at.find({ ...REQUEST, beginning }, 20)).toMatchObject([{ load: { cachedTokens: 0 } }]);
    }
    expect(peer.asked).toHaveLength(10);
  });

  test('brings a commitment that holds for one request of that peer', async () => {
    const at = scene();
    const { commitments } = at.peer('peer');
    await at.find();
    const commitment = at.probe.takeCommitment('peer');
    expect(commitment).toHaveLength(32);
    expect(at.probe.takeCommitment('peer')).toBeNull();
    expect(commitments.take('somebody', commitment as Uint8Array)).toBeNull();
    expect(commitments.take('me', commitment as Uint8Array)).toHaveLength(32);
    expect(commitments.take('me', commitment as Uint8Array)).toBeNull();
    const later = commitments.make('me');
    at.clock.advance(COMMITMENT_HOLDS_MS);
    expect(commitments.take('me', later)).toBeNull();
  });

  test('tells how much of a prompt is there already, to whoever it was computed for', async () => {
    const at = scene();
    const { prefixes } = at.peer('peer');
    const shared = 'It is dark down there. '.repeat(120);
    const hashes = prefixHashes(hideScope('anna'), `${shared}${'a'.repeat(2000)}`);
    const read = { model: MODEL, operator: 'me', hashes, most: 2 };
    prefixes.remember(read);
    const text = `${shared}${'b'.repeat(9000)}`;
    const cached = async (scope: string) => {
      const [found] = await at.find({ ...REQUEST, beginning: { text, scope } });
      return found?.load?.cachedTokens;
    };
    const blocks = Math.floor(shared.length / PREFIX_BLOCK_CHARS);
    expect(await cached('anna')).toBe(blocks * PREFIX_BLOCK_TOKENS);
    expect(await cached('bert')).toBe(0);
    expect(prefixes.cachedBlocks(MODEL, 'another', hashes)).toBe(0);
    for (const other of ['x', 'y']) {
      const longer = prefixHashes(hideScope('anna'), other.repeat(600));
      expect(prefixes.cachedBlocks(MODEL, 'me', hashes)).toBe(9);
      prefixes.remember({ ...read, hashes: longer });
    }
    expect(prefixes.cachedBlocks(MODEL, 'me', hashes)).toBe(0);
    prefixes.remember(read);
    prefixes.forget(MODEL);
    expect(prefixes.cachedBlocks(MODEL, 'me', hashes)).toBe(0);
  });

  test('asked without end is refused in words, and nonsense too', async () => {
    const at = scene();
    const peer = at.peer('peer');
    await at.network.dial({ peer: 'peer', addresses: peer.node.addresses() }, { signal });
    const say = async (frame: Uint8Array): Promise<Uint8Array | undefined> => {
      const { protocol, frameBytesMax } = loadCodec;
      const channel = await at.network.open('peer', protocol, { signal, frameBytesMax });
      await channel.send(frame, { signal });
      await channel.end();
      for await (const answer of channel.frames) return answer;
      return undefined;
    };
    const nonsense = await say(Uint8Array.of(1, 2, 3));
    expect(() => loadCodec.decode(nonsense as Uint8Array)).toThrow(
      expect.objectContaining({ code: 'WIRE_REFUSED' }),
    );
    const ask = loadCodec.encode({ kind: 'ask', model: MODEL, prefix: new Uint8Array(0) });
    let last: Uint8Array | undefined;
    for (let i = 0; i < 70; i += 1) last = await say(ask);
    expect(() => loadCodec.decode(last as Uint8Array)).toThrow(/LOAD_TOO_OFTEN/);
  });

  test('of any bytes is decoded, or refused with a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => loadCodec.decode(bytes)).toThrow(expect.objectContaining({ name: 'FilonError' }));
      }),
    );
  });
});
