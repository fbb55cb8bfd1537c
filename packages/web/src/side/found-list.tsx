import type { ReactElement } from 'react';
import type { Conversation } from '../conversation/message.ts';
import type { Found } from '../conversation/search.ts';
import { useWords } from '../i18n/words.ts';
import { visibleText } from '../markdown/safe-text.ts';
import { hrefOf } from '../state/route.ts';

export interface FoundListProps {
  conversations: readonly Conversation[] | null;
  found: readonly Found[];
  shown: string | null;
}

export function FoundList({ conversations, found, shown }: FoundListProps): ReactElement {
  const words = useWords().chat.side;
  const titles = new Map(conversations?.map(({ id, title }) => [id, title]));
  return (
    <>
      <p className="quiet small" role="status">
        {found.length === 0 ? words.nothingFound : words.found(found.length)}
      </p>
      <ul>
        {found.map(({ conversation, excerpt }) => (
          <li key={conversation}>
            <a
              className="side-link found"
              href={hrefOf({ page: 'chat', conversation })}
              aria-current={conversation === shown ? 'page' : undefined}
            >
              <span className="conversation-title">{visibleText(titles.get(conversation) ?? '')}</span>
              {excerpt === null ? null : (
                <span className="quiet small excerpt">
                  {visibleText(excerpt.before)}
                  <mark>{visibleText(excerpt.match)}</mark>
                  {visibleText(excerpt.after)}
                </span>
              )}
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}
