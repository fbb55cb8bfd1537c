/**
 * The words of the page in the language chosen. A part that loads later may bring its own: a file a language, the second
 * typed as the first, and the language from `useLanguage`.
 */
import { type Language, preferences } from '../state/preferences.ts';
import { useStore } from '../state/store.ts';
import { chatEn } from './chat-en.ts';
import { chatEs } from './chat-es.ts';
import { en } from './en.ts';
import { es } from './es.ts';

export type ChatWords = typeof chatEs;
export type Words = typeof es & { chat: ChatWords };

const ALL: Readonly<Record<Language, Words>> = {
  es: { ...es, chat: chatEs },
  en: { ...en, chat: chatEn },
};

export function useLanguage(): Language {
  return useStore(preferences).language;
}

export function useWords(): Words {
  return ALL[useLanguage()];
}
