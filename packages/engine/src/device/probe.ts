/** Finds the devices of this machine in a child process, with a time limit: a driver that hangs costs its devices only. */
import { fork } from 'node:child_process';
import { type ErrorObject, FilonError } from '@filon/core/errors';
import type { Device } from '@filon/core/serving/session';
import type { EngineErrorDetails } from '../errors.ts';
import type { Backend } from '../ffi/backends.ts';
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

function probe(
  directory: string,
  backend: Backend,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./probe-main.ts', import.meta.url), [directory, backend], {
      env: childEnvironment(),
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      signal,
      killSignal: 'SIGKILL',
    });
    let answer: Answer = { error: noAnswer(backend, timeoutMs) };
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.on('message', (message: Answer) => {
      answer = message;
    });
    child.on('error', (error) => {
      if (signal.aborted) reject(signal.reason);
      // A child that could not be started has no 'exit'.
      else resolve({ error: died(backend, error.message) });
    });
    child.on('exit', (code, killedBy) => {
      clearTimeout(timer);
      if (code !== 0 && killedBy !== 'SIGKILL') answer = { error: died(backend, killedBy ?? String(code)) };
      resolve(answer);
    });
  });
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
