/** One small question to a new upstream: it must answer before it is taken, and its first speed is measured by it. */
import { isFilonError } from '@filon/core/errors';
import type { CompletionRequest, Prompt } from '@filon/core/serving/completion';
import { DEFAULT_SAMPLING } from '@filon/core/serving/sampling';
import type { Waiting } from '../../ports/engine.ts';
import { PROBE_TOKENS } from './limits.ts';
import type { UpstreamPlace } from './place.ts';

/** About as long as what a first rate can be measured on. */
const QUESTION =
  'This is a short question by which it is seen that you answer, and how fast. Count from one to twenty in words, with commas between them.';

/** As a chat, else as a text, else as a text that becomes a vector. Codes: those of the first. */
export async function probe(place: UpstreamPlace, options: Waiting): Promise<void> {
  const messages = [{ role: 'user', content: QUESTION }] as const;
  const ways = [
    () => answer(place, { kind: 'chat', messages }, options),
    () => answer(place, { kind: 'text', text: QUESTION }, options),
    () => place.embed([{ kind: 'text', text: QUESTION }], options),
  ];
  let first: unknown;
  for (const way of ways) {
    try {
      await way();
      return;
    } catch (error) {
      if (!isOtherWay(error)) throw error;
      first ??= error;
    }
  }
  throw first;
}

/** What it says of a way to be asked that it does not have. */
function isOtherWay(error: unknown): boolean {
  if (isFilonError(error, 'UPSTREAM_REFUSED')) return true;
  if (!isFilonError(error, 'UPSTREAM_FAILED')) return false;
  const { status } = error.details as { status?: unknown };
  return typeof status === 'number' && (status < 500 || status === 501);
}

async function answer(place: UpstreamPlace, prompt: Prompt, options: Waiting): Promise<void> {
  const request: Omit<CompletionRequest, 'model'> = {
    ...{ prompt, choices: 1, maxTokens: PROBE_TOKENS, stop: [], format: { kind: 'text' } },
    ...{ sampling: { ...DEFAULT_SAMPLING, temperature: 0, seed: 0n }, topLogprobs: null, ignoreEos: false },
  };
  for await (const _ of place.complete({ request, begun: '' }, options));
}
