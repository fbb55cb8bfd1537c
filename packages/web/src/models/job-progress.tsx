import type { PanelJob } from '@filon/core/panel/messages';
import type { ReactElement } from 'react';
import { size } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { durationText, shareText } from '../panel/times.ts';
import type { Language } from '../state/preferences.ts';
import { type ModelsWords, useModelsWords } from './model-words.ts';

/** How far running work is, how fast it goes and how long it still takes. */
export function JobProgress({ job }: { job: PanelJob }): ReactElement {
  const words = useModelsWords();
  const language = useLanguage();
  const { kind, model, done, total } = job;
  const label = kind === 'pull' ? words.job.pullOf(model) : words.job.loadOf(model);
  const isKnown = total !== null && total > 0;
  return (
    <div className="job-progress">
      <progress aria-label={label} {...(isKnown ? { value: Math.min(done, total), max: total } : {})} />
      <p className="small quiet">{progressText(words, job, language)}</p>
    </div>
  );
}

export function progressText({ job: words }: ModelsWords, job: PanelJob, language: Language): string {
  const { kind, done, total, perSecond, leftMs } = job;
  const isPull = kind === 'pull';
  if (done === 0) return words.starting;
  if (isPull && done === total) return words.checking;
  const parts = [
    isPull ? words.pull : words.load,
    total === null ? null : shareText(done / total, language),
    isPull ? amountText(words, job, language) : null,
    isPull && perSecond !== null && perSecond > 0 ? words.perSecond(size(perSecond, language)) : null,
    leftMs === null ? null : words.left(durationText(leftMs)),
  ];
  return parts.filter((part) => part !== null).join(' · ');
}

function amountText(words: ModelsWords['job'], { done, total }: PanelJob, language: Language): string {
  return total === null ? size(done, language) : words.doneOf(size(done, language), size(total, language));
}
