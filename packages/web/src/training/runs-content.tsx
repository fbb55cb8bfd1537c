/** All runs as they change, and the way to begin another. */
import type { PanelRun, PanelRuns } from '@filon/core/panel/training';
import type { ReactElement } from 'react';
import { count } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { FailureNotice } from '../panel/failure-notice.tsx';
import { failureOf } from '../panel/panel-words.ts';
import { useFollowed } from '../panel/use-followed.ts';
import { RunCard } from './run-card.tsx';
import { StartForm } from './start-form.tsx';
import { StateNews } from './state-news.tsx';
import { followRuns } from './training-api.ts';
import { useTrainingWords } from './training-words.ts';

const NOTHING: readonly PanelRun[] = [];

export function RunsContent(): ReactElement {
  const words = useTrainingWords();
  const { value, failure } = useFollowed(followRuns);
  return (
    <>
      <p className="quiet">{words.intro}</p>
      {failure === null ? null : <FailureNotice failure={failureOf(failure)} isNews />}
      <StateNews runs={value?.runs ?? NOTHING} />
      {value === null ? <p className="quiet">{words.loading}</p> : <RunList told={value} />}
      <StartForm />
    </>
  );
}

function RunList({ told: { runs, total } }: { told: PanelRuns }): ReactElement {
  const { list } = useTrainingWords();
  const language = useLanguage();
  const isCut = total > runs.length;
  return (
    <section aria-labelledby="runs-title">
      <h2 id="runs-title">{list.title}</h2>
      {runs.length === 0 ? <p className="panel-empty">{list.empty}</p> : null}
      <ul className="run-cards">
        {runs.map((run) => (
          <RunCard key={run.id} run={run} />
        ))}
      </ul>
      {isCut ? (
        <p className="quiet small">{list.newest(count(runs.length, language), count(total, language))}</p>
      ) : null}
    </section>
  );
}
