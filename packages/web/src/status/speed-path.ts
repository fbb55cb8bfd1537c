/** The line and the area under it, as SVG paths in a picture that is stretched to its place. */
import { HISTORY_MS, type Sample } from './speed-history.ts';

export const WIDTH = 300;
export const HEIGHT = 100;
/** A quiet node draws a flat line, not a wild one. */
const TOP_MIN = 5;

/** The least 1, 2 or 5 times a power of ten that nothing goes over. */
export function topOf(max: number): number {
  const wanted = Math.max(max, TOP_MIN);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return power * ([1, 2, 5, 10].find((step) => step * power >= wanted) ?? 10);
}

export interface SpeedPaths {
  line: string;
  area: string;
}

/** The right edge is the newest sample. Where nothing is known, nothing is drawn. */
export function speedPaths(samples: readonly Sample[], top: number): SpeedPaths {
  const endMs = samples.at(-1)?.atMs ?? 0;
  const xOf = ({ atMs }: Sample): string => (WIDTH * (1 - (endMs - atMs) / HISTORY_MS)).toFixed(1);
  const yOf = (perSecond: number): string => (HEIGHT * (1 - perSecond / top)).toFixed(1);
  const paths: SpeedPaths = { line: '', area: '' };
  for (const [first, ...rest] of knownStretches(samples)) {
    if (first === undefined || rest.length === 0) continue;
    const points = rest.map((sample) => `${xOf(sample)} ${yOf(sample.perSecond ?? 0)}`);
    const begin = `${xOf(first)} ${yOf(first.perSecond ?? rest[0]?.perSecond ?? 0)}`;
    const line = [begin, ...points].join('L');
    paths.line += `M${line}`;
    paths.area += `M${xOf(first)} ${HEIGHT}L${line}V${HEIGHT}Z`;
  }
  return paths;
}

/** Each begins with the reading from which its first speed was counted. */
function knownStretches(samples: readonly Sample[]): Sample[][] {
  const stretches: Sample[][] = [];
  for (const sample of samples) {
    if (sample.perSecond === null) stretches.push([sample]);
    else if (stretches.length === 0) stretches.push([sample]);
    else stretches.at(-1)?.push(sample);
  }
  return stretches;
}
