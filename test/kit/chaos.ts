/**
 * Answers in flight while the nodes that compute them are killed, frozen, cut off and started again. Each answer must come
 * out whole and as a judge says that it must, or end with an honest error: one that says so, while no rig was well all along.
 */
import type { ChaosAnswer, ChaosJudge } from './chaos-judges.ts';
import { type Events, readEvents } from './real-node.ts';
import {
  inviteOf,
  never,
  type RealSwarm,
  SWARM_MODEL,
  type SwarmNode,
  type SwarmNodeOptions,
  until,
} from './real-swarm.ts';

export interface ChaosOptions {
  judge: ChaosJudge;
  answers: number;
  /** At the same time. */
  inFlight: number;
  /** Rigs that are harmed at the same time. */
  harmers: number;
  /** Harms that must have been done, and answers gone on with, before it may end. */
  harmsMin: number;
  goneOnWithMin: number;
  frozenMs: number;
  cutMs: number;
  /** 0 to below 1. */
  draw: () => number;
}

export type Harm = 'node killed' | 'worker killed' | 'frozen' | 'cut off' | 'line cut';

export interface ChaosReport {
  /** Whole. */
  answered: number;
  /** Of these, those that some node went on with. */
  goneOnWith: number;
  /** Honest errors, by their code. */
  refused: Record<string, number>;
  /** What must not be: other bytes, or an error while a rig was well. */
  faults: string[];
  harms: Partial<Record<Harm, number>>;
  /** Longest time without a byte, of each answer that was gone on with. */
  pausesMs: number[];
  tookMs: number;
}

const NOWHERE = '/ip4/127.0.0.1/tcp/1';
/** What was asked is given up when it was there at so many deaths. */
const DEATHS_TO_QUARANTINE = 2;
const HARMS: readonly Harm[] = ['node killed', 'worker killed', 'frozen', 'cut off', 'line cut'];
const RIGS_WELL_MIN = 1;
const LOOK_AGAIN_MS = 100;

/** `gateway` computes nothing and is never harmed; `rigs` are. All are machines of one operator. */
export interface ChaosNodes {
  swarm: RealSwarm;
  gateway: SwarmNode;
  rigs: readonly SwarmNode[];
}

/** `kernels`: of the rigs in turns; absent: the best. */
export async function addChaosNodes(
  swarm: RealSwarm,
  rigs: number,
  kernels: readonly string[] = [],
): Promise<ChaosNodes> {
  const rig = (index: number): SwarmNodeOptions => {
    const own = kernels[index % kernels.length];
    return { name: `rig ${index + 1}`, serves: true, ...(own === undefined ? {} : { kernels: own }) };
  };
  const first = await swarm.add(rig(0));
  const others: SwarmNode[] = [];
  for (let index = 1; index < rigs; index += 1) others.push(await swarm.prepare(rig(index)));
  // Nobody can connect to it: it connects to the rigs, through their doors.
  const environment = { FILON_SWARM_ADDRESSES: NOWHERE };
  const gateway = await swarm.prepare({ name: 'gateway', serves: false, environment });
  const enrol = async (node: SwarmNode): Promise<void> =>
    node.start('--enrol', await inviteOf(first, { enrols: true }));
  await Promise.all(others.map(enrol));
  await enrol(gateway);
  return { swarm, gateway, rigs: [first, ...others] };
}

export async function runChaos(nodes: ChaosNodes, options: ChaosOptions): Promise<ChaosReport> {
  return await new Chaos(nodes, options).run();
}

class Chaos {
  readonly #nodes: ChaosNodes;
  readonly #options: ChaosOptions;
  readonly #wellSince = new Map<SwarmNode, number | null>();
  readonly #harms: { harm: Harm; atMs: number }[] = [];
  /** Harms that were begun while a question was under way, by its words. */
  readonly #strikes = new Map<string, number>();
  readonly #report: ChaosReport;
  #over = false;

  constructor(nodes: ChaosNodes, options: ChaosOptions) {
    this.#nodes = nodes;
    this.#options = options;
    this.#report = {
      ...{ answered: 0, goneOnWith: 0, refused: {}, faults: [], harms: {}, pausesMs: [], tookMs: 0 },
    };
  }

  async run(): Promise<ChaosReport> {
    for (const rig of this.#nodes.rigs) await this.#becomesWell(rig);
    const { judge } = this.#options;
    await judge.prepare?.((question) => this.#answer(question));
    const startMs = performance.now();
    const harming = Array.from({ length: this.#options.harmers }, () => this.#keepHarming());
    let asked = 0;
    const isDone = (): boolean => asked >= this.#options.answers && this.#enoughHarm();
    const asker = async (): Promise<void> => {
      while (!isDone()) await this.#check(asked++);
    };
    await Promise.all(Array.from({ length: this.#options.inFlight }, asker));
    this.#over = true;
    await Promise.all(harming);
    this.#report.tookMs = performance.now() - startMs;
    this.#report.faults.push(...(await judge.faults()));
    for (const { harm } of this.#harms) this.#report.harms[harm] = (this.#report.harms[harm] ?? 0) + 1;
    return this.#report;
  }

  #enoughHarm(): boolean {
    const { harmsMin, goneOnWithMin } = this.#options;
    return this.#harms.length >= harmsMin && this.#report.goneOnWith >= goneOnWithMin;
  }

  async #check(question: number): Promise<void> {
    const startMs = performance.now();
    const answer = await this.#answer(question);
    const { error, parts, pauseMs } = answer;
    const { faults, refused, pausesMs } = this.#report;
    const harms = this.#harms.filter(({ atMs }) => atMs >= startMs).length;
    const words = this.#wordsOf(question);
    this.#strikes.set(words, (this.#strikes.get(words) ?? 0) + harms);
    this.#options.judge.take(question, answer, harms);
    if (error !== null) {
      if (!this.#isHonest(error, { question, startMs }))
        faults.push(`question ${question} failed with ${error}`);
      refused[error] = (refused[error] ?? 0) + 1;
      return;
    }
    this.#report.answered += 1;
    if (parts.length === 1) return;
    this.#report.goneOnWith += 1;
    pausesMs.push(pauseMs);
  }

  /**
   * No rig was well from its beginning to its end; or what was asked was there at so many deaths, in this request or in
   * earlier ones, that it is not passed on.
   */
  #isHonest(error: string, { question, startMs }: { question: number; startMs: number }): boolean {
    if (error === 'SERVE_QUARANTINED')
      return (this.#strikes.get(this.#wordsOf(question)) ?? 0) >= DEATHS_TO_QUARANTINE;
    return ![...this.#wellSince.values()].some((sinceMs) => sinceMs !== null && sinceMs <= startMs);
  }

  #wordsOf(question: number): string {
    return JSON.stringify(this.#options.judge.question(question).body);
  }

  async #answer(question: number): Promise<ChaosAnswer> {
    const { path, body } = this.#options.judge.question(question);
    const response = await fetch(this.#nodes.gateway.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: SWARM_MODEL, ...body, stream: true }),
    });
    if (!response.ok) return { text: '', parts: [[]], error: await codeOf(response), pauseMs: 0 };
    const parts: string[][] = [[]];
    let lastMs = performance.now();
    let pauseMs = 0;
    let read = 0;
    const seen = await readEvents(response, ({ data, comments }) => {
      const nowMs = performance.now();
      pauseMs = Math.max(pauseMs, nowMs - lastMs);
      lastMs = nowMs;
      if (comments.filter((comment) => comment === 'pause').length === parts.length) parts.push([]);
      for (; read < data.length; read += 1) parts.at(-1)?.push(...tokensOf(data[read] ?? ''));
    });
    return { text: seen.text, parts, error: errorOf(seen), pauseMs };
  }

  /** One after another, of rigs that are well, and of these one that computes; the last one is left alone. */
  async #keepHarming(): Promise<void> {
    while (!this.#over) {
      const busy = await computing(this.#well());
      // Without those that another harmer has taken meanwhile.
      const well = this.#well();
      const computes = well.filter((rig) => busy.includes(rig));
      const among = computes.length > 0 ? computes : well;
      const rig = among[Math.floor(this.#options.draw() * among.length)];
      const harm = HARMS[Math.floor(this.#options.draw() * HARMS.length)];
      if (rig === undefined || harm === undefined || well.length <= RIGS_WELL_MIN) {
        await pass(LOOK_AGAIN_MS);
        continue;
      }
      if (harm === 'line cut') await this.#cutLine(rig);
      else await this.#harm(rig, harm, () => this.#do(harm, rig));
    }
  }

  #well(): SwarmNode[] {
    return this.#nodes.rigs.filter((rig) => this.#wellSince.get(rig) !== null);
  }

  async #harm(rig: SwarmNode, harm: Harm, work: () => Promise<void>): Promise<void> {
    this.#wellSince.set(rig, null);
    this.#harms.push({ harm, atMs: performance.now() });
    await work();
    await this.#becomesWell(rig);
  }

  /** To the gateway, or to another rig, which harms nobody who can be asked. */
  async #cutLine(rig: SwarmNode): Promise<void> {
    const { swarm, gateway, rigs } = this.#nodes;
    const ends = [gateway, ...rigs.filter((other) => other !== rig)];
    const end = ends[Math.floor(this.#options.draw() * ends.length)] ?? gateway;
    const cut = async (): Promise<void> => {
      swarm.line(rig, end).cut();
      await pass(this.#options.cutMs);
      swarm.line(rig, end).mend();
    };
    if (end === gateway) return await this.#harm(rig, 'line cut', cut);
    this.#harms.push({ harm: 'line cut', atMs: performance.now() });
    await cut();
  }

  async #do(harm: Exclude<Harm, 'line cut'>, rig: SwarmNode): Promise<void> {
    const { frozenMs, cutMs } = this.#options;
    switch (harm) {
      case 'node killed':
        await rig.kill();
        return await rig.start();
      case 'worker killed': {
        const [worker] = (await rig.status()).engine.workers;
        if (worker?.pid != null) killIfThere(worker.pid);
        return;
      }
      case 'frozen':
        rig.freeze();
        await pass(frozenMs);
        return rig.thaw();
      case 'cut off': {
        const lines = this.#nodes.swarm.lines(rig);
        for (const line of lines) line.cut();
        await pass(cutMs);
        for (const line of lines) line.mend();
      }
    }
  }

  /** The gateway would send a request there. */
  async #becomesWell(rig: SwarmNode): Promise<void> {
    const { gateway } = this.#nodes;
    const question = { model: SWARM_MODEL, tier: null, promptTokens: 10, answerTokens: 10 };
    await until(`${rig.name} is well`, async () => {
      const key = (await rig.status()).swarm?.self.key;
      const { places } = await gateway.control.route(question, never).catch(() => ({ places: [] }));
      return places.some(({ node }) => node === key);
    });
    this.#wellSince.set(rig, performance.now());
  }
}

async function computing(rigs: readonly SwarmNode[]): Promise<SwarmNode[]> {
  const found = await Promise.all(
    rigs.map(async (rig) => {
      // It may be harmed by now.
      const status = await rig.status().catch(() => null);
      return (status?.engine.sessions ?? []).some(({ count }) => count > 0) ? rig : [];
    }),
  );
  return found.flat();
}

/** A worker that was killed a moment ago may still stand in the status. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** How long a rig stays frozen or cut off is what is tried, not a guess of how long something takes. */
function pass(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

async function codeOf(response: Response): Promise<string> {
  return response.headers.get('x-filon-error') ?? `HTTP ${response.status}`;
}

function errorOf({ data }: Events): string | null {
  const last = data.at(-1);
  if (last === '[DONE]') return null;
  return last === undefined ? 'nothing came' : (JSON.parse(last).error?.code ?? `it ended with ${last}`);
}

/** As a text completion tells them where log-probabilities are asked for; else none. */
function tokensOf(data: string): string[] {
  return data === '[DONE]' ? [] : (JSON.parse(data).choices?.[0]?.logprobs?.tokens ?? []);
}

/** The same for the same seed. */
export function drawFrom(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
