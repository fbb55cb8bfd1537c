/** The likeliest language of a text, by its commonest small words: cheap, and silent where it cannot tell. */
import { normalText, wordsOf } from './normal-text.ts';

const COMMON: Readonly<Record<string, string>> = {
  en: 'the of and to in is that for it with as was on are be this by from at which or what how',
  es: 'el la de que y en los se del las un por con no una su para es al lo como más pero qué cuál cómo',
  fr: 'le la les de des et en un une du que est pour qui dans ce il ne sur pas plus par au avec',
  de: 'der die das und in den von zu mit sich des auf für ist im dem nicht ein eine als auch es',
  pt: 'o a os de que e do da em um para com não uma no na por mais as dos como mas ao',
  it: 'il la di che e in un per è una sono non con del da i si le al dei nel della più',
};
const SETS = Object.entries(COMMON).map(([code, words]) => [code, new Set(words.split(' '))] as const);
const WORDS_LOOKED_AT = 400;
/** Of the words, at least so many are small ones of that language. */
const SHARE_MIN = 0.12;

/** An ISO 639-1 code, or null where none stands out. */
export function languageOf(text: string): string | null {
  const words = wordsOf(normalText(text.slice(0, WORDS_LOOKED_AT * 16))).slice(0, WORDS_LOOKED_AT);
  const scores = SETS.map(([code, set]) => ({ code, hits: words.filter((word) => set.has(word)).length }));
  const [best, next] = scores.toSorted((a, b) => b.hits - a.hits);
  if (best === undefined || best.hits === 0 || best.hits < words.length * SHARE_MIN) return null;
  return best.hits > (next?.hits ?? 0) ? best.code : null;
}
