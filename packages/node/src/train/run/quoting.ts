/** What a run will take, from a few timed steps on its own device. */
import { type Quote, quoteOf, tokensOf } from '@filon/core/training/quote';
import type { Recipe } from '@filon/core/training/recipe';
import type { TrainingFacts } from '@filon/core/training/session';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import type { TrainingSession } from '../../ports/trainer.ts';
import { scheduleOf, stepValues } from './plan.ts';
import type { RunData } from './run-data.ts';

/** The first is slower than the rest: memory is touched for the first time. */
const WARM_STEPS = 1;
const TIMED_STEPS = 2;

export interface Power {
  /** Drawn by the machine while it computes; null: nobody said. */
  watts: number | null;
  /** In the operator's currency. */
  pricePerKwh: number | null;
}

/** The session is good for nothing else afterwards. */
export async function measuredQuote(
  session: TrainingSession,
  { recipe, steps, data, power }: { recipe: Recipe; steps: number; data: RunData; power: Power },
  { clock, signal }: { clock: Clock } & Waiting,
): Promise<Quote> {
  const { sequences, length, accumulate, keepCheckpoints } = recipe.training;
  const values = stepValues(recipe, scheduleOf(recipe, steps), 0);
  const batch = await data.train.at({ epoch: 0, index: 0 });
  const step = () => session.step({ batches: [batch], values }, { signal });
  for (let count = 0; count < WARM_STEPS; count++) await step();
  const startMs = clock.monotonicMs();
  for (let count = 0; count < TIMED_STEPS; count++) await step();
  const seconds = (clock.monotonicMs() - startMs) / 1000;
  const { trainedParameters } = session.facts;
  return quoteOf({
    tokens: tokensOf({ steps, accumulate, sequences, length }),
    tokensPerSecond: seconds > 0 ? (TIMED_STEPS * sequences * length) / seconds : null,
    ...{ flopsPerSecond: null, flopsPerToken: 0 },
    ...power,
    disk: {
      ...{ trainedParameters, moments: 2, keepCheckpoints },
      resultBytes: resultBytes(recipe, session.facts),
      shardBytes: data.shardBytes,
    },
  });
}

/** Written beside the run first, and copied into the store. */
function resultBytes({ method }: Recipe, { parameters, trainedParameters }: TrainingFacts): number {
  return 2 * (method.kind === 'lora' ? 4 * trainedParameters : 2 * parameters);
}
