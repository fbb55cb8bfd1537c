/** What a loop in a child process is told and what it answers. */
import type { LoopSpec } from '../bench.ts';
import type { DecodeWork } from '../cases/work.ts';
import type { Completion } from '../completion.ts';

export type LoopKind = 'bare' | 'engine';

export interface LoopStart extends LoopSpec {
  kind: LoopKind;
}

export type ToLoop = { kind: 'work'; work: DecodeWork };

export type FromLoop =
  | { kind: 'ready' }
  | { kind: 'done'; answers: Completion[] }
  | { kind: 'failed'; message: string };

/** One way of generating answers, open in the child. */
export interface Loop {
  run(work: DecodeWork): Promise<Completion[]>;
}
