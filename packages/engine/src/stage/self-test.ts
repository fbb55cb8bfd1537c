/** Warms a context up and sees that it computes: the numbers of a broken file or driver are not finite. */
import { FilonError } from '@filon/core/errors';
import type { EngineErrorDetails } from '../errors.ts';
import type { Context } from './context.ts';
import type { Weights } from './weights.ts';

const PROMPT = 'The';

/** @throws ENGINE_SELF_TEST_FAILED */
export async function selfTest(weights: Weights, context: Context, model: string): Promise<void> {
  // Some exact settings compute a row at a time.
  const tokens = weights.tokenize(PROMPT, { parseSpecial: false }).slice(0, context.rowsMax);
  context.clearRows();
  for (const [position, token] of tokens.entries()) {
    context.add(token, position, 0, position === tokens.length - 1);
  }
  const status = await context.decode();
  if (status !== 0) throw doesNotCompute(model, `llama_decode failed with ${status}`);
  const logits = context.logits(tokens.length - 1);
  if (!logits.every(Number.isFinite)) throw doesNotCompute(model, 'the logits are not finite');
  context.clearRows();
  context.trim(0, 0);
}

export function doesNotCompute(model: string, reason: string): FilonError<EngineErrorDetails> {
  return new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_SELF_TEST_FAILED', model, reason },
    `the model does not compute: ${reason}. The file or the device's driver may be broken.`,
  );
}
