/** Where a request is computed. A whole model on one worker is a chain of length one. */
import { FilonError } from '@filon/core/errors';
import type { Plan } from '@filon/core/serving/plan';
import type { LoadedModel } from '@filon/core/serving/session';

/** Codes: SERVE_ROUTE_NONE. */
export function route(model: string, loaded: readonly LoadedModel[]): Plan {
  const whole = loaded.find((candidate) => candidate.model === model);
  if (whole) return { model, chain: [{ node: null, device: whole.device, layers: null }] };
  throw new FilonError(
    { code: 'SERVE_ROUTE_NONE', model },
    `no worker here holds the model ${model}; load it`,
  );
}
