/** What the bench found: the JSON that it writes. */
import type { Machine } from './machine.ts';
import type { Options } from './options.ts';
import type { Ratio, Summary } from './statistics.ts';

/** What one case reports of one quantity. */
export interface Measure {
  case: string;
  what: string;
  unit: 'tokens/s' | 'ms' | 'MB' | 'packages' | 'ms/token';
  /** By program, in the unit. */
  values: Record<string, Summary>;
  /** Of two programs, round by round; null where nothing is compared. */
  ratio: Ratio | null;
  notes: string[];
}

export interface Problem {
  case: string;
  message: string;
  details: unknown;
}

export interface Report {
  startedAt: string;
  durationMs: number;
  options: Options;
  machine: Machine;
  programs: Record<string, string>;
  measures: Measure[];
  problems: Problem[];
}
