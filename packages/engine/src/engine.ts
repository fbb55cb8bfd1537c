/**
 * The devices of one machine as one engine: probes them, chooses one for a model, and keeps a supervised worker for each.
 * It knows files, tokens and settings; it knows nothing of catalogues, peers, prices or HTTP.
 */
import { isDeepStrictEqual } from 'node:util';
import { orAborted } from '@filon/core/abort';
import { FilonError } from '@filon/core/errors';
import type {
  Device,
  LoadedModel,
  LoadSpec,
  SessionRequest,
  SessionSign,
  TokenizedPrompt,
} from '@filon/core/serving/session';
import type { Certificate, CertifyRequest } from './certify/certificate.ts';
import { type ProbeResult, probeDevices } from './device/probe.ts';
import { physicalCores } from './device/threads.ts';
import type { EngineErrorDetails } from './errors.ts';
import { findLibraryDirectory } from './ffi/library-directory.ts';
import type { Counters } from './stage/batcher.ts';
import { FAST_SETTINGS } from './stage/settings.ts';
import { createDeviceWorker, type DeviceWorker, type WorkerState } from './worker/device-worker.ts';
import type { LoadRequest, TextPrompt } from './worker/protocol.ts';

export interface EngineConfig {
  /** Directories of added library sets (`filon backend add`), best first. */
  libraryDirectories: readonly string[];
  /** Threads that compute on a CPU device; null: the physical cores. */
  threads: number | null;
  probeTimeoutMs: number;
  /** A model file may be large and on a slow disk. */
  loadTimeoutMs: number;
  /** A worker that has sessions and gives no sign of life for this long, all silences added up, is killed. */
  stallMs: number;
}

export interface EngineDeps {
  /** What `certify` found out earlier; undefined when nobody has asked yet. */
  certificate(model: string, device: string): Certificate | undefined;
}

interface Waiting {
  signal: AbortSignal;
}

interface LoadOptions extends Waiting {
  onProgress?: (share: number) => void;
}

export interface OpenEngine extends AsyncDisposable {
  devices(options: Waiting): Promise<readonly Device[]>;
  load(spec: LoadSpec, options: LoadOptions): Promise<LoadedModel>;
  unload(model: string, options: Waiting): Promise<void>;
  tokenize(model: string, prompt: TextPrompt, options: Waiting): Promise<TokenizedPrompt>;
  open(request: SessionRequest, options: Waiting): AsyncIterable<SessionSign>;
  embed(model: string, texts: readonly Int32Array[], options: Waiting): Promise<Float32Array[]>;
  status(): OpenEngineStatus;
  /** Finds and proves exact settings; see docs/decisions/0004. Takes minutes on a large model. */
  certify(file: CertifyRequest & { device: string | null }, options: LoadOptions): Promise<Certificate>;
}

export interface OpenEngineStatus {
  workers: { device: string; state: WorkerState; pid: number | null; deaths: number }[];
  loaded: LoadedModel[];
  sessions: { model: string; count: number }[];
  counters: Counters;
}

const START_TIMEOUT_MS = 60_000;
const TOKENIZE_TIMEOUT_MS = 60_000;
const EMBED_TIMEOUT_MS = 600_000;
const CERTIFY_TIMEOUT_MS = 4 * 3_600_000;
/** GPU workers need the CPU only to launch kernels and draw tokens. */
const GPU_THREADS_MAX = 4;

/** Codes: ENGINE_LIBRARY_MISSING. Nothing native runs in this process. */
export function openEngine(config: EngineConfig, deps: EngineDeps): OpenEngine {
  return new MachineEngine(config, deps);
}

class MachineEngine implements OpenEngine {
  readonly #config: EngineConfig;
  readonly #deps: EngineDeps;
  readonly #libraryDirectory: string;
  readonly #workers = new Map<string, DeviceWorker>();
  /** Which worker has a model. */
  readonly #places = new Map<string, DeviceWorker>();
  /** How it was asked for. */
  readonly #specs = new Map<string, LoadSpec>();
  readonly #closing = new AbortController();
  #probed: Promise<ProbeResult> | null = null;

  constructor(config: EngineConfig, deps: EngineDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#libraryDirectory = findLibraryDirectory(config.libraryDirectories);
  }

  async devices({ signal }: Waiting): Promise<readonly Device[]> {
    return (await this.#probe(signal)).devices;
  }

  async load(spec: LoadSpec, options: LoadOptions): Promise<LoadedModel> {
    const known = this.#find(spec);
    if (known !== null) return known;
    const device = await this.#choose(spec, options.signal);
    const request = this.#requestFor(spec, device);
    const worker = this.#workerOf(device);
    // One copy of a model: on another device it leaves the first.
    if (this.#places.get(spec.model) !== worker) await this.unload(spec.model, options);
    const loaded = await worker.load(request, { ...options, timeoutMs: this.#config.loadTimeoutMs });
    this.#places.set(spec.model, worker);
    this.#specs.set(spec.model, spec);
    return loaded;
  }

  async unload(model: string, { signal }: Waiting): Promise<void> {
    const worker = this.#places.get(model);
    this.#places.delete(model);
    this.#specs.delete(model);
    await worker?.unload(model, { signal, timeoutMs: this.#config.loadTimeoutMs });
  }

  async tokenize(model: string, prompt: TextPrompt, { signal }: Waiting): Promise<TokenizedPrompt> {
    const options = { signal, timeoutMs: TOKENIZE_TIMEOUT_MS };
    const process = await this.#placeOf(model).ready(model, this.#loading(signal));
    return process.call('tokenize', { model, prompt }, options);
  }

  async *open(request: SessionRequest, { signal }: Waiting): AsyncIterable<SessionSign> {
    yield* this.#placeOf(request.model).open(request, this.#loading(signal));
  }

  async embed(model: string, texts: readonly Int32Array[], { signal }: Waiting): Promise<Float32Array[]> {
    const process = await this.#placeOf(model).ready(model, this.#loading(signal));
    return process.call('embed', { model, texts }, { signal, timeoutMs: EMBED_TIMEOUT_MS });
  }

  status(): OpenEngineStatus {
    const workers = [...this.#workers];
    const counters: Counters = {
      generatedTokens: 0,
      promptTokens: 0,
      cachedTokens: 0,
      cancelled: 0,
      ticks: 0,
    };
    for (const [, worker] of workers) {
      for (const key of Object.keys(counters) as (keyof Counters)[]) counters[key] += worker.counters[key];
    }
    return {
      workers: workers.map(([device, { state, pid, deaths }]) => ({ device, state, pid, deaths })),
      loaded: workers.flatMap(([, worker]) => worker.loaded),
      sessions: [...this.#places].map(([model, worker]) => ({ model, count: worker.sessions(model) })),
      counters,
    };
  }

  async certify(
    { device: wanted, ...request }: CertifyRequest & { device: string | null },
    { signal, onProgress }: LoadOptions,
  ): Promise<Certificate> {
    const device = await this.#choose({ device: wanted }, signal);
    // A worker of its own: what runs on the device's usual one goes on, and a crash here is not held against it.
    await using worker = createDeviceWorker(this.#workerSpec(device));
    const options = { signal, timeoutMs: CERTIFY_TIMEOUT_MS, ...(onProgress && { onProgress }) };
    const process = await worker.ready(null, options);
    return await process.call('certify', request, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#workers.values()].map((worker) => worker[Symbol.asyncDispose]()));
  }

  #loading(signal: AbortSignal): { signal: AbortSignal; timeoutMs: number } {
    return { signal, timeoutMs: this.#config.loadTimeoutMs };
  }

  #probe(signal: AbortSignal): Promise<ProbeResult> {
    // Not under the signal of whoever asked first: the answer is everybody's.
    const options = { timeoutMs: this.#config.probeTimeoutMs, signal: this.#closing.signal };
    this.#probed ??= probeDevices(this.#libraryDirectory, options);
    this.#probed.catch(() => {
      this.#probed = null;
    });
    return orAborted(this.#probed, signal);
  }

  #find(spec: LoadSpec): LoadedModel | null {
    const loaded = this.#places.get(spec.model)?.loaded.find(({ model }) => model === spec.model);
    const asked = this.#specs.get(spec.model);
    return loaded !== undefined && isDeepStrictEqual(asked, spec) ? loaded : null;
  }

  /** The device asked for; else the first (GPUs come first). Placement by memory and load is the router's. */
  async #choose({ device: wanted }: { device: string | null }, signal: AbortSignal): Promise<Device> {
    const { devices } = await this.#probe(signal);
    const device = wanted === null ? devices[0] : devices.find(({ id }) => id === wanted);
    if (device !== undefined) return device;
    const known = devices.map(({ id }) => id);
    throw new FilonError<EngineErrorDetails>(
      { code: 'ENGINE_DEVICE_UNKNOWN', device: wanted ?? '', known },
      `there is no device ${wanted ?? ''} (there are: ${known.join(', ')}).`,
    );
  }

  #requestFor(spec: LoadSpec, device: Device): LoadRequest {
    if (spec.mode === 'fast') return { spec, settings: FAST_SETTINGS, numericClass: null };
    const certificate = this.#deps.certificate(spec.model, device.id);
    if (certificate?.settings == null) {
      throw new FilonError<EngineErrorDetails>(
        { code: 'ENGINE_NOT_CERTIFIED', model: spec.model, device: device.id },
        `exact mode needs settings that were certified for this model on ${device.name}: run ./filon certify with the name of the model, or use fast mode.`,
      );
    }
    return { spec, settings: certificate.settings, numericClass: certificate.numericClass };
  }

  #workerOf(device: Device): DeviceWorker {
    const known = this.#workers.get(device.id);
    if (known !== undefined) return known;
    const worker = createDeviceWorker(this.#workerSpec(device));
    this.#workers.set(device.id, worker);
    return worker;
  }

  #workerSpec(device: Device): Parameters<typeof createDeviceWorker>[0] {
    const cores = this.#config.threads ?? physicalCores();
    return {
      libraryDirectory: this.#libraryDirectory,
      device: device.id,
      backend: device.backend,
      threads: device.backend === 'cpu' ? cores : Math.min(cores, GPU_THREADS_MAX),
      stallMs: this.#config.stallMs,
      startTimeoutMs: START_TIMEOUT_MS,
    };
  }

  #placeOf(model: string): DeviceWorker {
    const worker = this.#places.get(model);
    if (worker !== undefined) return worker;
    throw new FilonError<EngineErrorDetails>(
      { code: 'ENGINE_MODEL_NOT_LOADED', model },
      `model ${model} is not loaded.`,
    );
  }
}
