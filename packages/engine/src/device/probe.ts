/** Finds the devices of this machine in a child process, with a time limit: a driver that hangs costs its devices only. */
import { fork } from 'node:child_process';
import { type ErrorObject, FilonError } from '@filon/core/errors';
import type { Device } from '@filon/core/serving/session';
import type { EngineErrorDetails } from '../errors.ts';
import type { Backend } from '../ffi/backends.ts';
import { endOf } from './child-end.ts';
import { childEnvironment } from './child-environment.ts';

export interface ProbeResult {
  devices: Device[];
  /** The CPU library that fits this processor best. */
  cpuKernels: string;
  /** GPU backends that did not answer, and why. */
  failed: { backend: Backend; reason: string }[];
}

interface Answer {
  devices?: Device[];
  cpuKernels?: string;
  error?: ErrorObject;
}

const GPU_BACKENDS: readonly Backend[] = ['cuda', 'vulkan'];

/** Asks each GPU backend in a child of its own, and the CPU in one that loads no driver. Codes: ENGINE_LIBRARY_MISSING. */
export async function probeDevices(
  libraryDirectory: string,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<ProbeResult> {
  const ask = (backend: Backend): Promise<Answer> => probe(libraryDirectory, backend, { timeoutMs, signal });
  const [cpu, ...gpus] = await Promise.all([ask('cpu'), ...GPU_BACKENDS.map(ask)]);
  if (cpu?.devices === undefined) throw FilonError.fromObject(cpu?.error ?? noAnswer('cpu', timeoutMs));
  const result: ProbeResult = { devices: [...cpu.devices], cpuKernels: cpu.cpuKernels ?? '', failed: [] };
  for (const [index, backend] of GPU_BACKENDS.entries()) {
    const answer = gpus[index];
    const found = answer?.devices?.filter((device) => device.backend === backend) ?? [];
    result.devices.unshift(...found);
    if (answer?.error !== undefined) result.failed.push({ backend, reason: answer.error.message });
  }
  return result;
}

async function probe(
  directory: string,
  backend: Backend,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<Answer> {
  const child = fork(new URL('./probe-main.ts', import.meta.url), [directory, backend], {
    env: childEnvironment(),
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    signal,
    killSignal: 'SIGKILL',
  });
  let answer: Answer = { error: noAnswer(backend, timeoutMs) };
  child.on('message', (message: Answer) => {
    answer = message;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const how = await endOf(child);
  clearTimeout(timer);
  signal.throwIfAborted();
  return how === '0' || how === 'SIGKILL' ? answer : { error: died(backend, how) };
}

function noAnswer(backend: Backend, timeoutMs: number): ErrorObject {
  return new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_TIMEOUT', what: `probe of ${backend}`, timeoutMs },
    `the ${backend} driver did not answer within ${timeoutMs} ms.`,
  ).toObject();
}

function died(backend: Backend, exit: string): ErrorObject {
  return new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_WORKER_DIED', device: backend, exit, lines: [] },
    `the process that asked the ${backend} driver died (${exit}).`,
  ).toObject();
}
