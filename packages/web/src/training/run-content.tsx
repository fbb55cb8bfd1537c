/** One run as it changes. */
import type { PanelRun, PanelRunDetail } from '@filon/core/panel/training';
import { type ReactElement, useMemo } from 'react';
import { useLanguage } from '../i18n/words.ts';
import { FailureNotice } from '../panel/failure-notice.tsx';
import { failureOf } from '../panel/panel-words.ts';
import { useFollowed } from '../panel/use-followed.ts';
import { hrefOf } from '../state/route.ts';
import { Icon } from '../ui/icon.tsx';
import { CheckpointTable } from './checkpoint-table.tsx';
import { CurveList } from './curve-list.tsx';
import { EvaluationTable } from './evaluation-table.tsx';
import { LineageFacts } from './lineage-facts.tsx';
import { QuoteFacts } from './quote-facts.tsx';
import { RunState } from './run-state.tsx';
import { StateNews } from './state-news.tsx';
import { followRun } from './training-api.ts';
import { useTrainingWords } from './training-words.ts';

const NOTHING: readonly PanelRun[] = [];

export function RunContent({ id }: { id: string }): ReactElement {
  const words = useTrainingWords();
  const { value, failure } = useFollowed(useMemo(() => followRun(id), [id]));
  const news = useMemo(() => (value === null ? NOTHING : [value]), [value]);
  return (
    <>
      <p>
        <a className="run-back" href={hrefOf({ page: 'training', run: null })}>
          <Icon name="left" />
          {words.back}
        </a>
      </p>
      {failure === null ? null : <FailureNotice failure={failureOf(failure)} isNews />}
      <StateNews runs={news} />
      {value === null && failure === null ? <p className="quiet">{words.loading}</p> : null}
      {value === null ? null : <RunParts run={value} />}
    </>
  );
}

function RunParts({ run }: { run: PanelRunDetail }): ReactElement {
  const words = useTrainingWords();
  const language = useLanguage();
  const { state, steps, quote, plan, curves, checkpoints } = run;
  return (
    <>
      <div className="run-card">
        <p className="run-head">
          <strong>{plan.title[language]}</strong>
          <span className={`badge run-badge-${state}`}>{words.states[state]}</span>
        </p>
        <RunState run={run} />
      </div>
      <CurveList curves={curves} />
      <EvaluationTable run={run} />
      {quote === null || state === 'quoted' ? null : (
        <section aria-labelledby="quote-title">
          <h2 id="quote-title">{words.quote.title}</h2>
          <QuoteFacts {...{ quote, steps }} />
        </section>
      )}
      <CheckpointTable checkpoints={checkpoints} />
      <LineageFacts run={run} />
    </>
  );
}
