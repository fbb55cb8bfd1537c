/**
 * Members that come, announce a model that they say is quick, and are gone, each at its own time: some before their
 * announcement ends, some after, none with a goodbye. Nobody may be thought of as a place for a request after it has ended,
 * and questions are answered by who is left.
 */
import type { Signer } from '@filon/core/swarm/signed';
import { sampleAnnouncement } from './announcing-member.ts';
import { newPeerKeys, offer, openBarePeer, type PeerKeys } from './bare-peer.ts';
import { never, type SwarmModel, type SwarmNode } from './real-swarm.ts';

export interface ChurnNodes {
  model: SwarmModel;
  /** Members come to it; it has the model. */
  rig: SwarmNode;
  /** Hears of them from the rig, and asks. */
  gateway: SwarmNode;
  /** Signs the memberships. */
  root: Signer;
}

export interface ChurnOptions {
  durationMs: number;
  /** That come and go, again and again. */
  members: number;
  /** Between two that come. */
  everyMs: number;
  /** How long an announcement holds, and how long a member stays: from so many ms to so many. */
  holdsMs: readonly [number, number];
  staysMs: readonly [number, number];
  /** 0 to below 1. */
  draw: () => number;
}

export interface ChurnReport {
  came: number;
  /** How many of the members the gateway thought of at some time. */
  heard: number;
  looks: number;
  answers: number;
  /** What must not be. */
  faults: string[];
}

/** An address where nobody listens. */
const NOWHERE = '/ip4/127.0.0.1/tcp/1';
const LOOK_EVERY_MS = 250;
const ASK_EVERY_MS = 1000;

export async function runChurn(nodes: ChurnNodes, options: ChurnOptions): Promise<ChurnReport> {
  return await new Churn(nodes, options).run();
}

class Churn {
  readonly #nodes: ChurnNodes;
  readonly #options: ChurnOptions;
  readonly #away: PeerKeys[];
  readonly #expiresMs = new Map<string, number>();
  readonly #heard = new Set<string>();
  readonly #report: ChurnReport = { came: 0, heard: 0, looks: 0, answers: 0, faults: [] };
  #isOver = false;

  constructor(nodes: ChurnNodes, options: ChurnOptions) {
    this.#nodes = nodes;
    this.#options = options;
    this.#away = Array.from({ length: options.members }, newPeerKeys);
  }

  async run(): Promise<ChurnReport> {
    const expected = await this.#ask();
    const looking = this.#again(LOOK_EVERY_MS, () => this.#look());
    const asking = this.#again(ASK_EVERY_MS, async () => {
      const text = await this.#ask();
      this.#report.answers += 1;
      if (text !== expected) this.#report.faults.push(`an answer was: ${text}`);
    });
    const lives: Promise<void>[] = [];
    const endMs = performance.now() + this.#options.durationMs;
    while (performance.now() < endMs) {
      const [keys] = this.#away.splice(Math.floor(this.#options.draw() * this.#away.length), 1);
      if (keys !== undefined) lives.push(this.#live(keys).finally(() => this.#away.push(keys)));
      await pass(this.#options.everyMs);
    }
    await Promise.all(lives);
    // Whoever is thought of after the last announcement has ended is found by the looks that are left.
    const lastMs = Math.max(...this.#expiresMs.values());
    while (Date.now() < lastMs + LOOK_EVERY_MS) await pass(LOOK_EVERY_MS);
    this.#isOver = true;
    await Promise.all([looking, asking]);
    this.#report.heard = this.#heard.size;
    return this.#report;
  }

  async #again(everyMs: number, work: () => Promise<void>): Promise<void> {
    while (!this.#isOver) {
      await work();
      await pass(everyMs);
    }
    await work();
  }

  /** Of one member. */
  async #live(keys: PeerKeys): Promise<void> {
    const { rig, root, model } = this.#nodes;
    const { holdsMs, staysMs } = this.#options;
    await using peer = await openBarePeer(rig, keys);
    const proof = peer.proof(root, root);
    const said = await peer.hello(proof);
    if (said !== 'hello') this.#report.faults.push(`a member was not let in: ${said}`);
    const issuedMs = Date.now();
    const expiresMs = issuedMs + this.#between(holdsMs);
    // What it said the last time holds until this has come.
    this.#expiresMs.set(peer.key, Math.max(expiresMs, this.#expiresMs.get(peer.key) ?? 0));
    const own = {
      ...{ model: model.sha256, name: model.name, numericClass: null, contextTokens: model.contextTokens },
      ...{ sessionsMax: 4, price: null, replayable: true },
      rates: [{ sessions: 1, prefill: 100_000, decode: 10_000 }],
    };
    const changes = { expiresMs, models: [own], addresses: [NOWHERE] };
    await offer(peer, [peer.record(sampleAnnouncement(issuedMs, changes), proof)]);
    this.#report.came += 1;
    await pass(this.#between(staysMs));
  }

  async #look(): Promise<void> {
    const { gateway, model } = this.#nodes;
    const atMs = Date.now();
    const question = { model: model.name, tier: 'open', promptTokens: 10, answerTokens: 10 } as const;
    const [{ places, refused }, look] = await Promise.all([
      gateway.control.route(question, never),
      gateway.control.peers({}, never),
    ]);
    this.#report.looks += 1;
    const announced = (look?.peers ?? []).filter(({ models }) => models.length > 0).map(({ key }) => key);
    for (const node of new Set([...places, ...refused].map((place) => place.node).concat(announced))) {
      const expiresMs = this.#expiresMs.get(node ?? '');
      if (node === null || expiresMs === undefined) continue;
      this.#heard.add(node);
      if (expiresMs < atMs) this.#report.faults.push(`${node} is thought of ${atMs - expiresMs} ms too long`);
    }
  }

  async #ask(): Promise<string> {
    const answer = await fetch(`${this.#nodes.gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'filon-tier': 'open' },
      body: JSON.stringify({
        model: this.#nodes.model.name,
        messages: [{ role: 'user', content: 'Who is left?' }],
        ...{ max_tokens: 16, temperature: 0, ignore_eos: true },
      }),
    });
    const body = (await answer.json()) as { choices?: unknown };
    return JSON.stringify(answer.ok ? body.choices : body);
  }

  #between([from, to]: readonly [number, number]): number {
    return Math.floor(from + this.#options.draw() * (to - from));
  }
}

/** How long members stay is what is tried, not a guess of how long something takes. */
function pass(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
