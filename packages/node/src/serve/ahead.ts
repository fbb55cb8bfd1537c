/** What a request can ask for together with its first seat. */
import type { CompletionRequest } from '@filon/core/serving/completion';
import type { SeatAhead } from '../ports/replicas.ts';
import { followsNoGrammar } from './tools.ts';

/** null: its tokens are known already, and there is nothing to wait for. */
export function aheadOf(request: CompletionRequest, scope: string): SeatAhead | null {
  const { prompt, sampling, maxTokens, stop, topLogprobs, ignoreEos } = request;
  if (prompt.kind === 'tokens') return null;
  const session = { maxTokens, sampling, stop, topLogprobs, ignoreEos, scope };
  return { prompt, needsSeed: sampling.seed === null, session: followsNoGrammar(request) ? session : null };
}
