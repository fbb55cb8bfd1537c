/** A question as it was asked, with its files; it can be edited, which makes a new branch. */
import { type MemoExoticComponent, memo, type ReactElement, useState } from 'react';
import type { UserMessage } from '../conversation/message.ts';
import { useWords } from '../i18n/words.ts';
import { visibleText } from '../markdown/safe-text.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Icon } from '../ui/icon.tsx';
import { BranchArrows } from './branch-arrows.tsx';
import { FileChip } from './file-chip.tsx';
import { QuestionEditor } from './question-editor.tsx';
import type { TurnActions } from './turn-actions.ts';

export interface QuestionTurnProps {
  message: UserMessage;
  siblings: string;
  actions: TurnActions;
}

export const QuestionTurn: MemoExoticComponent<(props: QuestionTurnProps) => ReactElement> = memo(
  function QuestionTurn({ message, siblings, actions }) {
    const words = useWords().chat.answer;
    const [isEditing, setEditing] = useState(false);
    if (isEditing) {
      const send = (text: string): void => {
        setEditing(false);
        actions.edit(message, text);
      };
      return <QuestionEditor text={message.text} onSend={send} onCancel={() => setEditing(false)} />;
    }
    return (
      <article className="turn question" aria-label={words.yourMessage}>
        <h2 className="sr-only">{words.you}</h2>
        {message.attachments.length === 0 ? null : (
          <ul className="chips">
            {message.attachments.map((attachment) => (
              <li key={attachment.name}>
                <FileChip attachment={attachment} />
              </li>
            ))}
          </ul>
        )}
        {message.text === '' ? null : (
          <div className="question-text" dir="auto">
            {visibleText(message.text)}
          </div>
        )}
        <div className="turn-tools">
          <BranchArrows siblings={siblings} shown={message.id} onChoose={actions.choose} />
          <CopyButton text={message.text} label={words.copyQuestion} />
          <button
            type="button"
            className="icon-button edit-question"
            aria-label={words.edit}
            title={words.edit}
            onClick={() => setEditing(true)}
          >
            <Icon name="edit" />
          </button>
        </div>
      </article>
    );
  },
);
