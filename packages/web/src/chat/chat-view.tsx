/** One conversation on the screen: its messages, and the box for the next one. */
import { type ReactElement, useEffect, useMemo, useState } from 'react';
import type { Question } from '../answering/answering.ts';
import type { ChatSettings } from '../conversation/message.ts';
import { pathOf, type Step } from '../conversation/tree.ts';
import { useWords } from '../i18n/words.ts';
import type { Chat } from '../keep/library.ts';
import { useServices } from '../services/services.ts';
import { useStore } from '../state/store.ts';
import { Icon } from '../ui/icon.tsx';
import { Notice } from '../ui/notice.tsx';
import { Announcer } from './announcer.tsx';
import { ChatBar, type ChatDialog } from './chat-bar.tsx';
import { ChatComposer } from './chat-composer.tsx';
import { EmptyChat } from './empty-chat.tsx';
import { MessageList } from './message-list.tsx';
import { useAttachments } from './use-attachments.ts';
import { useChatKeys } from './use-chat-keys.ts';
import { useDraft } from './use-draft.ts';
import { useFileDrop } from './use-file-drop.ts';
import { useStickToEnd } from './use-stick-to-end.ts';
import { useTurnActions } from './use-turn-actions.ts';

export interface ChatViewProps {
  /** null: it has not begun. */
  chat: Chat | null;
  settings: ChatSettings;
  onSettings: (settings: ChatSettings) => void;
  onAsk: (question: Question & { model: string }, parent: string | null) => void;
}

const NOTHING: readonly Step[] = [];

export function ChatView({ chat, settings, onSettings, onAsk }: ChatViewProps): ReactElement {
  const words = useWords().chat;
  const { answering, models } = useServices();
  const [dialog, setDialog] = useState<ChatDialog | null>(null);
  const [text, setText] = useDraft(chat?.conversation.id ?? null);
  const attachments = useAttachments();
  const { isOver, dropHandlers } = useFileDrop(attachments.add);
  const { scroller, content, isAtEnd, toEnd } = useStickToEnd();
  const path = useMemo(
    () => (chat === null ? NOTHING : pathOf(chat.messages.values(), chat.conversation.chosen)),
    [chat],
  );
  useStore(models.state);
  // A model may have come since, on this node's other pages or by its command line.
  useEffect(() => void models.refresh(), [models]);
  const model = settings.model ?? models.first();
  const actions = useTurnActions(chat, model);
  const last = path.at(-1)?.message;
  const coming = useStore(answering.coming);
  const comingId = last !== undefined && coming.has(last.id) ? last.id : null;
  useChatKeys(comingId, () => setDialog('keys'));
  return (
    <main className="chat" tabIndex={-1} {...dropHandlers}>
      <ChatBar {...{ settings, onSettings, model, dialog }} onDialog={setDialog} />
      <div className="chat-scroll" ref={scroller}>
        <div className="chat-content" ref={content}>
          {path.length === 0 ? (
            <EmptyChat onExample={setText} />
          ) : (
            <>
              <h1 className="sr-only">{chat?.conversation.title}</h1>
              <MessageList {...{ path, actions, scroller }} />
            </>
          )}
        </div>
      </div>
      <div className="chat-foot">
        {isAtEnd ? null : (
          <button
            type="button"
            className="icon-button to-end"
            aria-label={words.answer.toEnd}
            onClick={toEnd}
          >
            <Icon name="down" />
          </button>
        )}
        <ModelGone model={model} />
        <ChatComposer
          {...{ path, text, attachments, model, comingId, settings }}
          onText={setText}
          onAsk={(question) => {
            toEnd();
            onAsk(question, last?.id ?? null);
          }}
        />
      </div>
      {isOver ? <div className="drop-here">{words.composer.dropHere}</div> : null}
      <Announcer id={comingId} />
    </main>
  );
}

/** The model of the conversation was removed from the node. */
function ModelGone({ model }: { model: string | null }): ReactElement | null {
  const words = useWords().chat.model;
  const state = useStore(useServices().models.state);
  const isGone = state.kind === 'here' && model !== null && state.models.every(({ name }) => name !== model);
  return isGone ? <Notice kind="info" text={words.gone} /> : null;
}
