/** The pieces of work that cases give to programs. */
import { type Completion, complete } from '../completion.ts';
import type { Served } from '../programs/served.ts';
import type { Prompts } from '../prompts.ts';

export interface DecodeWork {
  prompts: readonly string[];
  tokens: number;
  temperature: number | null;
}

/** Words of the prompts of decodes: short, so that what is measured is generation. */
const PROMPT_WORDS = 24;

/** One list of prompts a round: all programs get the same, and none twice. */
export function promptRounds(prompts: Prompts, sessions: number, rounds: number): string[][] {
  return Array.from({ length: rounds + 1 }, () =>
    Array.from({ length: sessions }, () => prompts.next(PROMPT_WORDS)),
  );
}

/** All prompts at the same time. */
export function decode(served: Served, work: DecodeWork, signal: AbortSignal): Promise<Completion[]> {
  const { prompts, tokens, temperature } = work;
  return Promise.all(prompts.map((prompt) => complete(served, { prompt, tokens, temperature }, signal)));
}

export interface FirstTokens {
  uncached: Completion;
  cached: Completion;
}

/** Tokens that follow: enough for the first one to be sent. */
const FEW_TOKENS = 4;

/** The same prompt twice: new, then cached. */
export async function askTwice(served: Served, prompt: string, signal: AbortSignal): Promise<FirstTokens> {
  const spec = { prompt, tokens: FEW_TOKENS, temperature: 0 };
  const uncached = await complete(served, spec, signal);
  return { uncached, cached: await complete(served, spec, signal) };
}
