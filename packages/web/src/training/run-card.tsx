import type { PanelRun } from '@filon/core/panel/training';
import { type ReactElement, useId } from 'react';
import { useLanguage } from '../i18n/words.ts';
import { agoText } from '../panel/times.ts';
import { hrefOf } from '../state/route.ts';
import { RunState } from './run-state.tsx';
import { useTrainingWords } from './training-words.ts';

export function RunCard({ run }: { run: PanelRun }): ReactElement {
  const { list, states } = useTrainingWords();
  const language = useLanguage();
  const titleId = useId();
  return (
    <li className="run-card" aria-labelledby={titleId}>
      <div className="run-head">
        <h3 id={titleId}>
          <a href={hrefOf({ page: 'training', run: run.id })} aria-label={list.open(run.id)}>
            {run.id}
          </a>
          <span className="cell-more">
            {run.title[language]} · {list.begun(agoText(Date.now() - run.createdAtMs, language))}
          </span>
        </h3>
        <span className={`badge run-badge-${run.state}`}>{states[run.state]}</span>
      </div>
      <RunState run={run} />
    </li>
  );
}
