/** Errors as Ollama words them. */
import { errorAnswer, wordsOf } from '../http/error-answer.ts';
import type { ErrorWords } from '../http/intake.ts';

export const OLLAMA_ERRORS: ErrorWords = {
  response: (error) => errorAnswer(error, { error: wordsOf(error) }),
  event: (error) => `${JSON.stringify({ error: wordsOf(error) })}\n`,
};
