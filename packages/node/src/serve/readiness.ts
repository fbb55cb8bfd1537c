/** Whether some model could answer now, here or elsewhere. A stored model counts once it has been loaded in this life of the node. */
import type { EngineStatus } from '../ports/engine.ts';
import type { StoredModel } from '../ports/models.ts';

export interface ReadinessView {
  stopping: boolean;
  status: EngineStatus;
  stored: readonly StoredModel[];
  isProven: (sha256: string) => boolean;
  /** Models that other nodes have ready. */
  elsewhere: number;
}

export function readinessOf(view: ReadinessView): { ready: boolean; reason: string } {
  if (view.stopping) return no('the node is stopping');
  const here = readyHere(view);
  if (here.ready || view.elsewhere === 0) return here;
  return { ready: true, reason: `other nodes answer: ${view.elsewhere} models` };
}

function readyHere({ status, stored, isProven }: ReadinessView): { ready: boolean; reason: string } {
  const broken = status.workers.filter(({ state }) => state === 'crash-loop');
  if (status.workers.length > 0 && broken.length === status.workers.length) {
    return no(`the worker of ${broken.map(({ device }) => device).join(', ')} keeps dying; see filon doctor`);
  }
  if (status.loaded.length > 0) return { ready: true, reason: `${status.loaded.length} in memory` };
  if (stored.length === 0) return no('no model is stored; pull one with filon pull');
  if (stored.some(({ sha256 }) => isProven(sha256))) {
    return { ready: true, reason: 'a model is loaded again with the next request' };
  }
  return no('no model has been loaded yet');
}

function no(reason: string): { ready: boolean; reason: string } {
  return { ready: false, reason };
}
