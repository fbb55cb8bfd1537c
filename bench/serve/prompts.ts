/** Prompts of plain words, all different from their first word on, so that no program has a part of one in its cache. */

/** Common words: most vocabularies have each as one token. */
const WORDS = (
  'time people way day man thing woman life child world school state family student group country problem hand part ' +
  'place case week company system program question work government number night point home water room mother area ' +
  'money story fact month lot right study book eye job word business issue side kind head house service friend father'
).split(' ');

export interface Prompts {
  /** Another text each time, of about this many tokens and of exactly this many words. */
  next(words: number): string;
}

/** The same seed gives the same texts. */
export function createPrompts(seed: number): Prompts {
  let state = seed >>> 0;
  let made = 0;
  const draw = (below: number): number => {
    // A linear congruential generator: good enough to shuffle words.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const word = (): string => WORDS[draw(WORDS.length)] as string;
  return {
    next: (words) => {
      // The first words count the prompts, in a number system whose digits are words.
      const first = WORDS[made % WORDS.length] as string;
      const second = WORDS[Math.floor(made / WORDS.length) % WORDS.length] as string;
      made += 1;
      const rest = Array.from({ length: Math.max(0, words - 2) }, word);
      return [first, second, ...rest].join(' ');
    },
  };
}
