/** One conversation on the screen: its messages, and the box for the next one. */
import type { PrivacyTier } from '@filon/core/serving/tier';
import { type ReactElement, useEffect, useMemo, useState } from 'react';
import type { Question } from '../answering/answering.ts';
import type { ChatSettings } from '../conversation/message.ts';
import { pathOf, type Step } from '../conversation/tree.ts';
import { useWords } from '../i18n/words.ts';
import type { Chat } from '../keep/library.ts';
import { isWithin } from '../models-here/model-list.ts';
import { useServices } from '../services/services.ts';
import { preferences } from '../state/preferences.ts';
import { useStore } from '../state/store.ts';
import { tierNow } from '../state/tiers.ts';
import { Icon } from '../ui/icon.tsx';
import { Notice } from '../ui/notice.tsx';
import { Announcer } from './announcer.tsx';
import { ChatBar, type ChatDialog } from './chat-bar.tsx';
import { ChatComposer } from './chat-composer.tsx';
import { EmptyChat } from './empty-chat.tsx';
import { MessageList } from './message-list.tsx';
import { useAttachments } from './use-attachments.ts';
import { useCharacters } from './use-characters.ts';
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
  const tier = tierNow(settings.tier, useStore(preferences).tierAllowed);
  const model = settings.model ?? models.first(tier);
  const characters = useCharacters(path, { text, attachments, settings });
  const actions = useTurnActions(chat, model);
  const last = path.at(-1)?.message;
  const coming = useStore(answering.coming);
  const comingId = last !== undefined && coming.has(last.id) ? last.id : null;
  useChatKeys(comingId, () => setDialog('keys'));
  return (
    <main className="chat" tabIndex={-1} {...dropHandlers}>
      <ChatBar
        {...{ settings, onSettings, model, tier, dialog }}
        asked={{ characters, answerTokens: settings.maxTokens }}
        hasBegun={path.length > 0}
        onDialog={setDialog}
      />
      <div className="chat-scroll" ref={scroller}>
        <div className="chat-content" ref={content}>
          {path.length === 0 ? (
            <EmptyChat tier={tier} onExample={setText} onTier={() => setDialog('tier')} />
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
        <ModelGone {...{ model, tier }} onTier={() => setDialog('tier')} />
        <ChatComposer
          {...{ characters, text, attachments, model, comingId }}
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

interface ModelGoneProps {
  model: string | null;
  tier: PrivacyTier;
  onTier: () => void;
}

/** The model of the conversation is no longer there, or only on machines that may not answer. */
function ModelGone({ model, tier, onTier }: ModelGoneProps): ReactElement | null {
  const words = useWords().chat;
  const state = useStore(useServices().models.state);
  if (state.kind !== 'here' || model === null) return null;
  const found = state.models.find(({ name }) => name === model);
  if (found === undefined) return <Notice kind="info" text={words.model.gone} />;
  if (isWithin(found, tier)) return null;
  return (
    <Notice kind="info" text={words.tiers.beyond}>
      <button type="button" className="button" onClick={onTier}>
        {words.tiers.choose}
      </button>
    </Notice>
  );
}
