/** ggml's backends, devices and thread pools: what the engine uses of them and nothing else. */
import koffi from 'koffi';
import type { LibrarySet } from './library-set.ts';
import type { Pointer } from './pointer.ts';

/** `enum ggml_type`, those that a KV cache may have. */
export const GGML_TYPE = { f32: 0, f16: 1, q8_0: 8, bf16: 30 } as const;

/** `enum ggml_backend_dev_type`. */
export const DEVICE_TYPE = { cpu: 0, gpu: 1, integratedGpu: 2, accelerator: 3 } as const;

export interface GgmlDeviceProps {
  name: string;
  description: string;
  memory_free: number | bigint;
  memory_total: number | bigint;
  type: number;
  device_id: string | null;
}

export interface Ggml {
  /** NULL when the library or the driver behind it does not load. */
  loadBackend: (path: string) => Pointer;
  deviceCount: () => number;
  deviceAt: (index: number) => bigint;
  deviceProps: (device: bigint, out: Partial<GgmlDeviceProps>) => void;
  deviceBackend: (device: bigint) => bigint;
  backendName: (backend: bigint) => string;
  /** A pool whose threads stay between decodes; NULL when the backend has none. `poll` 0 (sleep) to 100 (spin). */
  newThreadPool: (cpuBackend: bigint, threads: number, poll: number) => Pointer;
  freeThreadPool: (cpuBackend: bigint, pool: bigint) => void;
}

const MAX_THREADS = 512;

/** @throws ENGINE_LIBRARY_MISSING when a symbol is not there */
export function openGgml(set: LibrarySet): Ggml {
  const props = koffi.struct({
    name: 'const char *',
    description: 'const char *',
    memory_free: 'size_t',
    memory_total: 'size_t',
    type: 'int',
    device_id: 'const char *',
    caps: koffi.array('bool', 5),
  });
  const poolParams = koffi.struct({
    cpumask: koffi.array('bool', MAX_THREADS),
    n_threads: 'int',
    prio: 'int',
    poll: 'uint32_t',
    strict_cpu: 'bool',
    paused: 'bool',
  });
  const procAddress = set.base.func('ggml_backend_reg_get_proc_address', 'void *', [
    'void *',
    'const char *',
  ]);
  const poolDefaults = set.base.func('ggml_threadpool_params_default', poolParams, ['int']);
  const newPool = koffi.proto('void *', [koffi.pointer(poolParams)]);
  const freePool = koffi.proto('void', ['void *']);
  return {
    loadBackend: set.ggml.func('ggml_backend_load', 'void *', ['const char *']),
    deviceCount: set.ggml.func('ggml_backend_dev_count', 'size_t', []),
    deviceAt: set.ggml.func('ggml_backend_dev_get', 'void *', ['size_t']),
    deviceProps: set.base.func('ggml_backend_dev_get_props', 'void', [
      'void *',
      koffi.out(koffi.pointer(props)),
    ]),
    deviceBackend: set.base.func('ggml_backend_dev_backend_reg', 'void *', ['void *']),
    backendName: set.base.func('ggml_backend_reg_name', 'const char *', ['void *']),
    newThreadPool: (cpuBackend, threads, poll) => {
      const address = procAddress(cpuBackend, 'ggml_threadpool_new') as Pointer;
      if (address === null) return null;
      return koffi.call(address, newPool, { ...(poolDefaults(threads) as object), poll }) as Pointer;
    },
    freeThreadPool: (cpuBackend, pool) => {
      koffi.call(procAddress(cpuBackend, 'ggml_threadpool_free') as bigint, freePool, pool);
    },
  };
}
