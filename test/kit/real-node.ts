/** A node as people run it: its own process, its own home, its own workers, and HTTP in front. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Control, NodeStatus } from '@filon/node/control/calls';
import { createControlClient } from '@filon/node/control/client';
import { homePaths } from '@filon/node/home/paths';
import { openTestHome, type RunningFilon, type TestHome } from './filon.ts';
import { STARTER, starterModel } from './starter-model.ts';

export interface RealNode extends AsyncDisposable {
  readonly home: TestHome;
  readonly running: RunningFilon;
  readonly control: Control;
  /** Without a slash at the end. */
  readonly url: string;
  /** Sends JSON; `signal` leaves before the answer is whole. */
  post(path: string, body: unknown, options?: { signal?: AbortSignal }): Promise<Response>;
  status(): Promise<NodeStatus>;
  /** One value of /metrics. */
  metric(name: string): Promise<number>;
  /** The only worker's. */
  workerPid(): Promise<number>;
}

export interface RealNodeOptions {
  /** What `up` loads: the starter model, the tiny one of the test home, or nothing. */
  model: 'starter' | 'tiny' | null;
  /** Settings, as `FILON_*`. */
  environment?: Readonly<Record<string, string>>;
  /** Where an earlier node was; it is left when this one is disposed of. Absent: a new one. */
  home?: TestHome;
}

const forever: AbortSignal = new AbortController().signal;

/** One thread: two test files at a time on two cores, and threads that spin for one another would take turns. */
export async function openRealNode(options: RealNodeOptions): Promise<RealNode> {
  const { model, environment = {}, home = openTestHome() } = options;
  const paths = homePaths(home.home);
  if (model === 'starter') await lendStarter(paths.models);
  const named = { starter: ['--default-model', STARTER], tiny: ['--default-model', home.tinySource] };
  const running = home.start(['up', '--json', ...(model === null ? ['--no-model'] : named[model])], {
    environment: { FILON_THREADS: '1', ...environment },
  });
  const url = String((await running.event('ready'))['url']);
  const control = createControlClient(paths);
  const status = (): Promise<NodeStatus> => control.status({}, { signal: forever });
  return {
    home,
    running,
    control,
    url,
    status,
    post: (path, body, options = {}) =>
      fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        ...options,
      }),
    metric: async (name) => {
      const text = await (await fetch(`${url}/metrics`)).text();
      const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
      if (value === undefined) throw new RangeError(`no metric ${name} in:\n${text}`);
      return Number(value);
    },
    workerPid: async () => {
      const [worker] = (await status()).engine.workers;
      if (worker?.pid == null) throw new RangeError('no worker lives');
      return worker.pid;
    },
    [Symbol.asyncDispose]: async () => {
      running.child.kill('SIGKILL');
      await running.ended;
      if (options.home === undefined) await home[Symbol.asyncDispose]();
    },
  };
}

/** A link instead of a copy: the file is checked already, and the tests' store keeps it. */
export async function lendStarter(models: string): Promise<void> {
  const { path, ...manifest } = await starterModel();
  if (existsSync(join(models, 'blobs', manifest.sha256))) return;
  for (const folder of ['blobs', 'manifests']) await mkdir(join(models, folder), { recursive: true });
  await symlink(path, join(models, 'blobs', manifest.sha256));
  await writeFile(join(models, 'manifests', `${manifest.name}.json`), JSON.stringify(manifest));
}

/** What a process holds in memory, MB: now, and at most so far. */
export function memoryOf(pid: number): { residentMb: number; peakMb: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (key: string): number => {
    const found = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
    if (found === undefined) throw new RangeError(`no ${key} of process ${pid}`);
    return Number(found) / 1024;
  };
  return { residentMb: megabytes('VmRSS'), peakMb: megabytes('VmHWM') };
}

/** One server-sent stream, as its client reads it. */
export interface Events {
  /** The text of choice 0. */
  text: string;
  /** The data of every event, in order; the mark at the end is `[DONE]`. */
  data: string[];
  comments: string[];
}

/** Reads a stream to its end; `onEvent` sees what has come so far, and may wait. */
export async function readEvents(
  response: Response,
  onEvent: (so: Events) => void | Promise<void> = () => undefined,
): Promise<Events> {
  const seen: Events = { text: '', data: [], comments: [] };
  let rest = '';
  for await (const piece of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    const events = (rest + piece).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      take(event, seen);
      await onEvent(seen);
    }
  }
  if (rest !== '') throw new RangeError(`the stream broke in the middle of an event: ${rest}`);
  return seen;
}

function take(event: string, seen: Events): void {
  if (event.startsWith(':')) seen.comments.push(event.slice(1).trim());
  if (!event.startsWith('data: ')) return;
  const data = event.slice('data: '.length);
  seen.data.push(data);
  if (data === '[DONE]') return;
  const [choice] = JSON.parse(data).choices ?? [];
  seen.text += choice?.delta?.content ?? choice?.text ?? '';
}
