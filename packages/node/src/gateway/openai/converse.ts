/** Several requests, one after the other, as one answer: their choices are numbered on, their usage is added up. */

import { invariant } from '@filon/core/errors';
import type { Chunk, CompletionRequest, Usage } from '@filon/core/serving/completion';
import type { Answer, Serving } from '../../serve/serving.ts';
import { NO_USAGE } from '../answer/collect.ts';

/** Resolves when the first one was admitted. A client that sends many prompts holds one slot at a time. */
export async function converse(
  serving: Pick<Serving, 'complete'>,
  requests: readonly CompletionRequest[],
  options: { signal: AbortSignal },
): Promise<Answer> {
  const [first, ...rest] = requests;
  invariant(first !== undefined, 'a call has at least one prompt');
  const answer = await serving.complete(first, options);
  if (rest.length === 0) return answer;
  const next = (request: CompletionRequest): Promise<Answer> => serving.complete(request, options);
  return { ...answer, chunks: chained(answer, rest, next) };
}

async function* chained(
  first: Answer,
  rest: readonly CompletionRequest[],
  next: (request: CompletionRequest) => Promise<Answer>,
): AsyncGenerator<Chunk> {
  const total: Usage = { ...NO_USAGE };
  const add = (usage: Usage): void => {
    total.promptTokens += usage.promptTokens;
    total.cachedTokens += usage.cachedTokens;
    total.completionTokens += usage.completionTokens;
    total.reasoningTokens += usage.reasoningTokens;
  };
  let before = 0;
  let answer = first;
  for (const request of [null, ...rest]) {
    if (request !== null) answer = await next(request);
    for await (const chunk of answer.chunks) {
      if (chunk.kind === 'usage') add(chunk.usage);
      else yield { ...chunk, choice: chunk.choice + before };
    }
    before += rest[0]?.choices ?? 0;
  }
  yield { kind: 'usage', usage: total };
}
