/** Tokens of a prompt that nobody here can count. */
import type { CompletionRequest } from '@filon/core/serving/completion';
import { CHARACTERS_PER_TOKEN_GUESS } from '../limits.ts';

export function tokensGuess({ prompt }: Pick<CompletionRequest, 'prompt'>): number {
  if (prompt.kind === 'tokens') return prompt.tokens.length;
  const text = prompt.kind === 'text' ? prompt.text : JSON.stringify(prompt.messages);
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN_GUESS);
}
