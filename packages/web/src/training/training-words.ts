import type { PanelRun } from '@filon/core/panel/training';
import { trainingEn } from '../i18n/training-en.ts';
import { trainingEs } from '../i18n/training-es.ts';
import { useLanguage } from '../i18n/words.ts';
import type { Language } from '../state/preferences.ts';

export type TrainingWords = typeof trainingEs;

const ALL: Readonly<Record<Language, TrainingWords>> = { es: trainingEs, en: trainingEn };

export function useTrainingWords(): TrainingWords {
  return ALL[useLanguage()];
}

/** Of numbers that may be very small: `0,0002`, `1.423`. */
export function digits(value: number, language: Language): string {
  return new Intl.NumberFormat(language, { maximumSignificantDigits: 4 }).format(value);
}

/** What may be done with a run now; null: nothing any more. */
export type RunAction = 'begin' | 'stop' | 'resume';

export function actionOf({ state }: Pick<PanelRun, 'state'>): RunAction | null {
  if (state === 'done') return null;
  if (state === 'quoted') return 'begin';
  return state === 'stopped' || state === 'failed' ? 'resume' : 'stop';
}
