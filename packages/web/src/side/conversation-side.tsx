/** What the chat adds to the side: a new conversation, the search, the list. */
import { type ReactElement, useEffect, useState } from 'react';
import type { Conversation } from '../conversation/message.ts';
import type { Found } from '../conversation/search.ts';
import { useWords } from '../i18n/words.ts';
import { useServices } from '../services/services.ts';
import { hrefOf } from '../state/route.ts';
import { useStore } from '../state/store.ts';
import { type Keys, useKeys } from '../state/use-keys.ts';
import { Icon } from '../ui/icon.tsx';
import { Notice } from '../ui/notice.tsx';
import { ConversationDialog } from './conversation-dialog.tsx';
import { ConversationList } from './conversation-list.tsx';
import { DataDialog } from './data-dialog.tsx';
import { FoundList } from './found-list.tsx';

const SEARCH_PAUSE_MS = 200;
const SEARCH_ID = 'search';
const KEYS: Keys = new Map([['s', () => document.getElementById(SEARCH_ID)?.focus()]]);

/** `shown`: the conversation that is on the screen. */
export function ConversationSide({ shown }: { shown: string | null }): ReactElement {
  const words = useWords().chat.side;
  const { library } = useServices();
  const conversations = useStore(library.conversations);
  const keepFailed = useStore(library.keepFailed);
  const [query, setQuery] = useState('');
  const [opened, setOpened] = useState<Conversation | null>(null);
  const [isDataOpen, setDataOpen] = useState(false);
  const found = useFound(query);
  useKeys(KEYS);
  return (
    <>
      <a className="button button-main" href={hrefOf({ page: 'chat', conversation: null })}>
        <Icon name="plus" />
        {words.newChat}
      </a>
      <search className="search">
        <Icon name="search" />
        <input
          id={SEARCH_ID}
          type="search"
          aria-label={words.search}
          placeholder={words.searchShort}
          value={query}
          onChange={({ target }) => setQuery(target.value)}
        />
      </search>
      <nav className="conversations" aria-label={words.conversations}>
        {keepFailed ? <Notice kind="info" text={words.keepFailed} /> : null}
        {found === null ? (
          <ConversationList {...{ conversations, shown }} onOptions={setOpened} />
        ) : (
          <FoundList {...{ conversations, found, shown }} />
        )}
      </nav>
      <button type="button" className="side-link" onClick={() => setDataOpen(true)}>
        <Icon name="export" />
        {words.data}
      </button>
      {opened === null ? null : <ConversationDialog conversation={opened} onClose={() => setOpened(null)} />}
      {isDataOpen ? <DataDialog onClose={() => setDataOpen(false)} /> : null}
    </>
  );
}

/** null: nothing is searched for. */
function useFound(query: string): readonly Found[] | null {
  const { library } = useServices();
  const [found, setFound] = useState<readonly Found[] | null>(null);
  useEffect(() => {
    if (query.trim() === '') {
      setFound(null);
      return;
    }
    let isOver = false;
    const timer = setTimeout(() => {
      library.search(query).then(
        (result) => {
          if (!isOver) setFound(result);
        },
        () => undefined,
      );
    }, SEARCH_PAUSE_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [library, query]);
  return found;
}
