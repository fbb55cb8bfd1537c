/** Curves as SVG paths in a picture that is stretched to its place. */

export const WIDTH = 300;
export const HEIGHT = 100;
/** Lines across, at least two. */
const TICKS_ABOUT = 4;
const NOTHING = 1e-30;
/** Closer than this share of their size, values are one. */
const SAME_SHARE = 1e-6;

export interface CurvePoint {
  step: number;
  value: number;
}

export interface CurvePicture {
  /** One for each curve, '' for an empty one. */
  paths: string[];
  /** Values of the lines across, the lowest first; the outermost are the edges. */
  ticks: number[];
  firstStep: number;
  lastStep: number;
}

/** `isFromZero`: the lower edge is 0. null where there is nothing to draw. */
export function curvePicture(
  curves: readonly (readonly CurvePoint[])[],
  { isFromZero }: { isFromZero: boolean },
): CurvePicture | null {
  const points = curves.flat();
  if (points.length === 0) return null;
  const steps = points.map(({ step }) => step);
  const values = points.map(({ value }) => value);
  const [firstStep, lastStep] = [Math.min(...steps), Math.max(...steps)];
  const ticks = ticksOf(isFromZero ? 0 : Math.min(...values), Math.max(...values));
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  const width = Math.max(1, lastStep - firstStep);
  const place = ({ step, value }: CurvePoint): string => {
    const x = (WIDTH * (step - firstStep)) / width;
    const y = HEIGHT * (1 - (value - low) / (high - low));
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  };
  return { paths: curves.map((curve) => pathOf(curve.map(place))), ticks, firstStep, lastStep };
}

/** A line of one point has no length, and is seen by its round end. */
function pathOf(places: readonly string[]): string {
  if (places.length === 0) return '';
  return `M${places.length === 1 ? [...places, ...places].join('L') : places.join('L')}`;
}

/** Multiples of 1, 2 or 5 times a power of ten, from below the least to above the greatest. */
export function ticksOf(least: number, greatest: number): number[] {
  const span = spanOf(least, greatest);
  const power = 10 ** Math.floor(Math.log10(span / TICKS_ABOUT));
  const stride = power * ([1, 2, 5, 10].find((each) => each * power >= span / TICKS_ABOUT) ?? 10);
  const first = Math.floor(least / stride);
  const last = Math.max(first + 1, Math.ceil(greatest / stride));
  // Without the rests that multiples of 0.1 have.
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * stride).toPrecision(12)));
}

/** Of values that are one, their size; of what is as good as 0, anything. */
function spanOf(least: number, greatest: number): number {
  const [range, size] = [greatest - least, Math.max(Math.abs(least), Math.abs(greatest))];
  if (size < NOTHING) return 1;
  return range > size * SAME_SHARE ? range : size;
}

/** Evenly chosen, with the first and the last. */
export function chosenPoints<P>(points: readonly P[], pointsMax: number): P[] {
  if (points.length <= pointsMax) return [...points];
  return Array.from({ length: pointsMax }, (_, at) => {
    const index = Math.round((at * (points.length - 1)) / (pointsMax - 1));
    return points[index] as P;
  });
}
