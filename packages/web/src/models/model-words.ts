import type { Fit } from '@filon/core/model/fit';
import { modelsEn } from '../i18n/models-en.ts';
import { modelsEs } from '../i18n/models-es.ts';
import { useLanguage } from '../i18n/words.ts';
import type { Language } from '../state/preferences.ts';

export type ModelsWords = typeof modelsEs;

const ALL: Readonly<Record<Language, ModelsWords>> = { es: modelsEs, en: modelsEn };
/** Licences that allow any use. Of all others we only say that they should be read. */
const FREE = /^(apache-2\.0|mit|bsd-[23]-clause|isc|cc0-1\.0|cc-by-4\.0|unlicense)$/i;

export function useModelsWords(): ModelsWords {
  return ALL[useLanguage()];
}

export function fitText(words: ModelsWords, fit: Fit, language: Language): string {
  if (fit.fits) return words.fits;
  const [needed, have] = [finely(fit.neededBytes, language), finely(fit.haveBytes, language)];
  return fit.lacks === 'memory' ? words.lacksMemory(needed, have) : words.lacksDisk(needed, have);
}

/** Two sizes that lie close together must not read the same. */
function finely(bytes: number, language: Language): string {
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: 2 }).format(bytes / 1e9)} GB`;
}

/** What the licence means in short; null without one. */
export function licenceText(words: ModelsWords, licence: string | null): string | null {
  if (licence === null) return null;
  return FREE.test(licence) ? words.licences.free : words.licences.terms;
}
