/** Losses of a model on batches: what every comparison before and after is made of. */
import { lossTokens, type TrainingBatch } from '@filon/core/training/batch';
import type { SplitLoss } from '@filon/core/training/run';
import type { TrainingSession } from '../../ports/trainer.ts';
import type { Batches } from '../data/batches.ts';

export interface MeanLoss {
  /** In nats. */
  loss: number;
  tokens: number;
}

/** Over the tokens of the first batches of a split; null where none counts. Codes: TRAIN_*, DATA_SHARD_INVALID. */
export async function meanLoss(
  session: TrainingSession,
  batches: Batches,
  { signal, batchesMax }: { signal: AbortSignal; batchesMax: number },
): Promise<MeanLoss | null> {
  const count = Math.min(batches.countIn(0), batchesMax);
  const each = async function* (): AsyncGenerator<TrainingBatch> {
    for (let index = 0; index < count; index++) yield await batches.at({ epoch: 0, index });
  };
  return meanLossOf(session, each(), signal);
}

/** The same of given batches. */
export async function meanLossOf(
  session: TrainingSession,
  batches: AsyncIterable<TrainingBatch> | Iterable<TrainingBatch>,
  signal: AbortSignal,
): Promise<MeanLoss | null> {
  let sum = 0;
  let tokens = 0;
  for await (const batch of batches) {
    if (lossTokens(batch) === 0) continue;
    signal.throwIfAborted();
    const found = await session.evaluate(batch, { signal });
    sum += found.loss * found.tokens;
    tokens += found.tokens;
  }
  return tokens === 0 ? null : { loss: sum / tokens, tokens };
}

/** `bytesPerToken`: UTF-8 bytes that a token which counts stands for, on the whole; null where nobody counted. */
export function splitLoss({ loss, tokens }: MeanLoss, bytesPerToken: number | null): SplitLoss {
  const bitsPerByte = bytesPerToken === null || bytesPerToken === 0 ? null : loss / Math.LN2 / bytesPerToken;
  return { loss, perplexity: Math.exp(loss), tokens, bitsPerByte };
}
