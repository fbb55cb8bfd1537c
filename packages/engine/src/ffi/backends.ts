/**
 * Which backend libraries a process loads. A CPU worker loads the best CPU library only: a hanging GPU driver cannot reach
 * it and it carries no driver's memory. A GPU worker adds the one library of its backend.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FilonError } from '@filon/core/errors';
import type { Device } from '@filon/core/serving/session';
import koffi from 'koffi';
import type { EngineErrorDetails } from '../errors.ts';
import { DEVICE_TYPE, type Ggml, type GgmlDeviceProps, openGgml } from './ggml.ts';
import type { LibrarySet } from './library-set.ts';

export type Backend = Device['backend'];

export interface NativeDevice extends Device {
  pointer: bigint;
}

export interface Backends {
  ggml: Ggml;
  /** The CPU library in use, e.g. `zen4`: part of the numeric class. */
  cpuKernels: string;
  devices: NativeDevice[];
  cpuRegistry: bigint;
}

const GPU_BACKENDS: readonly Backend[] = ['cuda', 'vulkan', 'metal'];

/** Loads the CPU backend and those GPU backends that are asked for and there. @throws ENGINE_LIBRARY_MISSING */
export function loadBackends(set: LibrarySet, wanted: readonly Backend[]): Backends {
  const ggml = openGgml(set);
  const cpu = bestCpuLibrary(set.directory);
  if (cpu === null || ggml.loadBackend(cpu.path) === null) {
    throw new FilonError<EngineErrorDetails>(
      { code: 'ENGINE_LIBRARY_MISSING', platform: process.platform, tried: [set.directory] },
      `no CPU library in ${set.directory} runs on this processor. It needs at least SSE4.2 (x64) or ARMv8.`,
    );
  }
  for (const backend of wanted) {
    if (GPU_BACKENDS.includes(backend)) loadFirst(ggml, gpuLibraries(set.directory, backend));
  }
  const devices = listDevices(ggml);
  const first = devices.find((device) => device.backend === 'cpu');
  if (first === undefined) throw new TypeError('the CPU backend has no device');
  return { ggml, cpuKernels: cpu.kernels, devices, cpuRegistry: ggml.deviceBackend(first.pointer) };
}

/**
 * The set's own library, then the one for older cards and drivers, which for CUDA comes in a package beside the set's
 * (`linux-x64-cuda` and `linux-x64-cuda-ext`).
 */
function gpuLibraries(directory: string, backend: Backend): string[] {
  const name = `libggml-${backend}.so`;
  const set = basename(directory);
  const besides = join(directory, '..', '..', '..', `${set}-ext`, 'bins', set);
  return [join(directory, name), join(besides, 'fallback', name)].filter(existsSync);
}

function loadFirst(ggml: Ggml, paths: readonly string[]): void {
  for (const path of paths) if (ggml.loadBackend(path) !== null) return;
}

/** Every CPU library scores itself on this processor; 0 means that it would crash. */
function bestCpuLibrary(directory: string): { path: string; kernels: string } | null {
  let best: { path: string; kernels: string; score: number } | null = null;
  for (const name of readdirSync(directory)) {
    const kernels = /^libggml-cpu-?(.*)\.(so|dylib)$/.exec(name)?.[1];
    if (kernels === undefined) continue;
    const path = join(directory, name);
    const score = Number(koffi.load(path).func('int ggml_backend_score()')());
    if (score > 0 && score > (best?.score ?? 0)) best = { path, kernels: kernels || 'generic', score };
  }
  return best;
}

/** Memory that is free now; `device.freeBytes` is what was free when the process began. */
export function deviceFreeBytes(ggml: Ggml, { pointer }: NativeDevice): number {
  const props: Partial<GgmlDeviceProps> = {};
  ggml.deviceProps(pointer, props);
  return Number(props.memory_free ?? 0);
}

function listDevices(ggml: Ggml): NativeDevice[] {
  const devices: NativeDevice[] = [];
  for (let index = 0; index < Number(ggml.deviceCount()); index += 1) {
    const pointer = ggml.deviceAt(index);
    const props: Partial<GgmlDeviceProps> = {};
    ggml.deviceProps(pointer, props);
    if (props.type === DEVICE_TYPE.accelerator) continue;
    const backend = ggml.backendName(ggml.deviceBackend(pointer)).toLowerCase() as Backend;
    devices.push({
      id: backend === 'cpu' ? 'cpu' : `${backend}:${props.device_id ?? index}`,
      backend,
      name: props.description ?? props.name ?? backend,
      memoryBytes: Number(props.memory_total ?? 0),
      freeBytes: Number(props.memory_free ?? 0),
      pointer,
    });
  }
  return devices;
}
