/** What was said so far, as the next question carries it. */
import type { ChatTurn } from './openai-api.ts';

export class Conversation {
  model: string;
  system: string | null;
  #turns: ChatTurn[] = [];

  constructor(model: string, system: string | null) {
    this.model = model;
    this.system = system;
  }

  get turns(): readonly ChatTurn[] {
    return this.#turns;
  }

  /** The messages that ask `question`; nothing is remembered before it was answered. */
  asked(question: string): ChatTurn[] {
    const first: ChatTurn[] = this.system === null ? [] : [{ role: 'system', content: this.system }];
    return [...first, ...this.#turns, { role: 'user', content: question }];
  }

  /** An answer that was stopped counts as far as it came; one without a word does not. */
  answered(question: string, answer: string): void {
    if (answer === '') return;
    this.#turns.push({ role: 'user', content: question }, { role: 'assistant', content: answer });
  }

  clear(): void {
    this.#turns = [];
  }
}
