/**
 * Real nodes of one swarm: processes of their own with homes of their own, joined by real invites. Others reach each of
 * them through a door, and between any two is a line that the test makes bad at will. They can be killed, frozen and
 * started again.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '@filon/node/adapters/sqlite/store';
import type { CallOptions, Control, NodeStatus } from '@filon/node/control/calls';
import { createControlClient } from '@filon/node/control/client';
import { ensureHome, homePaths } from '@filon/node/home/paths';
import { openTestHome, type RunningFilon, type TestHome } from './filon.ts';
import { tinyModel } from './gguf.ts';
import { lendKernels } from './kernels.ts';
import { createLines, type Lines } from './lines.ts';
import type { Door, Line } from './link-shaper.ts';
import { lendStarter } from './real-node.ts';
import { starterModel } from './starter-model.ts';
import { certificateOf } from './worker-engine.ts';

export const SWARM_MODEL = 'swarm-tiny';
export const SWARM_CONTEXT_TOKENS = 512;
/** Shared by the sessions, in fast mode. */
const STARTER_CONTEXT_TOKENS = 4096;
/** In exact mode each has the whole context. */
const SESSIONS = 4;
/** Slow enough for something to happen in the middle of an answer: some milliseconds a token. */
const SIZES = { embeddingLength: 384, layers: 8, heads: 6, kvHeads: 2, feedForwardLength: 1024 };
const READY_MS = 25_000;

export interface SwarmModel extends AsyncDisposable {
  /** As `up` is told to load it. */
  source: string;
  name: string;
  sha256: string;
  /** Of a model that the kit made; null: the starter, which is lent. */
  path: string | null;
  /** Exact settings; null: it is served in fast mode. */
  certificate: unknown;
  contextTokens: number;
  sessionsMax: number;
}

/**
 * `tiny`: in exact mode. `tiny-alone`: in fast mode, one session at a time, so that what is computed depends on nobody
 * beside it. `starter`: the starter model in fast mode, for figures that say something of real use.
 */
export type SwarmModelKind = 'tiny' | 'tiny-alone' | 'starter';

export interface SwarmNodeOptions {
  /** No two have the same. */
  name: string;
  /** Has the model and serves it; else it has none and computes nothing. */
  serves: boolean;
  /** The CPU library that it computes with; absent: the best. */
  kernels?: string;
  /** Settings, as `FILON_*`. */
  environment?: Readonly<Record<string, string>>;
}

export interface SwarmNode {
  readonly name: string;
  readonly home: TestHome;
  readonly control: Control;
  /** Where its door leads to: others do not know it. */
  readonly port: number;
  /** Of its HTTP API, while it runs. */
  readonly url: string;
  readonly running: RunningFilon;
  status(): Promise<NodeStatus>;
  /** `up`, with further words of it; resolves when it is ready. */
  start(...words: string[]): Promise<void>;
  /** `kill -9` of the node process, and its end. */
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT of the node process. */
  freeze(): void;
  thaw(): void;
}

export interface RealSwarm extends AsyncDisposable {
  readonly model: SwarmModel;
  readonly nodes: SwarmNode[];
  /** Between these two, whoever of them dialled. */
  line(one: SwarmNode, other: SwarmNode): Line;
  /** From this one to all others. */
  lines(of: SwarmNode): Line[];
  /** The first one makes the swarm; each further one joins it by an invite of the first. */
  add(options: SwarmNodeOptions): Promise<SwarmNode>;
  /** Not started, and no member. */
  prepare(options: SwarmNodeOptions): Promise<SwarmNode>;
}

export const never: CallOptions = { signal: new AbortController().signal };

function weights(seed: number): Uint8Array {
  return tinyModel({ ...SIZES, seed, contextTokens: SWARM_CONTEXT_TOKENS * SESSIONS, weights: 'q8_0' });
}

/** A file as the kit's model, and every number of it another. */
export function wrongWeights(): Uint8Array {
  return weights(2);
}

/** A tiny model of random weights; with exact settings for this machine's CPU. */
async function makeSwarmModel(mode: 'exact' | 'fast'): Promise<SwarmModel> {
  const folder = await mkdtemp(join(tmpdir(), 'filon-swarm-'));
  const path = join(folder, `${SWARM_MODEL}.gguf`);
  const bytes = weights(1);
  await writeFile(path, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const certificate = mode === 'exact' ? await certificateOf({ model: sha256, path }) : null;
  return {
    ...{ source: `file:${path}`, name: SWARM_MODEL, sha256, path, certificate },
    contextTokens: SWARM_CONTEXT_TOKENS,
    sessionsMax: mode === 'exact' ? SESSIONS : 1,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

async function starterSwarmModel(): Promise<SwarmModel> {
  const { name, sha256 } = await starterModel();
  return {
    ...{ source: name, name, sha256, path: null, certificate: null },
    ...{ contextTokens: STARTER_CONTEXT_TOKENS, sessionsMax: SESSIONS },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

export async function openRealSwarm(of: SwarmModelKind = 'tiny'): Promise<RealSwarm> {
  const model = await (of === 'starter'
    ? starterSwarmModel()
    : makeSwarmModel(of === 'tiny' ? 'exact' : 'fast'));
  const nodes: (SwarmNode & { pid: number | undefined })[] = [];
  const lines = createLines(() => nodes);
  const parts = new AsyncDisposableStack();
  parts.use(model);
  const prepare = async (options: SwarmNodeOptions): Promise<SwarmNode> => {
    const node = await openSwarmNode(options, { model, lines });
    parts.use(node);
    nodes.push(node);
    return node;
  };
  return {
    ...{ model, nodes, prepare },
    line: (one, other) => lines.between(one.name, other.name),
    lines: (of) => lines.of(of.name),
    add: async (options) => {
      const [first] = nodes;
      const node = await prepare(options);
      if (first === undefined) {
        await node.start();
        await node.control.createSwarm({ name: 'garage', open: false, inviters: null }, never);
      } else {
        await node.start('--join', await inviteOf(first));
      }
      return node;
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

export async function inviteOf(node: SwarmNode, more: { enrols?: boolean } = {}): Promise<string> {
  const asked = { validMs: null, mayInvite: false, enrols: false, ...more };
  return (await node.control.invite(asked, never)).invite;
}

/** The first answer that is neither null nor false. */
export async function until<T>(what: string, look: () => Promise<T | null | false>): Promise<T> {
  const signal = AbortSignal.timeout(READY_MS);
  for (;;) {
    const found = await look();
    if (found !== null && found !== false) return found;
    if (signal.aborted) throw new RangeError(`it never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function openSwarmNode(
  options: SwarmNodeOptions,
  { model, lines }: { model: SwarmModel; lines: Lines },
): Promise<Node> {
  const home = openTestHome();
  const paths = homePaths(home.home);
  ensureHome(paths);
  if (options.serves && model.path === null) await lendStarter(paths.models);
  if (options.serves && model.certificate !== null) {
    await using store = await openSqliteStore({ path: paths.database });
    store.put('certificates', `${model.sha256}/cpu`, model.certificate);
  }
  if (options.kernels !== undefined) lendKernels(paths.backends, options.kernels);
  const port = await freePort();
  const door = await lines.door(options.name, () => ({ host: '127.0.0.1', port }));
  const environment = {
    FILON_THREADS: '1',
    FILON_MODE: model.certificate === null ? 'fast' : 'exact',
    FILON_SESSIONS_MAX: String(model.sessionsMax),
    FILON_CONTEXT_TOKENS: String(model.contextTokens),
    FILON_SWARM_PORT: String(port),
    FILON_SWARM_ADDRESSES: `/ip4/127.0.0.1/tcp/${door.port}`,
    FILON_SWARM_SERVES: 'open',
    FILON_SWARM_TIER: 'open',
    FILON_LOG_LEVEL: 'debug',
    ...options.environment,
  };
  return new Node({
    ...options,
    home,
    port,
    door,
    environment,
    source: options.serves ? model.source : null,
  });
}

interface NodeParts {
  name: string;
  home: TestHome;
  port: number;
  door: Door;
  environment: Readonly<Record<string, string>>;
  /** null: it serves nothing. */
  source: string | null;
}

class Node implements SwarmNode, AsyncDisposable {
  readonly name: string;
  readonly home: TestHome;
  readonly control: Control;
  readonly port: number;
  readonly #parts: NodeParts;
  #running: RunningFilon | null = null;
  #url = '';

  constructor(parts: NodeParts) {
    this.name = parts.name;
    this.home = parts.home;
    this.port = parts.port;
    this.control = createControlClient(homePaths(parts.home.home));
    this.#parts = parts;
  }

  get running(): RunningFilon {
    if (this.#running === null) throw new TypeError(`${this.name} has not been started`);
    return this.#running;
  }

  get pid(): number | undefined {
    return this.#running?.child.pid;
  }

  get url(): string {
    return this.#url;
  }

  async status(): Promise<NodeStatus> {
    return await this.control.status({}, never);
  }

  async start(...words: string[]): Promise<void> {
    const { source, environment, home } = this.#parts;
    const model = source === null ? [] : ['--default-model', source];
    this.#running = home.start(['up', '--json', ...model, ...words], { environment });
    this.#url = String((await this.#running.event('ready'))['url']);
  }

  async kill(): Promise<void> {
    this.running.child.kill('SIGKILL');
    await this.running.ended;
  }

  freeze(): void {
    this.running.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.running.child.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#running !== null) await this.kill();
    await this.#parts.door[Symbol.asyncDispose]();
    await this.home[Symbol.asyncDispose]();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new TypeError('no port was given');
  return address.port;
}
