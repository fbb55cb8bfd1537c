/** Serving whose computed prompts are reused for one owner alone. */
import type { Serving } from '../../serve/serving.ts';

export function scopedServing(serving: Serving, scope: string): Serving {
  return {
    complete: (request, options) => serving.complete(request, { ...options, scope }),
    embed: (request, options) => serving.embed(request, options),
    countTokens: (request, options) => serving.countTokens(request, options),
    models: () => serving.models(),
    readiness: () => serving.readiness(),
    stats: () => serving.stats(),
  };
}
