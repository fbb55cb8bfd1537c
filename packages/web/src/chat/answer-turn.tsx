/** An answer, while it comes and afterwards. */
import { type MemoExoticComponent, memo, type ReactElement } from 'react';
import { messageOf } from '../answering/live-answer.ts';
import type { AnswerMessage } from '../conversation/message.ts';
import { useWords } from '../i18n/words.ts';
import { Markdown } from '../markdown/markdown.tsx';
import { AnswerEnding } from './answer-ending.tsx';
import { AnswerFooter } from './answer-footer.tsx';
import { AnswerProgress } from './answer-progress.tsx';
import { Thought } from './thought.tsx';
import type { TurnActions } from './turn-actions.ts';
import { useLiveAnswer } from './use-live-answer.ts';

export interface AnswerTurnProps {
  message: AnswerMessage;
  siblings: string;
  actions: TurnActions;
}

export const AnswerTurn: MemoExoticComponent<(props: AnswerTurnProps) => ReactElement> = memo(
  function AnswerTurn({ message, siblings, actions }) {
    const words = useWords().chat.answer;
    const live = useLiveAnswer(message.id);
    const shown = live === null ? message : messageOf(message, live);
    return (
      <article className="turn answer" aria-label={words.answerOf(shown.model)} aria-busy={live !== null}>
        <h2 className="answer-model">{shown.model}</h2>
        {shown.reasoning === '' ? null : (
          <Thought text={shown.reasoning} isThinking={live !== null && shown.text === ''} />
        )}
        {shown.text === '' ? null : <Markdown text={shown.text} />}
        {live === null ? null : <AnswerProgress live={live} model={shown.model} />}
        {live !== null || shown.end === null ? null : (
          <>
            <AnswerEnding message={shown} end={shown.end} actions={actions} />
            <AnswerFooter message={shown} siblings={siblings} actions={actions} />
          </>
        )}
      </article>
    );
  },
);
