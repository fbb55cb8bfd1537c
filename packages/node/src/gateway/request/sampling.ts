/** What a caller said about drawing tokens, by our names. Whatever it left out is the node's own habit. */
import type { CompletionRequest } from '@filon/core/serving/completion';
import { DEFAULT_SAMPLING } from '@filon/core/serving/sampling';

type Sampling = CompletionRequest['sampling'];
type GivenSampling = { [K in keyof Sampling]?: Sampling[K] | undefined };

/** Smallest nucleus: clients may say 0, which keeps the likeliest token alone. */
const TOP_P_LEAST = 1e-6;

export function samplingOf(given: GivenSampling): Sampling {
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const sampling: Sampling = { ...DEFAULT_SAMPLING, seed: null, ...said };
  return { ...sampling, topP: Math.max(TOP_P_LEAST, sampling.topP) };
}
