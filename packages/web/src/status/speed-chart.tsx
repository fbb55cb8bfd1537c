import type { ReactElement } from 'react';
import { count, measure } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { HISTORY_MS, type SpeedHistory, speedsOf } from './speed-history.ts';
import { HEIGHT, speedPaths, topOf, WIDTH } from './speed-path.ts';
import { useStatusWords } from './status-words.ts';

const EDGES = `M0 0H${WIDTH}M0 ${HEIGHT}H${WIDTH}`;
const MINUTES = HISTORY_MS / 60_000;

/** Tokens a second over the last minutes. */
export function SpeedChart({ history }: { history: SpeedHistory }): ReactElement {
  const { speed: words } = useStatusWords();
  const language = useLanguage();
  const { now, max } = speedsOf(history);
  const top = topOf(max);
  const { line, area } = speedPaths(history.samples, top);
  const [nowText, maxText] = [measure(now, language), measure(max, language)];
  return (
    <section aria-labelledby="speed-title">
      <h2 id="speed-title">{words.title}</h2>
      <figure className="speed">
        <p className="speed-now">
          <strong>{nowText}</strong> {words.unit}
        </p>
        <div className="speed-picture">
          <span className="speed-top small quiet" aria-hidden="true">
            {count(top, language)}
          </span>
          <svg
            viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={words.label(nowText, maxText)}
          >
            <path className="speed-grid" d={max === 0 ? EDGES : `${EDGES}M0 ${HEIGHT / 2}H${WIDTH}`} />
            <path className="speed-area" d={area} />
            <path className="speed-line" d={line} />
          </svg>
          {max === 0 ? <p className="speed-quiet small quiet">{words.quiet}</p> : null}
        </div>
        <p className="speed-times small quiet" aria-hidden="true">
          <span>{words.ago(count(MINUTES, language))}</span>
          <span>{words.now}</span>
        </p>
        <figcaption className="sr-only">{words.last(count(MINUTES, language))}</figcaption>
      </figure>
    </section>
  );
}
