/** Long work, made visible: how far, how fast, how long still. */

import { Pace } from '@filon/core/pace';
import { formatBytes } from '@filon/core/units';
import type { Clock } from '../ports/clock.ts';
import { durationText } from './format.ts';

export interface ProgressStep {
  label: string;
  /** Said when the step begins, where a line cannot be written anew; the label without one. */
  title?: string;
  done: number;
  /** null while nobody knows. */
  total: number | null;
  unit: 'bytes' | 'share';
  /** Said behind how far it is. */
  detail?: string;
}

export interface ProgressLine {
  update(step: ProgressStep): void;
  /** Leaves the terminal's line empty for what comes next. */
  end(): void;
}

export interface ProgressLineOptions {
  clock: Clock;
  stderr: NodeJS.WriteStream;
  /** Gets the steps instead of the terminal. */
  onStep: ((step: ProgressStep & { ratePerSecond: number | null; leftMs: number | null }) => void) | null;
}

const DRAW_EVERY_MS = 100;
const JSON_EVERY_MS = 250;
const LINE_EVERY_MS = 5000;
const BAR_CELLS = 24;
const BAR_CELLS_MIN = 4;
const GAP = '  ';
const COLUMNS_GUESS = 80;

export function createProgressLine(options: ProgressLineOptions): ProgressLine {
  return new Line(options);
}

class Line implements ProgressLine {
  readonly #options: ProgressLineOptions;
  readonly #everyMs: number;
  /** Lines below one another, in a file or a pipe: few of them, and no bars. */
  readonly #plain: boolean;
  #label = '';
  #drawnMs = Number.NEGATIVE_INFINITY;
  #pace: Pace;
  #open = false;

  constructor(options: ProgressLineOptions) {
    this.#options = options;
    this.#pace = new Pace();
    this.#plain = options.onStep === null && !options.stderr.isTTY;
    if (options.onStep !== null) this.#everyMs = JSON_EVERY_MS;
    else this.#everyMs = this.#plain ? LINE_EVERY_MS : DRAW_EVERY_MS;
  }

  update(step: ProgressStep): void {
    const nowMs = this.#options.clock.monotonicMs();
    const fresh = step.label !== this.#label;
    if (fresh) this.#pace = new Pace();
    this.#label = step.label;
    this.#pace.add(nowMs, step.done);
    const last = step.done === step.total && !this.#plain;
    if (!fresh && !last && nowMs - this.#drawnMs < this.#everyMs) return;
    this.#drawnMs = nowMs;
    if (fresh && this.#plain) this.#options.stderr.write(`${step.title ?? step.label}\n`);
    else this.#draw(step);
  }

  end(): void {
    if (this.#open) this.#options.stderr.write('\r\u001b[K');
    this.#open = false;
  }

  #draw(step: ProgressStep): void {
    const { onStep } = this.#options;
    const ratePerSecond = this.#pace.perSecond;
    const leftMs = this.#pace.leftMs(step.done, step.total);
    if (onStep !== null) onStep({ ...step, ratePerSecond, leftMs });
    else this.#show(step, { ratePerSecond, leftMs });
  }

  #show(step: ProgressStep, pace: Measured): void {
    const { stderr } = this.#options;
    // Terminals that do not know their width say 0.
    const room = (stderr.columns || COLUMNS_GUESS) - 1;
    if (this.#plain) stderr.write(`${progressText(step, pace, 0)}\n`);
    else stderr.write(`\r${progressText(step, pace, room).slice(0, room)}\u001b[K`);
    this.#open = !this.#plain;
  }
}

interface Measured {
  ratePerSecond: number | null;
  leftMs: number | null;
}

/**
 * One line: `smollm2-135m  [=====>    ]  52%  51.2 of 98.4 MB  12.0 MB/s  4 s left`. Where `room` (characters) is short
 * the bar shrinks, and then goes: the time left is worth more.
 */
export function progressText(
  step: ProgressStep,
  pace: Measured,
  room: number = Number.POSITIVE_INFINITY,
): string {
  const parts: string[] = [];
  const share = step.total !== null && step.total > 0 ? Math.min(1, step.done / step.total) : null;
  if (share !== null) parts.push(`${Math.floor(share * 100)}%`.padStart(4));
  if (step.unit === 'bytes') {
    const total = step.total === null ? '' : ` of ${formatBytes(step.total)}`;
    parts.push(`${formatBytes(step.done)}${total}`);
    if (pace.ratePerSecond !== null) parts.push(`${formatBytes(Math.round(pace.ratePerSecond))}/s`);
  }
  if (step.detail !== undefined) parts.push(step.detail);
  if (pace.leftMs !== null && step.done !== step.total) parts.push(`${durationText(pace.leftMs)} left`);
  const taken = [step.label, '[]', ...parts].join(GAP).length;
  const cells = Math.min(BAR_CELLS, room - taken);
  const barred = share !== null && cells >= BAR_CELLS_MIN ? [bar(share, cells)] : [];
  return [step.label, ...barred, ...parts].join(GAP);
}

function bar(share: number, cells: number): string {
  const full = Math.round(share * cells);
  const head = full > 0 && full < cells ? '>' : '';
  return `[${'='.repeat(Math.max(0, full - head.length))}${head}${' '.repeat(cells - full)}]`;
}
