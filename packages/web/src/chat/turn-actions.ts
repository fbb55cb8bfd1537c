/** What can be done with a message that is shown. The same object as long as the conversation is. */
import type { AnswerMessage, UserMessage } from '../conversation/message.ts';

export interface TurnActions {
  choose: (id: string) => void;
  /** Asks `text` in place of the question, beside it. */
  edit: (question: UserMessage, text: string) => void;
  /** Has the question of this answer answered once more, beside it. */
  again: (answer: AnswerMessage) => void;
  /** Looks for an answer that was lost. */
  retry: (answer: AnswerMessage) => void;
}
