/** Seats with a file of an upstream's name, as a place that goes on by text where an upstream broke off. */
import type { Chunk } from '@filon/core/serving/completion';
import type { Waiting } from '../../ports/engine.ts';
import type { CompleteOptions, Serving } from '../serving.ts';
import type { PlaceRequest, TextPlace } from './place.ts';

export interface SeatPlaceDeps extends Pick<CompleteOptions, 'tier' | 'scope'> {
  serving: Pick<Serving, 'complete'>;
  model: string;
}

export function seatPlace(deps: SeatPlaceDeps): TextPlace {
  return { servedBy: null, complete: (asked, options) => complete(asked, deps, options) };
}

async function* complete(
  { request, begun }: PlaceRequest,
  { serving, model, ...rest }: SeatPlaceDeps,
  { signal }: Waiting,
): AsyncGenerator<Chunk> {
  const answer = await serving.complete({ ...request, model }, { ...rest, signal, begun });
  const here = { node: null, operator: null, tier: 'own', numericClass: null } as const;
  for await (const chunk of answer.chunks) {
    yield chunk.kind === 'usage' ? { servedBy: [here], ...chunk } : chunk;
  }
}
