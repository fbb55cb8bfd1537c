import type { PanelRun } from '@filon/core/panel/training';
import type { ReactElement } from 'react';
import { count, measure } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { FailureNotice } from '../panel/failure-notice.tsx';
import { durationText } from '../panel/times.ts';
import type { Language } from '../state/preferences.ts';
import { QuoteFacts } from './quote-facts.tsx';
import { RunActions } from './run-actions.tsx';
import { digits, type TrainingWords, useTrainingWords } from './training-words.ts';

/** How far a run is or what became of it, what it will take where that was not agreed to, and what can be done. */
export function RunState({ run }: { run: PanelRun }): ReactElement {
  const { state, error, quote, steps } = run;
  return (
    <div className="run-state">
      {state === 'quoted' && quote !== null ? (
        <QuoteFacts {...{ quote, steps }} />
      ) : (
        <RunProgress run={run} />
      )}
      {state === 'failed' && error !== null ? <FailureNotice failure={error} /> : null}
      <RunActions run={run} />
    </div>
  );
}

const STILL: ReadonlySet<PanelRun['state']> = new Set(['quoted', 'stopped', 'failed', 'done']);

function RunProgress({ run }: { run: PanelRun }): ReactElement {
  const words = useTrainingWords();
  const language = useLanguage();
  const { id, state, step, steps } = run;
  // What comes before and after the steps has no measure.
  const isMeasured = state === 'training' || STILL.has(state);
  const value = isMeasured && steps !== null ? { value: Math.min(step, steps), max: steps } : {};
  return (
    <div className="run-progress">
      {isMeasured && steps === null ? null : <progress aria-label={words.progress.label(id)} {...value} />}
      <p className="small quiet">
        {isMeasured ? progressText(words, run, language) : <span lang="en">{run.doing}</span>}
      </p>
    </div>
  );
}

export function progressText(words: TrainingWords, run: PanelRun, language: Language): string {
  const { progress } = words;
  const { step, steps, loss, tokensPerSecond, secondsLeft } = run;
  const parts = [
    steps === null ? null : progress.stepOf(count(step, language), count(steps, language)),
    loss === null ? null : progress.loss(digits(loss, language)),
    tokensPerSecond === null ? null : progress.speed(measure(tokensPerSecond, language)),
    secondsLeft === null ? null : progress.left(durationText(secondsLeft * 1000)),
  ];
  return parts.filter((part) => part !== null).join(' · ');
}
