/** Messages between the renderer and its thread. */
import type { Overrun } from './budget.ts';

export interface RenderJob {
  readonly template: string;
  /** Names that the template may use; plain JSON values. */
  readonly variables: Readonly<Record<string, unknown>>;
}

export type RenderReply =
  /** Once, when the thread can take work. */
  | { kind: 'ready' }
  | { kind: 'text'; text: string }
  | { kind: 'overrun'; overrun: Overrun }
  | { kind: 'refused'; reason: string }
  | { kind: 'invalid'; message: string };
