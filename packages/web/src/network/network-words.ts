import { networkEn } from '../i18n/network-en.ts';
import { networkEs } from '../i18n/network-es.ts';
import { useLanguage } from '../i18n/words.ts';
import type { Language } from '../state/preferences.ts';

export type NetworkWords = typeof networkEs;

const ALL: Readonly<Record<Language, NetworkWords>> = { es: networkEs, en: networkEn };

export function useNetworkWords(): NetworkWords {
  return ALL[useLanguage()];
}
