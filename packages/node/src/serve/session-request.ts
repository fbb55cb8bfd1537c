/** The session of one choice: what the driver keeps, and all that a worker needs to begin or to go on. */
import type { CompletionRequest } from '@filon/core/serving/completion';
import type { SessionRequest } from '@filon/core/serving/session';
import type { Prepared } from './prepare.ts';

export interface SessionPlan extends Prepared {
  id: string;
  /** sha256 of the variant. */
  model: string;
  /** Of the first choice; the next ones count up from it, modulo 2^64. */
  seed: bigint;
  scope: string;
}

export function sessionRequest(
  request: CompletionRequest,
  made: SessionPlan,
  choice: number,
): SessionRequest {
  return {
    session: `${made.id}.${choice}`,
    model: made.model,
    tokens: made.tokens,
    promptTokens: made.tokens.length,
    maxTokens: made.maxTokens,
    sampling: { ...request.sampling, seed: BigInt.asUintN(64, made.seed + BigInt(choice)) },
    stop: request.stop,
    grammar: made.grammar,
    topLogprobs: request.topLogprobs,
    ignoreEos: request.ignoreEos,
    scope: made.scope,
  };
}
