import { type ReactElement, useId } from 'react';
import { count } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import {
  type CurvePicture,
  type CurvePoint,
  chosenPoints,
  curvePicture,
  HEIGHT,
  WIDTH,
} from './curve-picture.ts';
import { digits, useTrainingWords } from './training-words.ts';

export interface Curve {
  /** Said where there is more than one. */
  name: string;
  points: readonly CurvePoint[];
}

export interface CurveChartProps {
  title: string;
  curves: readonly Curve[];
  isFromZero: boolean;
}

const ROWS_MAX = 12;
const LINES = ['curve-line', 'curve-line curve-line-second'];

/** Curves as a picture, and the same in numbers. */
export function CurveChart({ title, curves, isFromZero }: CurveChartProps): ReactElement | null {
  const { curves: words } = useTrainingWords();
  const titleId = useId();
  const drawn = curves.filter(({ points }) => points.length > 0);
  const picture = curvePicture(
    drawn.map(({ points }) => points),
    { isFromZero },
  );
  if (picture === null) return null;
  return (
    <figure className="curve" aria-labelledby={titleId}>
      <figcaption id={titleId}>{title}</figcaption>
      {curves.length > 1 ? <Legend curves={drawn} /> : null}
      <Picture {...{ title, picture, curves: drawn }} />
      <details>
        <summary className="small">{words.table(title)}</summary>
        <p className="curve-note small quiet">{words.mean}</p>
        {drawn.map((curve) => (
          <CurveTable key={curve.name} title={title} curve={curve} />
        ))}
      </details>
    </figure>
  );
}

function Legend({ curves }: { curves: readonly Curve[] }): ReactElement {
  return (
    <ul className="curve-legend small">
      {curves.map(({ name }, at) => (
        <li key={name}>
          <svg viewBox="0 0 24 8" aria-hidden="true">
            <path className={LINES[at]} d="M1 4H23" />
          </svg>
          {name}
        </li>
      ))}
    </ul>
  );
}

interface PictureProps {
  title: string;
  picture: CurvePicture;
  curves: readonly Curve[];
}

function Picture({ title, picture, curves }: PictureProps): ReactElement {
  const { curves: words } = useTrainingWords();
  const language = useLanguage();
  const { paths, ticks, firstStep, lastStep } = picture;
  const heightOf = (at: number): number => HEIGHT * (1 - at / (ticks.length - 1));
  const labels = curves.map(({ name, points }) => {
    const [first, last] = [points[0]?.value ?? 0, points.at(-1)?.value ?? 0];
    const step = count(points.at(-1)?.step ?? 0, language);
    const whole = name === title ? title : `${title}, ${name}`;
    return words.label(whole, digits(first, language), digits(last, language), step);
  });
  return (
    <div className="curve-picture">
      <div className="curve-ticks small quiet" aria-hidden="true">
        {ticks.map((tick, at) => (
          <span key={tick} style={{ top: `${heightOf(at)}%` }}>
            {digits(tick, language)}
          </span>
        ))}
      </div>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={labels.join(' ')}
      >
        <path className="curve-grid" d={ticks.map((_, at) => `M0 ${heightOf(at)}H${WIDTH}`).join('')} />
        {paths.map((path, at) => (
          <path key={curves[at]?.name} className={LINES[at]} d={path} />
        ))}
      </svg>
      <p className="curve-steps small quiet" aria-hidden="true">
        <span>{count(firstStep, language)}</span>
        <span>{words.steps}</span>
        <span>{count(lastStep, language)}</span>
      </p>
    </div>
  );
}

function CurveTable({ title, curve: { name, points } }: { title: string; curve: Curve }): ReactElement {
  const { curves: words } = useTrainingWords();
  const language = useLanguage();
  return (
    <table className="panel-table curve-table">
      <caption className="small quiet">{name === title ? title : `${title}, ${name}`}</caption>
      <thead>
        <tr>
          <th scope="col">{words.step}</th>
          <th scope="col" className="number">
            {title}
          </th>
        </tr>
      </thead>
      <tbody>
        {chosenPoints(points, ROWS_MAX).map(({ step, value }) => (
          <tr key={step}>
            <th scope="row">{count(step, language)}</th>
            <td className="number">{digits(value, language)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
