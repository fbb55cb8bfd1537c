/** The head of a training's state file (docs/protocol/checkpoint.md). */
import { z } from 'zod';

export interface StateHead {
  /** Updates behind it. */
  updates: number;
  /** What losses are multiplied by in f16, so that small gradients are numbers; 1 elsewhere. */
  lossScale: number;
  /** What the arrays belong to: only the same model in the same way of training may take them. */
  layout: string;
  /** Numbers in each group. */
  groups: number[];
}

const stateHeadSchema: z.ZodType<StateHead> = z.strictObject({
  updates: z.int().min(0),
  lossScale: z
    .number()
    .positive()
    .max(2 ** 24),
  layout: z.string().max(64),
  groups: z.array(z.int().min(1)).max(16),
});

/** null: no such head. */
export function parseStateHead(text: string): StateHead | null {
  try {
    return stateHeadSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
