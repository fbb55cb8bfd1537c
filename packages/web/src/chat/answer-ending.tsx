/** How an answer ended, where that is not as one would expect, and what can be done. */
import type { ReactElement } from 'react';
import type { AnswerEnd, AnswerMessage } from '../conversation/message.ts';
import { useWords } from '../i18n/words.ts';
import { Notice } from '../ui/notice.tsx';
import { errorWords } from './error-words.ts';
import type { TurnActions } from './turn-actions.ts';

export interface AnswerEndingProps {
  message: AnswerMessage;
  end: AnswerEnd;
  actions: TurnActions;
}

export function AnswerEnding({ message, end, actions }: AnswerEndingProps): ReactElement | null {
  const words = useWords();
  const retry = (): void => (message.responseId === null ? actions.again(message) : actions.retry(message));
  switch (end.kind) {
    case 'done':
      return null;
    case 'stopped':
      return <p className="quiet small">{words.chat.end.stopped}</p>;
    case 'length':
      return <Notice kind="info" text={words.chat.end.length} />;
    case 'lost':
      return (
        <Notice kind="error" text={words.chat.end.lost}>
          <button type="button" className="button" onClick={retry}>
            {words.common.retry}
          </button>
        </Notice>
      );
    case 'failed':
      return (
        <Notice kind="error" text={words.chat.end.failed(errorWords(words.chat, end))}>
          <button type="button" className="button" onClick={() => actions.again(message)}>
            {words.common.retry}
          </button>
        </Notice>
      );
  }
}
