/**
 * Measures a routing decision among many announced nodes: `node bench/swarm/routing.ts [--nodes 1000]`. Real functions on
 * simulated announcements, each signed and verified: from the directory to candidates, to those that are asked for their
 * load, to the ranked plan with those loads. The asking itself is not in it. JSON to standard output.
 */
import { parseArgs } from 'node:util';
import type { Candidate, RouteRequest } from '@filon/core/serving/routing';
import { planOf, rankCandidates } from '@filon/core/serving/routing-rank';
import type { Member } from '@filon/core/swarm/proof';
import { createManualClock } from '@filon/node/adapters/memory/clock';
import { createMemoryLog } from '@filon/node/adapters/memory/log';
import { createMemoryHub } from '@filon/node/adapters/memory/network';
import { createMemoryStore } from '@filon/node/adapters/memory/store';
import { Finder } from '@filon/node/swarm/candidates/finder';
import { LoadProbe } from '@filon/node/swarm/candidates/load-probe';
import { Reliability } from '@filon/node/swarm/candidates/reliability';
import { Directory } from '@filon/node/swarm/directory/directory';
import { recordReader } from '@filon/node/swarm/directory/read-record';
import { verifyEd25519 } from '@filon/node/swarm/membership/verify';
import { announcingMember, readMember, sampleAnnouncement } from '../../test/kit/announcing-member.ts';
import { NOW_MS } from '../../test/kit/swarm-keys.ts';
import { readMachine } from '../serve/machine.ts';

const DECISIONS = 3000;
const WARM_UP = 500;

const { values } = parseArgs({ options: { nodes: { type: 'string', default: '1000' } } });
const NODES = Number(values.nodes);
const clock = createManualClock({ nowMs: NOW_MS });
const lists = { own: new Set<string>(), trusted: new Set<string>() };
const policy = () => ({ lists, msPerUnit: 1000 });
const network = createMemoryHub({ clock }).open({ key: 'me' });
const known = new Map<string, Member>();
const learn = (proof: Uint8Array): Member => {
  const member = readMember(proof);
  known.set(member.node, member);
  return member;
};
const read = recordReader({
  members: { find: (node) => known.get(node) ?? null, learn },
  verify: verifyEd25519,
});
const directory = new Directory({ clock, lists: () => lists, open: read });
const reliability = new Reliability({ clock, store: createMemoryStore() });
const probe = new LoadProbe({ network, clock });

let seed = 1;
const draw = (): number => {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
};

/** Every node has the model: no index makes it easy. */
function announceAll(): string {
  const [sample] = sampleAnnouncement(NOW_MS).models;
  if (!sample) throw new RangeError('the sample serves a model');
  for (let i = 0; i < NODES; i += 1) {
    const rates = [1, 2, 4, 8].map((sessions) => ({
      sessions,
      prefill: 100 + draw() * 2000,
      decode: (10 + draw() * 90) / sessions,
    }));
    const price = {
      promptPico: BigInt(Math.floor(draw() * 1e6)),
      answerPico: BigInt(Math.floor(draw() * 1e7)),
    };
    const member = announcingMember(`${i}`, { operator: `${i % 200}` });
    const verdict = directory.accept(
      member.record(sampleAnnouncement(NOW_MS, { models: [{ ...sample, rates, price }] })),
    );
    if (verdict !== 'new') throw new RangeError(`an announcement was ${verdict}`);
    if (i % 5 < 2) (i % 5 === 0 ? lists.own : lists.trusted).add(member.operator.key);
    reliability.note(member.signer.key, draw() < 0.9 ? 'served' : 'failed');
  }
  return sample.model;
}

const model = announceAll();
const finder = new Finder({
  network,
  directory,
  reliability,
  probe,
  policy,
  clock,
  log: createMemoryLog(),
  hideScope: () => new Uint8Array(),
  draw,
});

function decide(request: RouteRequest): void {
  const { likeliest, asked } = finder.shortlist(request);
  const withLoad = (candidate: Candidate): Candidate => {
    const load = { active: 3, queued: 1, queueMs: draw() * 500, cachedTokens: 128 };
    return asked.includes(candidate.node ?? '')
      ? { ...candidate, load, roundTripMs: draw() * 80 }
      : candidate;
  };
  const { ranked } = rankCandidates(likeliest.map(withLoad), request, policy());
  if (ranked[0]) planOf(ranked[0].candidate);
}

const took: number[] = [];
/** The quickest of three times the same decision: what other programs do on the machine is hardly in it. */
const quickest: number[] = [];
for (let i = 0; i < WARM_UP + DECISIONS; i += 1) {
  const request: RouteRequest = {
    ...{ model, promptTokens: 1 + Math.floor(draw() * 4000), answerTokens: 400, tier: 'open', exact: false },
    ...{ numericClass: null, excluded: new Set(), resuming: false },
  };
  const times = [request, request, request].map((same) => {
    const startMs = performance.now();
    decide(same);
    return performance.now() - startMs;
  });
  if (i < WARM_UP) continue;
  took.push(...times);
  quickest.push(Math.min(...times));
}

function timesOf(samples: readonly number[]): { medianMs: number; p99Ms: number; mostMs: number } {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Math.round((sorted[Math.ceil(share * sorted.length) - 1] ?? 0) * 1000) / 1000;
  return { medianMs: at(0.5), p99Ms: at(0.99), mostMs: at(1) };
}

const machine = await readMachine(new URL('../..', import.meta.url).pathname, new AbortController().signal);
const result = {
  machine,
  nodes: NODES,
  decisions: DECISIONS,
  all: timesOf(took),
  quickestOfThree: timesOf(quickest),
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
