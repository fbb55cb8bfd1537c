/** The report for people. */
import { cpus } from 'node:os';
import type { Measure, Report } from './report.ts';
import type { Goal, Summary } from './statistics.ts';

export function tableOf(report: Report): string {
  const { machine, programs, measures, problems } = report;
  const lines = [
    `${machine.cpu}, ${machine.cores} cores (${cpus().length} logical), ${(machine.memoryMb / 1000).toFixed(1)} GB, kernel ${machine.kernel}`,
    `load before the start: ${machine.load.join(' ')}; node ${machine.node}; commit ${machine.commit.slice(0, 12)}${machine.changedFiles > 0 ? ` and ${machine.changedFiles} changed files` : ''}`,
    ...Object.entries(programs).map(([name, value]) => `${name}: ${value}`),
    '',
    ...measures.flatMap(measureLines),
    ...problems.map(({ case: name, message }) => `PROBLEM in ${name}: ${message}`),
  ];
  return `${lines.join('\n')}\n`;
}

function measureLines({ what, unit, values, ratio, notes }: Measure): string[] {
  const width = Math.max(...Object.keys(values).map((name) => name.length));
  const rows = Object.entries(values).map(
    ([name, summary]) => `  ${name.padEnd(width)}  ${spread(summary)} ${unit}`,
  );
  const compared =
    ratio === null
      ? []
      : [`  => ${ratio.of} / ${ratio.over}: ${spread(ratio, 3)}${verdict(ratio.goal, ratio.met)}`];
  return [what, ...rows, ...compared, ...notes.map((note) => `     ${note}`), ''];
}

function spread({ median, min, max, all }: Summary, digits?: number): string {
  const text = (value: number): string => value.toFixed(digits ?? digitsFor(median));
  return all.length === 1 ? text(median) : `${text(median)} (${text(min)} to ${text(max)})`;
}

function digitsFor(value: number): number {
  if (value >= 1000) return 0;
  if (value >= 10) return 1;
  return value >= 1 ? 2 : 3;
}

function verdict(goal: Goal | null, met: boolean | null): string {
  if (goal === null) return '';
  const text = 'atLeast' in goal ? `at least ${goal.atLeast}` : `at most ${goal.atMost}`;
  return `   goal ${text}: ${met ? 'met' : 'NOT MET'}`;
}
