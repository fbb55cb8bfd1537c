import type { ReactElement } from 'react';
import { useWords } from '../i18n/words.ts';
import { OperatorPage } from '../panel/operator-page.tsx';
import { RunContent } from './run-content.tsx';
import { RunsContent } from './runs-content.tsx';
import './training.css';

/** `run: null`: all of them, and the way to begin another. */
export function TrainingPage({ run }: { run: string | null }): ReactElement {
  const { nav } = useWords();
  return (
    <OperatorPage title={run ?? nav.training}>
      {run === null ? <RunsContent /> : <RunContent key={run} id={run} />}
    </OperatorPage>
  );
}
