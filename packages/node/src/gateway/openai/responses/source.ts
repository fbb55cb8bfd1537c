/** Where the chunks of a response come from: a connection that takes the answer with it, or the store of answers. */
import type { Chunk, CompletionRequest } from '@filon/core/serving/completion';
import type { Clock } from '../../../ports/clock.ts';
import type { Serving } from '../../../serve/serving.ts';
import { failureOf } from './failure.ts';
import type { Outcome, ResponseHead } from './fold.ts';
import { type AnswerOwner, chunksOf, keptResponse, outcomeOf } from './store.ts';

export interface ResponseSource {
  head: ResponseHead;
  chunks: AsyncIterable<Chunk>;
  done(): Promise<Outcome>;
  /** How the answer ended; throws the failure itself when it is the caller's, or the node's, and not the answer's. */
  failed(error: unknown, signal: AbortSignal): Promise<Outcome>;
}

/** An answer that nobody keeps: it ends with the connection. */
export async function directSource(
  request: CompletionRequest,
  deps: { serving: Pick<Serving, 'complete'>; clock: Clock; id: string },
  options: { signal: AbortSignal },
): Promise<ResponseSource> {
  const { serving, clock, id } = deps;
  const { model, createdMs, chunks } = await serving.complete(request, options);
  return {
    head: { id, model, createdMs },
    chunks,
    done: async () => ({ kind: 'done', endedMs: clock.nowMs() }),
    failed: async (error, signal) => {
      signal.throwIfAborted();
      return { kind: 'failed', failure: failureOf(error) };
    },
  };
}

/** An answer in the store, from its first chunk. */
export function keptSource(
  head: ResponseHead,
  place: AnswerOwner,
  options: { signal: AbortSignal },
): ResponseSource {
  const ended = async (): Promise<Outcome | null> => outcomeOf((await keptResponse(head.id, place)).view);
  return {
    head,
    chunks: chunksOf(head.id, place, options),
    done: async () => (await ended()) ?? { kind: 'done', endedMs: null },
    failed: async (error, signal) => {
      signal.throwIfAborted();
      const outcome = await ended();
      if (outcome === null || outcome.kind === 'done') throw error;
      return outcome;
    },
  };
}
