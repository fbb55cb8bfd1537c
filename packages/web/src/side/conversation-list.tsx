import { Fragment, type ReactElement } from 'react';
import type { Conversation } from '../conversation/message.ts';
import { useWords } from '../i18n/words.ts';
import { visibleText } from '../markdown/safe-text.ts';
import { hrefOf } from '../state/route.ts';
import { Icon } from '../ui/icon.tsx';
import { type Age, ageOf, midnightBefore } from './ages.ts';

const AGES: readonly Age[] = ['today', 'yesterday', 'week', 'older'];

export interface ConversationListProps {
  /** null: they are being read. */
  conversations: readonly Conversation[] | null;
  shown: string | null;
  onOptions: (conversation: Conversation) => void;
}

export function ConversationList(props: ConversationListProps): ReactElement | null {
  const { conversations, shown, onOptions } = props;
  const words = useWords().chat.side;
  if (conversations === null) return null;
  if (conversations.length === 0) return <p className="quiet small">{words.none}</p>;
  const midnightMs = midnightBefore(Date.now());
  const byAge = Map.groupBy(conversations, ({ updatedMs }) => ageOf(updatedMs, midnightMs));
  return (
    <>
      {AGES.filter((age) => byAge.has(age)).map((age) => (
        <Fragment key={age}>
          <h2 className="quiet small">{words.ages[age]}</h2>
          <ul>
            {byAge.get(age)?.map((conversation) => (
              <li key={conversation.id} className="conversation-row">
                <a
                  className="side-link"
                  href={hrefOf({ page: 'chat', conversation: conversation.id })}
                  aria-current={conversation.id === shown ? 'page' : undefined}
                  dir="auto"
                >
                  <span className="conversation-title">{visibleText(conversation.title)}</span>
                </a>
                <button
                  type="button"
                  className="icon-button"
                  aria-haspopup="dialog"
                  aria-label={words.options(conversation.title)}
                  onClick={() => onOptions(conversation)}
                >
                  <Icon name="more" />
                </button>
              </li>
            ))}
          </ul>
        </Fragment>
      ))}
    </>
  );
}
