/** What a person chose once and for all conversations; kept in this browser only. */
import { type PrivacyTier, TIERS } from '@filon/core/serving/tier';
import { createStore, type Store } from './store.ts';

export type Language = 'es' | 'en';
export type Theme = 'system' | 'light' | 'dark';

export interface Preferences {
  language: Language;
  theme: Theme;
  /** Whether single keys such as `?` do something outside of text fields. */
  singleKeys: boolean;
  /** Whose machines may answer in new conversations. */
  tier: PrivacyTier;
  /** The widest tier that was agreed to in this browser. */
  tierAllowed: PrivacyTier;
  /** Keys of the gateways that may go on with answers, by origin. */
  gatewayKeys: Readonly<Record<string, string>>;
}

export const LANGUAGES: readonly Language[] = ['es', 'en'];
export const THEMES: readonly Theme[] = ['system', 'light', 'dark'];
const KEY = 'filon.preferences';

export const preferences: Store<Preferences> = createStore(read());

export function prefer(change: Partial<Preferences>): void {
  preferences.update((now) => ({ ...now, ...change }));
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences.get()));
  } catch {
    // A browser that keeps nothing still works until it is closed.
  }
}

function read(): Preferences {
  const kept = readKept();
  return {
    language: LANGUAGES.find((one) => one === kept['language']) ?? browserLanguage(navigator.languages),
    theme: THEMES.find((one) => one === kept['theme']) ?? 'system',
    singleKeys: kept['singleKeys'] !== false,
    tier: TIERS.find((one) => one === kept['tier']) ?? 'own',
    tierAllowed: TIERS.find((one) => one === kept['tierAllowed']) ?? 'own',
    gatewayKeys: textsIn(kept['gatewayKeys']),
  };
}

function textsIn(value: unknown): Record<string, string> {
  const entries = Object.entries(typeof value === 'object' && value !== null ? value : {});
  return Object.fromEntries(entries.filter(([, text]) => typeof text === 'string' && text !== ''));
}

function readKept(): Record<string, unknown> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return typeof kept === 'object' && kept !== null ? { ...kept } : {};
  } catch {
    return {};
  }
}

/** The first of the reader's languages that we have. */
function browserLanguage(wanted: readonly string[]): Language {
  const codes = wanted.map((tag) => tag.slice(0, 2).toLowerCase());
  return codes.flatMap((code) => LANGUAGES.filter((one) => one === code))[0] ?? 'en';
}
