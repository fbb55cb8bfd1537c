import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Candidate, LoadRate, RoutePolicy, RouteRequest } from './routing.ts';
import { RELIABILITY_MIN, rateAt, routeCost } from './routing-cost.ts';
import { planOf, rankCandidates } from './routing-rank.ts';
import { type PrivacyTier, TIERS, tierAllows, tierOf } from './tier.ts';

const MODEL = 'a'.repeat(64);
const OWN = 'own-operator';
const FRIEND = 'friend';
const STRANGER = 'stranger';
const POLICY: RoutePolicy = { lists: { own: new Set([OWN]), trusted: new Set([FRIEND]) }, msPerUnit: 1000 };

const CANDIDATE: Candidate = {
  node: 'node',
  operator: OWN,
  model: MODEL,
  name: 'tiny',
  numericClass: null,
  ready: true,
  loadMs: 0,
  contextTokens: 4096,
  sessionsMax: 8,
  rates: [{ sessions: 1, prefill: 1000, decode: 50 }],
  load: { active: 0, queued: 0, queueMs: 0, cachedTokens: 0 },
  roundTripMs: 10,
  price: null,
  serves: 'open',
  reliability: 1,
  replayable: true,
};
const REQUEST: RouteRequest = {
  model: MODEL,
  promptTokens: 1000,
  answerTokens: 100,
  tier: 'open',
  exact: false,
  numericClass: null,
  excluded: new Set(),
  resuming: false,
};

const some = (changes: Partial<Candidate>): Candidate => ({ ...CANDIDATE, ...changes });
const asked = (changes: Partial<RouteRequest>): RouteRequest => ({ ...REQUEST, ...changes });
const namesOf = (candidates: readonly Candidate[], request = REQUEST): (string | null)[] =>
  rankCandidates(candidates, request, POLICY).ranked.map(({ candidate }) => candidate.node);
const refusalOf = (candidate: Candidate, request = REQUEST): string | undefined =>
  rankCandidates([candidate], request, POLICY).refused[0]?.refusal;

const tier = fc.constantFrom<PrivacyTier>(...TIERS);
const rate = fc.record({
  sessions: fc.integer({ min: 1, max: 32 }),
  prefill: fc.double({ min: 1, max: 1e5, noNaN: true }),
  decode: fc.double({ min: 0.1, max: 1e4, noNaN: true }),
});
const rates: fc.Arbitrary<LoadRate[]> = fc
  .uniqueArray(rate, { selector: ({ sessions }) => sessions, maxLength: 4 })
  .map((list) => list.sort((a, b) => a.sessions - b.sessions));
const numericClass = fc.constantFrom('class-a', 'class-b', null);
const node = fc.constantFrom(null, ...Array.from({ length: 12 }, (_, i) => `node-${i}`));
const candidate: fc.Arbitrary<Candidate> = fc.record({
  node,
  operator: fc.constantFrom(OWN, FRIEND, STRANGER, null),
  model: fc.constantFrom(MODEL, MODEL, MODEL, 'b'.repeat(64)),
  name: fc.constant('tiny'),
  numericClass,
  ready: fc.boolean(),
  loadMs: fc.nat(60_000),
  contextTokens: fc.integer({ min: 256, max: 8192 }),
  sessionsMax: fc.integer({ min: 1, max: 16 }),
  rates,
  load: fc.option(
    fc.record({
      active: fc.nat(40),
      queued: fc.nat(40),
      queueMs: fc.nat(100_000),
      cachedTokens: fc.nat(9000),
    }),
  ),
  roundTripMs: fc.option(fc.nat(500)),
  price: fc.option(fc.record({ promptPico: fc.bigInt(0n, 10n ** 9n), answerPico: fc.bigInt(0n, 10n ** 9n) })),
  serves: tier,
  reliability: fc.double({ min: 0, max: 1, noNaN: true }),
  replayable: fc.boolean(),
});
const candidates = fc.uniqueArray(candidate, {
  selector: (one) => `${one.node}/${one.numericClass}`,
  maxLength: 20,
});
const request: fc.Arbitrary<RouteRequest> = fc.record(
  {
    model: fc.constant(MODEL),
    promptTokens: fc.integer({ min: 1, max: 8192 }),
    answerTokens: fc.nat(2000),
    tier,
    exact: fc.boolean(),
    numericClass,
    stayAt: node,
    excluded: fc.uniqueArray(node, { maxLength: 3 }).map((nodes) => new Set(nodes)),
    resuming: fc.boolean(),
  },
  {
    requiredKeys: [
      'model',
      'promptTokens',
      'answerTokens',
      'tier',
      'exact',
      'numericClass',
      'excluded',
      'resuming',
    ],
  },
);

describe('whoever is asked may be asked', () => {
  test('no plan is wider than the tier that was chosen', () => {
    fc.assert(
      fc.property(candidates, request, (all, wanted) => {
        for (const { candidate: chosen, tier: used } of rankCandidates(all, wanted, POLICY).ranked) {
          const real = chosen.node === null ? 'own' : tierOf(chosen.operator, POLICY.lists);
          expect(used).toBe(real);
          expect(tierAllows(wanted.tier, real)).toBe(true);
        }
      }),
    );
  });

  test('whoever may be asked under a tier may be asked under each wider one', () => {
    fc.assert(
      fc.property(candidates, request, (all, wanted) => {
        const [own, trusted, open] = TIERS.map((wide) =>
          namesOf(all, { ...wanted, tier: wide }).map(String),
        ) as [string[], string[], string[]];
        expect(trusted).toEqual(expect.arrayContaining(own));
        expect(open).toEqual(expect.arrayContaining(trusted));
      }),
    );
  });

  test('each candidate is either ranked or refused, and nothing that was excluded is ranked', () => {
    fc.assert(
      fc.property(candidates, request, (all, wanted) => {
        const { ranked, refused } = rankCandidates(all, wanted, POLICY);
        const seen = [...ranked, ...refused].map((one) => one.candidate);
        expect(seen).toHaveLength(all.length);
        expect(new Set(seen)).toEqual(new Set(all));
        for (const one of ranked) expect(wanted.excluded.has(one.candidate.node)).toBe(false);
      }),
    );
  });

  test('in exact mode nothing without the session’s class is ranked', () => {
    fc.assert(
      fc.property(candidates, request, (all, wanted) => {
        for (const { candidate: chosen } of rankCandidates(all, { ...wanted, exact: true }, POLICY).ranked) {
          expect(chosen.numericClass).not.toBeNull();
          if (wanted.numericClass !== null) expect(chosen.numericClass).toBe(wanted.numericClass);
        }
      }),
    );
  });

  test.each<[string, Partial<Candidate>, Partial<RouteRequest>]>([
    ['other-model', { model: 'b'.repeat(64) }, {}],
    ['excluded', {}, { excluded: new Set(['node']) }],
    ['excluded', { node: null }, { excluded: new Set([null]) }],
    ['tier', { operator: FRIEND }, { tier: 'own' }],
    ['tier', { operator: STRANGER }, { tier: 'trusted' }],
    ['tier', { operator: null }, { tier: 'trusted' }],
    ['unwilling', { operator: FRIEND, serves: 'own' }, {}],
    ['not-ready', { ready: false }, {}],
    ['other-class', { numericClass: null }, { exact: true }],
    ['other-class', { numericClass: 'b' }, { exact: true, numericClass: 'a' }],
    ['not-replayable', { replayable: false }, { resuming: true }],
    ['context', { contextTokens: 1000 }, { promptTokens: 1000 }],
    ['unreliable', { reliability: RELIABILITY_MIN / 2 }, {}],
  ])('%s', (refusal, changes, wanted) => {
    expect(refusalOf(some(changes), asked(wanted))).toBe(refusal);
    expect(refusalOf(CANDIDATE)).toBeUndefined();
  });

  test('what this node has on its disk can be loaded here', () => {
    expect(refusalOf(some({ node: null, ready: false, loadMs: 3000 }))).toBeUndefined();
  });
});

describe('who is first', () => {
  test('the same values give the same order, however they were listed', () => {
    fc.assert(
      fc.property(candidates, request, fc.infiniteStream(fc.nat()), (all, wanted, noise) => {
        const shuffled = all
          .map((one) => ({ one, at: noise.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ one }) => one);
        const first = rankCandidates(all, wanted, POLICY).ranked;
        expect(rankCandidates(shuffled, wanted, POLICY).ranked).toEqual(first);
      }),
    );
  });

  const better: [string, (one: Candidate, share: number) => Candidate][] = [
    ['a shorter round trip', (one, share) => ({ ...one, roundTripMs: (one.roundTripMs ?? 250) * share })],
    [
      'a shorter queue',
      (one, share) => ({ ...one, load: one.load && { ...one.load, queueMs: one.load.queueMs * share } }),
    ],
    [
      'fewer sessions',
      (one, share) => ({
        ...one,
        load: one.load && { ...one.load, active: Math.floor(one.load.active * share) },
      }),
    ],
    [
      'a longer cached prefix',
      (one, share) => ({
        ...one,
        load: one.load && { ...one.load, cachedTokens: one.load.cachedTokens + Math.ceil(share * 500) },
      }),
    ],
    [
      'higher rates',
      (one, share) => ({
        ...one,
        rates: one.rates.map((at) => ({
          ...at,
          prefill: at.prefill / (share + 0.01),
          decode: at.decode / (share + 0.01),
        })),
      }),
    ],
    [
      'a lower price',
      (one, share) => ({
        ...one,
        price: one.price && {
          promptPico: BigInt(Math.floor(Number(one.price.promptPico) * share)),
          answerPico: one.price.answerPico,
        },
      }),
    ],
    [
      'more reliability',
      (one, share) => ({ ...one, reliability: one.reliability + (1 - one.reliability) * share }),
    ],
  ];
  test.each(better)('%s never worsens a place', (_, improve) => {
    const whole = fc.tuple(candidates, request, fc.nat(), fc.double({ min: 0, max: 0.99, noNaN: true }));
    fc.assert(
      fc.property(whole, ([all, wanted, pick, share]) => {
        const before = rankCandidates(all, wanted, POLICY).ranked;
        const chosen = before[pick % Math.max(1, before.length)];
        if (!chosen) return;
        const changed = all.map((one) => (one === chosen.candidate ? improve(one, share) : one));
        const after = rankCandidates(changed, wanted, POLICY).ranked;
        const place = after.findIndex(({ candidate: one }) => !all.includes(one));
        expect(place).toBeGreaterThanOrEqual(0);
        expect(place).toBeLessThanOrEqual(before.indexOf(chosen));
      }),
    );
  });

  test('the rate of one session never grows with the sessions beside it', () => {
    fc.assert(
      fc.property(
        rates,
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 0, max: 64 }),
        (measured, few, more) => {
          for (const phase of ['prefill', 'decode'] as const) {
            const alone = rateAt(measured, phase, few);
            expect(rateAt(measured, phase, few + more)).toBeLessThanOrEqual(alone * (1 + 1e-9));
            expect(alone).toBeGreaterThan(0);
          }
        },
      ),
    );
  });

  test('the parts of a cost are its whole', () => {
    fc.assert(
      fc.property(candidate, request, (one, wanted) => {
        const { reliability, totalMs, priceMs, ...times } = routeCost(one, wanted, POLICY);
        const sum = Object.values(times).reduce((all, ms) => all + ms, 0);
        expect(totalMs).toBeCloseTo(sum / reliability + priceMs, 3);
        expect(totalMs).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('a far fast node beats a near slow one where the answer is long, and loses where it is short', () => {
    const far = some({ node: 'far', roundTripMs: 200, rates: [{ sessions: 1, prefill: 2000, decode: 100 }] });
    const near = some({ node: 'near', roundTripMs: 1, rates: [{ sessions: 1, prefill: 1900, decode: 50 }] });
    expect(namesOf([near, far], asked({ answerTokens: 500 }))).toEqual(['far', 'near']);
    expect(namesOf([far, near], asked({ promptTokens: 10, answerTokens: 2 }))).toEqual(['near', 'far']);
  });

  test('money is weighed as the operator weighs it', () => {
    const price = { promptPico: 0n, answerPico: 20_000_000_000n };
    const both = [
      some({ node: 'dear', price, rates: [{ sessions: 1, prefill: 1000, decode: 100 }] }),
      some({ node: 'free' }),
    ];
    expect(namesOf(both)).toEqual(['free', 'dear']);
    const first = rankCandidates(both, REQUEST, { ...POLICY, msPerUnit: 100 }).ranked[0];
    expect(first?.candidate.node).toBe('dear');
  });
});

describe('sessions stay', () => {
  const slow = some({ node: 'here', rates: [{ sessions: 1, prefill: 1000, decode: 45 }] });
  const quick = some({ node: 'there' });

  test('where their prefix is, for a small gain', () => {
    const { ranked } = rankCandidates([slow, quick], asked({ stayAt: 'here' }), POLICY);
    expect(ranked.map(({ candidate: one, stayed }) => [one.node, stayed])).toEqual([
      ['here', true],
      ['there', false],
    ]);
  });

  test('but not for a great one', () => {
    const busy = some({ node: 'here', load: { active: 8, queued: 9, queueMs: 20_000, cachedTokens: 900 } });
    expect(namesOf([busy, quick], asked({ stayAt: 'here' }))).toEqual(['there', 'here']);
  });

  test('and never against the tier, or where they failed', () => {
    const stranger = some({ node: 'here', operator: STRANGER });
    expect(namesOf([stranger, quick], asked({ stayAt: 'here', tier: 'trusted' }))).toEqual(['there']);
    expect(namesOf([slow, quick], asked({ stayAt: 'here', excluded: new Set(['here']) }))).toEqual(['there']);
  });

  test('a failover asks the same numeric class first, however slow', () => {
    const other = some({ node: 'other', numericClass: 'b' });
    const same = some({ node: 'same', numericClass: 'a', rates: [{ sessions: 1, prefill: 10, decode: 1 }] });
    const wanted = asked({ numericClass: 'a', resuming: true, excluded: new Set(['dead']) });
    expect(namesOf([other, same, some({ node: 'dead', numericClass: 'a' })], wanted)).toEqual([
      'same',
      'other',
    ]);
    expect(namesOf([other, same], { ...wanted, stayAt: 'other' })).toEqual(['same', 'other']);
  });
});

test('a plan is a chain of one stage that names its node', () => {
  expect(planOf(some({ node: 'there' }))).toEqual({
    model: MODEL,
    chain: [{ node: 'there', device: null, layers: null }],
  });
});

describe('an upstream', () => {
  const behind = (node: string, there: PrivacyTier, serves: PrivacyTier = 'open'): Candidate =>
    some({
      operator: node,
      replayable: false,
      serves,
      upstream: { tier: there, serves, continuesChats: true },
    });

  test.each<[string, PrivacyTier, PrivacyTier]>([
    [OWN, 'own', 'own'],
    [OWN, 'trusted', 'trusted'],
    [OWN, 'open', 'open'],
    [FRIEND, 'own', 'trusted'],
    // Whom a friend trusts is nobody that this operator chose.
    [FRIEND, 'trusted', 'open'],
    [STRANGER, 'own', 'open'],
  ])('of %s that calls it %s is of the tier %s', (operator, there, expected) => {
    for (const wanted of TIERS) {
      const { ranked } = rankCandidates([behind(operator, there)], asked({ tier: wanted }), POLICY);
      expect(ranked.map(({ tier: found }) => found)).toEqual(tierAllows(wanted, expected) ? [expected] : []);
    }
  });

  test('that serves its operator alone refuses others, however wide its tier is for its own', () => {
    expect(refusalOf(behind(FRIEND, 'own', 'own'))).toBe('unwilling');
    expect(refusalOf(behind(OWN, 'open', 'own'))).toBeUndefined();
  });

  test('that is down is not waited for, and none goes on by tokens', () => {
    expect(refusalOf({ ...behind(OWN, 'own'), node: null, ready: false })).toBe('not-ready');
    expect(refusalOf(some({ node: null, ready: false }))).toBeUndefined();
    expect(refusalOf(behind(OWN, 'own'), asked({ resuming: true }))).toBe('not-replayable');
  });
});
