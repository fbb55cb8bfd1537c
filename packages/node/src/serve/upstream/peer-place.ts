/** An upstream of another node as a place that answers: asked through that node, and what became of it is told. */
import { isFilonError } from '@filon/core/errors';
import type { Chunk, ServedBy } from '@filon/core/serving/completion';
import type { RankedCandidate } from '@filon/core/serving/routing';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import type { Replicas, SeatOutcome } from '../../ports/replicas.ts';
import type { PlaceRequest, TextPlace } from './place.ts';

export interface PeerPlaceDeps {
  replicas: Pick<Replicas, 'complete' | 'report'>;
  clock: Clock;
  /** It failed this request. */
  onFailed: (node: KeyId) => void;
}

/** `ranked`: of another node, with an upstream. */
export function peerPlace(ranked: RankedCandidate, deps: PeerPlaceDeps): TextPlace | null {
  const { node, upstream } = ranked.candidate;
  return node === null || upstream === undefined ? null : new PeerPlace(ranked, node, deps);
}

class PeerPlace implements TextPlace {
  readonly #ranked: RankedCandidate;
  readonly #node: KeyId;
  readonly #deps: PeerPlaceDeps;

  constructor(ranked: RankedCandidate, node: KeyId, deps: PeerPlaceDeps) {
    this.#ranked = ranked;
    this.#node = node;
    this.#deps = deps;
  }

  get servedBy(): ServedBy {
    const { candidate, tier } = this.#ranked;
    const { operator, price } = candidate;
    const asked = price && { promptPico: Number(price.promptPico), answerPico: Number(price.answerPico) };
    return {
      node: this.#node,
      operator,
      tier,
      numericClass: null,
      upstream: true,
      ...(asked && { price: asked }),
    };
  }

  async *complete({ request, begun }: PlaceRequest, { signal }: Waiting): AsyncGenerator<Chunk> {
    const { replicas, clock, onFailed } = this.#deps;
    const { model, upstream } = this.#ranked.candidate;
    // What it announced, and no wider endpoint that it may have beside it: the answer names this tier.
    const asked = { node: this.#node, model, reach: upstream?.tier ?? 'own', request, begun };
    const startMs = clock.monotonicMs();
    let kind: SeatOutcome['kind'] | null = 'left';
    let firstTokenMs: number | null = null;
    let tokens = 0;
    try {
      for await (const chunk of replicas.complete(asked, { signal })) {
        if (chunk.kind !== 'usage') {
          firstTokenMs ??= clock.monotonicMs() - startMs;
          tokens += 1;
        }
        yield chunk;
      }
      kind = 'answered';
    } catch (error) {
      kind = signal.aborted ? 'left' : outcomeOf(error);
      if (!signal.aborted) onFailed(this.#node);
      throw error;
    } finally {
      const tookMs = clock.monotonicMs() - startMs;
      const { roundTripMs, queueMs, prefillMs } = this.#ranked.cost;
      const expectedFirstTokenMs = roundTripMs + queueMs + prefillMs;
      const outcome = { node: this.#node, model, firstTokenMs, expectedFirstTokenMs, tokens, tookMs };
      if (kind !== null) replicas.report({ ...outcome, kind });
    }
  }
}

/** null: it says nothing of the node. */
function outcomeOf(error: unknown): SeatOutcome['kind'] | null {
  if (isFilonError(error, 'REPLICA_REFUSED')) return 'refused';
  if (!isFilonError(error, 'REPLICA_LOST')) return null;
  const { how } = error.details as { how?: unknown };
  if (how === 'broken') return 'broken';
  return how === 'failed' ? 'died' : 'lost';
}
