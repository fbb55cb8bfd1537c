/** Other nodes as places, where this one could begin at once: nobody waits for long for what they say. */
import type { Candidate, RouteRequest } from '@filon/core/serving/routing';
import type { Clock } from '../ports/clock.ts';
import type { Replicas } from '../ports/replicas.ts';
import { ASK_OTHERS_MS } from './limits.ts';

/** None, where they take too long. Rejects with the signal's reason. */
export async function askOthersSoon(
  replicas: Pick<Replicas, 'candidates'>,
  request: RouteRequest,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<readonly Candidate[]> {
  const over = new AbortController();
  const within = { signal: AbortSignal.any([signal, over.signal]) };
  const late = clock.sleep(ASK_OTHERS_MS, within).then(() => over.abort());
  const asked = replicas.candidates(request, within);
  try {
    await Promise.race([asked, late]);
    return over.signal.aborted ? [] : await asked;
  } finally {
    asked.catch(() => undefined);
    late.catch(() => undefined);
    over.abort();
  }
}
