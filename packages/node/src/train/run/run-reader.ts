/** A run as one who follows it sees it. Its metrics are read on from where the last look ended. */
import { open } from 'node:fs/promises';
import type { Checkpoint } from '@filon/core/training/checkpoint';
import { CurveMaker, type Curves } from '@filon/core/training/curves';
import { metricSchema, type RunView } from '@filon/core/training/run';
import type { Run } from './run.ts';

/** Of the metrics, read at once. */
const CHUNK_BYTES = 262_144;
const NEWLINE = 10;

export interface RunLook {
  run: RunView;
  /** The newest first. */
  checkpoints: Checkpoint[];
  curves: Curves;
}

type FollowedRun = Pick<Run, 'folder' | 'view'>;

export class RunReader {
  readonly #run: FollowedRun;
  #maker = new CurveMaker();
  /** Of the metrics that were read: the beginning of a line. */
  #bytes = 0;
  #checkpoints: Checkpoint[] = [];
  #checkpointStep: number | null = null;

  constructor(run: FollowedRun) {
    this.#run = run;
  }

  async look(): Promise<RunLook> {
    await this.#readOn();
    const run = this.#run.view;
    const { checkpointStep } = run.progress;
    if (checkpointStep !== this.#checkpointStep) {
      this.#checkpoints = await this.#run.folder.checkpoints();
      this.#checkpointStep = checkpointStep;
    }
    return { run, checkpoints: this.#checkpoints, curves: this.#maker.curves };
  }

  async #readOn(): Promise<void> {
    const file = await open(this.#run.folder.metricsPath, 'r').catch(() => null);
    if (file === null) return;
    await using metrics = file;
    const { size } = await metrics.stat();
    // A run that goes on from a checkpoint cuts off what came after it.
    if (size < this.#bytes) this.#restart();
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, size - this.#bytes));
    while (this.#bytes < size) {
      const { bytesRead } = await metrics.read(buffer, 0, buffer.length, this.#bytes);
      const whole = buffer.subarray(0, buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE) + 1);
      // The rest is a line that is being written.
      if (whole.length === 0) return;
      this.#take(new TextDecoder().decode(whole));
      this.#bytes += whole.length;
    }
  }

  #take(text: string): void {
    for (const line of text.split('\n')) {
      const metric = metricSchema.safeParse(jsonOf(line));
      if (metric.success) this.#maker.add(metric.data);
    }
  }

  #restart(): void {
    this.#maker = new CurveMaker();
    this.#bytes = 0;
  }
}

/** Lines that are none are passed over, as null is no metric. */
function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
