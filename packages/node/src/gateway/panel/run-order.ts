/** What the Training page asks to be trained. Loaded when it does. */
import { isAbsolute } from 'node:path';
import type { PanelRunOrder } from '@filon/core/panel/training';
import { DATA_SOURCE_LENGTH_MAX, parseDataSource } from '@filon/core/training/data/source';
import { recipeName } from '@filon/core/training/recipe';
import { licenceId } from '@filon/core/training/recipe-model';
import { z } from 'zod';
import type { TrainOrder } from '../../train/pipeline.ts';
import { invalid, parseFields } from '../http/validate.ts';

const PATH_CHARACTERS_MAX = 1024;
const STEPS_MAX = 10_000_000;

export const runOrderFields: z.ZodType<PanelRunOrder> = z.object({
  recipe: z.string().min(1).max(PATH_CHARACTERS_MAX),
  data: z.object({ source: z.string().min(1).max(DATA_SOURCE_LENGTH_MAX), licence: licenceId }).nullable(),
  steps: z.int().min(1).max(STEPS_MAX).nullable(),
});

/** Begins with a quote, and waits for a yes. Codes: GATEWAY_REQUEST_INVALID, DATA_SOURCE_INVALID. */
export function trainOrderOf(body: Record<string, unknown>): TrainOrder {
  const { recipe, data, steps } = parseFields(runOrderFields, body);
  // Another path would count from wherever the node was started.
  if (!recipeName.safeParse(recipe).success && !isAbsolute(recipe))
    throw invalid('recipe', 'must be a name or an absolute path');
  if (data !== null) parseDataSource(data.source);
  const given = { name: 'data', origin: 'given by the operator', tried: false };
  return {
    ...{ recipe, steps, seed: null, device: null, agreed: false },
    data: data === null ? null : { ...given, ...data },
  };
}
