import { statusEn } from '../i18n/status-en.ts';
import { statusEs } from '../i18n/status-es.ts';
import { useLanguage } from '../i18n/words.ts';
import type { Language } from '../state/preferences.ts';

export type StatusWords = typeof statusEs;

const ALL: Readonly<Record<Language, StatusWords>> = { es: statusEs, en: statusEn };

export function useStatusWords(): StatusWords {
  return ALL[useLanguage()];
}
