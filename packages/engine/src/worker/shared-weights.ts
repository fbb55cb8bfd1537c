/** Weights in the memory of one worker: models that differ by their LoRAs alone have them together. */
import type { DeviceHost } from '../device/device-host.ts';
import { openWeights, type Weights, type WeightsSpec } from '../stage/weights.ts';

export interface HeldWeights extends Disposable {
  readonly weights: Weights;
}

export interface SharedWeights {
  /** Whether these are in memory. */
  has(spec: WeightsSpec): boolean;
  /** Loads them, unless they are there; the last who lets them go frees them. One call at a time. Codes: as openWeights. */
  hold(spec: WeightsSpec): Promise<HeldWeights>;
}

export function createSharedWeights(host: DeviceHost): SharedWeights {
  const shared = new Map<string, { weights: Weights; holds: number }>();
  return {
    has: (spec) => shared.has(keyOf(spec)),
    hold: async (spec) => {
      const key = keyOf(spec);
      const entry = shared.get(key) ?? { weights: await openWeights(host.llama, spec, host), holds: 0 };
      shared.set(key, entry);
      entry.holds += 1;
      return {
        weights: entry.weights,
        [Symbol.dispose]: () => {
          entry.holds -= 1;
          if (entry.holds > 0) return;
          shared.delete(key);
          entry.weights.close();
        },
      };
    },
  };
}

/** The layout of the weights depends on it. */
function keyOf({ path, extraBuffers }: WeightsSpec): string {
  return `${extraBuffers ? 'repacked' : 'plain'} ${path}`;
}
