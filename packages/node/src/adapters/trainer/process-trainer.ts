/**
 * The Trainer port on a process of its own for each training. The device's lease is taken before the process begins and
 * given back when it has ended, so nobody meets it on the device.
 */
import { readFileSync } from 'node:fs';
import { FilonError, isFilonError } from '@filon/core/errors';
import type { Device } from '@filon/core/serving/session';
import type { TrainingFacts, TrainingSpec } from '@filon/core/training/session';
import { physicalCores } from '@filon/engine/device/threads';
import { findLibraryDirectory } from '@filon/engine/ffi/library-directory';
import type { TrainerErrorDetails } from '@filon/engine/trainer/errors';
import type { TrainingCall, TrainingCalls } from '@filon/engine/trainer/process/protocol';
import { startTrainingProcess, type TrainingProcess } from '@filon/engine/trainer/process/training-process';
import { freeMemoryBytes } from '@filon/engine/worker/free-memory';
import type { Waiting } from '../../ports/engine.ts';
import type { Lease, Rig } from '../../ports/rig.ts';
import type { Trainer, TrainingSession } from '../../ports/trainer.ts';
import { explainDeath } from './explain-death.ts';

export interface ProcessTrainerConfig {
  /** Directories of added library sets, best first. */
  libraryDirectories: readonly string[];
  /** Threads that compute on a CPU; null: the physical cores. */
  threads: number | null;
}

/** A large base is read from a slow disk, a large model takes minutes a step. */
const CALL_TIMEOUT_MS = 900_000;

export function createProcessTrainer(config: ProcessTrainerConfig, { rig }: { rig: Rig }): Trainer {
  return {
    devices: (options) => rig.cards(options),
    open: async (spec, options) => {
      const device = await deviceOf(rig, spec, options);
      const lease = await rig.lease(device.id, 'train', options);
      const kills = systemKills();
      const process = startTrainingProcess({
        libraryDirectory: findLibraryDirectory(config.libraryDirectories),
        device: device.id,
        backend: device.backend,
        threads: device.backend === 'cpu' ? (config.threads ?? physicalCores()) : 1,
      });
      const session = new ProcessSession({ process, lease, kills });
      try {
        await session.open(spec, options);
        return session;
      } catch (error) {
        await session[Symbol.asyncDispose]();
        throw error;
      }
    },
  };
}

async function deviceOf(rig: Rig, spec: TrainingSpec, options: Waiting): Promise<Device> {
  const device = (await rig.cards(options)).find(({ id }) => id === spec.device);
  if (device !== undefined) return device;
  throw new FilonError<TrainerErrorDetails>(
    { code: 'TRAIN_DEVICE_REFUSED', device: spec.device },
    `device ${spec.device} is not here; \`filon doctor\` lists those that are`,
  );
}

class ProcessSession implements TrainingSession {
  readonly #process: TrainingProcess;
  readonly #lease: Lease;
  /** Processes that the system had killed for memory before this one began. */
  readonly #kills: number;
  #facts: TrainingFacts | null = null;

  constructor({ process, lease, kills }: { process: TrainingProcess; lease: Lease; kills: number }) {
    this.#process = process;
    this.#lease = lease;
    this.#kills = kills;
  }

  get facts(): TrainingFacts {
    if (this.#facts === null) throw new TypeError('it was not opened');
    return this.#facts;
  }

  get revoked(): AbortSignal {
    return this.#lease.revoked;
  }

  async open(spec: TrainingSpec, options: Waiting): Promise<void> {
    this.#facts = await this.#call('open', spec, options);
  }

  step(request: TrainingCalls['step']['request'], options: Waiting): Promise<TrainingCalls['step']['reply']> {
    return this.#call('step', request, options);
  }

  evaluate(
    batch: TrainingCalls['evaluate']['request'],
    options: Waiting,
  ): Promise<TrainingCalls['evaluate']['reply']> {
    return this.#call('evaluate', batch, options);
  }

  save(path: string, options: Waiting): Promise<TrainingCalls['save']['reply']> {
    return this.#call('save', { path }, options);
  }

  async restore(path: string, options: Waiting): Promise<TrainingFacts> {
    this.#facts = await this.#call('restore', { path }, options);
    return this.#facts;
  }

  async export(spec: TrainingCalls['export']['request'], options: Waiting): Promise<void> {
    await this.#call('export', spec, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.end();
    await this.#lease[Symbol.asyncDispose]();
  }

  async #call<K extends TrainingCall>(
    kind: K,
    request: TrainingCalls[K]['request'],
    { signal }: Waiting,
  ): Promise<TrainingCalls[K]['reply']> {
    try {
      return await this.#process.call(kind, request, { signal, timeoutMs: CALL_TIMEOUT_MS });
    } catch (error) {
      throw isFilonError(error, 'TRAIN_PROCESS_DIED') ? this.#explained(error) : error;
    }
  }

  #explained(error: FilonError): FilonError {
    const { stateBytes = 0, stepBytes = 0 } = this.#facts ?? {};
    return explainDeath(error, {
      killedForMemory: systemKills() > this.#kills,
      ...{ neededBytes: stateBytes + stepBytes, freeBytes: freeMemoryBytes() },
    });
  }
}

/** How many processes the system has killed for memory since it began; 0 where it does not say. */
function systemKills(): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
