/** Libraries and one device, open in this process. */
import { FilonError } from '@filon/core/errors';
import type { EngineErrorDetails } from '../errors.ts';
import { type Backend, type Backends, loadBackends, type NativeDevice } from '../ffi/backends.ts';
import { openLibrarySet } from '../ffi/library-set.ts';
import { type Llama, openLlama } from '../ffi/llama.ts';

export interface DeviceHost {
  llama: Llama;
  backends: Backends;
  device: NativeDevice;
  /** Threads that compute: physical cores, shared among the workers of a rig. */
  threads: number;
}

export interface DeviceHostSpec {
  libraryDirectory: string;
  device: string;
  backend: Backend;
  threads: number;
}

/** Codes: ENGINE_LIBRARY_MISSING, ENGINE_VERSION_MISMATCH, ENGINE_DEVICE_UNKNOWN. */
export function openDeviceHost(spec: DeviceHostSpec): DeviceHost {
  const set = openLibrarySet(spec.libraryDirectory);
  const backends = loadBackends(set, [spec.backend]);
  const llama = openLlama(set);
  llama.backendInit();
  const device = backends.devices.find(({ id }) => id === spec.device);
  if (device !== undefined) return { llama, backends, device, threads: spec.threads };
  const known = backends.devices.map(({ id }) => id);
  throw new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_DEVICE_UNKNOWN', device: spec.device, known },
    `device ${spec.device} is not here any more (there are: ${known.join(', ')}).`,
  );
}
