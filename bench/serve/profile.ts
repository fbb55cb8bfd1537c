/** CPU profiles of a node and of its worker while they generate, for the tools that show `.cpuprofile` files. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FilonError } from '@filon/core/errors';
import type { Bench } from './bench.ts';
import { decode, promptRounds } from './cases/work.ts';
import type { BenchErrorDetails } from './errors.ts';
import { descendants } from './memory.ts';
import { SESSIONS } from './options.ts';
import { directCommand } from './programs/filon-command.ts';
import { startNode } from './programs/filon-node.ts';
import { freePort } from './programs/free-port.ts';
import { answers, waitUntil } from './programs/wait-until.ts';

/** Where a process opens its inspector when SIGUSR1 asks for it. */
const WORKER_INSPECTOR_PORT = 9229;
const OPEN_TIMEOUT_MS = 10_000;
const SAMPLING_MICROSECONDS = 200;

/** Writes `{node,worker}-{1,8}.cpuprofile` into the directory. */
export async function takeProfiles(bench: Bench, directory: string): Promise<void> {
  const { options, signal, home, model, device, prompts } = bench;
  const { threads, tokens } = options;
  await mkdir(directory, { recursive: true });
  const nodePort = await freePort();
  const command = directCommand([`--inspect-port=${nodePort}`]);
  await using node = await startNode(
    { name: 'profiled', command, home, model: model.name, device, threads },
    signal,
  );
  const [workerPid] = await descendants(node.pid);
  const targets = { node: [node.pid, nodePort], worker: [workerPid ?? 0, WORKER_INSPECTOR_PORT] } as const;
  for (const [name, [pid, port]] of Object.entries(targets)) {
    process.kill(pid, 'SIGUSR1');
    const what = `the inspector of the ${name}`;
    const ask = (): Promise<true | null> => answers(`http://127.0.0.1:${port}/json/list`, signal);
    await waitUntil(ask, { signal, timeoutMs: OPEN_TIMEOUT_MS, what, program: node });
    for (const sessions of [1, SESSIONS]) {
      const [texts = []] = promptRounds(prompts, sessions, 0);
      const work = { prompts: texts, tokens, temperature: null };
      const profile = await profileDuring({ port, signal }, async () => {
        await decode(node, work, signal);
      });
      await writeFile(join(directory, `${name}-${sessions}.cpuprofile`), JSON.stringify(profile));
    }
  }
  bench.say(`profiles are in ${directory}.`);
}

async function profileDuring(
  { port, signal }: { port: number; signal: AbortSignal },
  work: () => Promise<void>,
): Promise<unknown> {
  const list = await fetch(`http://127.0.0.1:${port}/json/list`, { signal });
  const [target] = (await list.json()) as { webSocketDebuggerUrl: string }[];
  const socket = await openSocket(target?.webSocketDebuggerUrl ?? '', signal);
  try {
    await socket.call('Profiler.enable');
    await socket.call('Profiler.setSamplingInterval', { interval: SAMPLING_MICROSECONDS });
    await socket.call('Profiler.start');
    await work();
    return (await socket.call('Profiler.stop'))['profile'];
  } finally {
    socket.close();
  }
}

interface Inspector {
  call(method: string, params?: Record<string, unknown>): Promise<Record<string, unknown>>;
  close(): void;
}

/** No call waits for a process that ended, nor for one that hangs beyond the signal. */
async function openSocket(url: string, signal: AbortSignal): Promise<Inspector> {
  const socket = new WebSocket(url);
  const pending = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  const opened = Promise.withResolvers<void>();
  let over = false;
  const fail = (): void => {
    over = true;
    for (const call of [opened, ...pending.values()]) call.reject(closed());
  };
  signal.addEventListener('abort', fail, { once: true });
  socket.addEventListener('open', () => opened.resolve());
  socket.addEventListener('close', fail);
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as { id?: number; result?: Record<string, unknown> };
    pending.get(message.id ?? 0)?.resolve(message.result ?? {});
    pending.delete(message.id ?? 0);
  });
  await opened.promise;
  let calls = 0;
  return {
    call: (method, params = {}) => {
      if (over) return Promise.reject(closed());
      calls += 1;
      const waiting = Promise.withResolvers<Record<string, unknown>>();
      pending.set(calls, waiting);
      socket.send(JSON.stringify({ id: calls, method, params }));
      return waiting.promise;
    },
    close: () => {
      signal.removeEventListener('abort', fail);
      socket.close();
    },
  };
}

function closed(): FilonError<BenchErrorDetails> {
  return new FilonError(
    { code: 'BENCH_ANSWER_WRONG', program: 'inspector', got: 'closed' },
    'The inspector closed its connection.',
  );
}
