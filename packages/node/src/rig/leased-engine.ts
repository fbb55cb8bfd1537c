/**
 * An engine that computes only on cards that it has a lease for. The lease is taken before the first model of a card is
 * loaded and given back with its last one. When somebody of higher right wants the card, its models are put away; their
 * sessions fail as with a dead worker, and find no card to go on with.
 */
import { FilonError } from '@filon/core/errors';
import type { LoadedModel, LoadSpec } from '@filon/core/serving/session';
import type { Engine, Progress, Waiting } from '../ports/engine.ts';
import type { Log } from '../ports/log.ts';
import type { Lease, Rig } from '../ports/rig.ts';
import type { RigErrorDetails } from './errors.ts';

export interface LeasedEngineDeps {
  engine: Engine;
  rig: Rig;
  log: Log;
}

export function createLeasedEngine(deps: LeasedEngineDeps): Engine {
  const { engine } = deps;
  const leases = new CardLeases(deps);
  return {
    devices: (options) => engine.devices(options),
    load: (spec, options) => load(spec, options, { engine, leases }),
    unload: async (model, options) => {
      await engine.unload(model, options);
      await leases.giveBackUnused();
    },
    tokenize: (model, prompt, options) => engine.tokenize(model, prompt, options),
    open: (request, options) => engine.open(request, options),
    embed: (model, texts, options) => engine.embed(model, texts, options),
    status: () => engine.status(),
  };
}

async function load(
  spec: LoadSpec,
  options: Waiting & Progress,
  deps: { engine: Engine; leases: CardLeases },
): Promise<LoadedModel> {
  const device = spec.device ?? (await firstDevice(deps.engine, options));
  await deps.leases.take(device, options);
  try {
    return await deps.engine.load({ ...spec, device }, options);
  } finally {
    deps.leases.loadOver(device);
    await deps.leases.giveBackUnused();
  }
}

async function firstDevice(engine: Engine, options: Waiting): Promise<string> {
  const [first] = await engine.devices(options);
  if (first !== undefined) return first.id;
  throw new FilonError<RigErrorDetails>(
    { code: 'RIG_NO_DEVICE' },
    'no device of this machine answered; `filon doctor` says more.',
  );
}

interface Held {
  lease: Promise<Lease>;
  /** Loads under way, for which the card is kept. */
  loads: number;
}

class CardLeases {
  readonly #deps: LeasedEngineDeps;
  readonly #held = new Map<string, Held>();

  constructor(deps: LeasedEngineDeps) {
    this.#deps = deps;
  }

  async take(device: string, options: Waiting): Promise<void> {
    const held = this.#held.get(device) ?? { lease: this.#lease(device, options), loads: 0 };
    this.#held.set(device, held);
    held.loads += 1;
    try {
      await held.lease;
    } catch (error) {
      if (this.#held.get(device) === held) this.#held.delete(device);
      throw error;
    }
  }

  loadOver(device: string): void {
    const held = this.#held.get(device);
    if (held !== undefined) held.loads -= 1;
  }

  async giveBackUnused(): Promise<void> {
    const inUse = new Set(this.#deps.engine.status().loaded.map((model) => model.device));
    for (const [device, held] of [...this.#held]) {
      if (held.loads > 0 || inUse.has(device)) continue;
      this.#held.delete(device);
      await (await held.lease)[Symbol.asyncDispose]();
    }
  }

  async #lease(device: string, options: Waiting): Promise<Lease> {
    const lease = await this.#deps.rig.lease(device, 'serve', options);
    lease.revoked.addEventListener('abort', () => void this.#clear(device), { once: true });
    return lease;
  }

  async #clear(device: string): Promise<void> {
    const { engine, log } = this.#deps;
    log.info('rig.card-wanted', { device });
    const { signal } = new AbortController();
    for (const model of engine.status().loaded.filter((loaded) => loaded.device === device)) {
      await engine.unload(model.model, { signal }).catch((error: unknown) => {
        log.error('rig.unload-failed', { device, error });
      });
    }
    await this.giveBackUnused();
  }
}
