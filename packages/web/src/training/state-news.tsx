import type { PanelRun } from '@filon/core/panel/training';
import { type ReactElement, useEffect, useRef, useState } from 'react';
import { type TrainingWords, useTrainingWords } from './training-words.ts';

/** Says each run's new state to those who do not see it. */
export function StateNews({ runs }: { runs: readonly PanelRun[] }): ReactElement {
  const words = useTrainingWords();
  const [told, tell] = useState('');
  const before = useRef(runs);
  useEffect(() => {
    const news = newsOf(words, before.current, runs);
    before.current = runs;
    if (news !== '') tell(news);
  }, [words, runs]);
  return (
    <p className="sr-only" role="status">
      {told}
    </p>
  );
}

export function newsOf(words: TrainingWords, before: readonly PanelRun[], now: readonly PanelRun[]): string {
  const states = new Map(before.map(({ id, state }) => [id, state]));
  const changed = now.filter(({ id, state }) => states.has(id) && states.get(id) !== state);
  return changed.map(({ id, state }) => words.told.state(id, words.states[state])).join('. ');
}
