/** The chat: a conversation that is kept, or one that begins with its first message. */
import { type ReactElement, useEffect, useState } from 'react';
import { type ChatSettings, DEFAULT_SETTINGS } from '../conversation/message.ts';
import { titleOf } from '../conversation/prompt.ts';
import { useWords } from '../i18n/words.ts';
import { useServices } from '../services/services.ts';
import { preferences } from '../state/preferences.ts';
import { goTo } from '../state/route.ts';
import { useStore } from '../state/store.ts';
import { ChatView } from './chat-view.tsx';
import { MissingChat } from './empty-chat.tsx';
import '../styles/chat.css';
import '../styles/answer.css';
import '../styles/dialog.css';

export function ChatPage({ conversationId }: { conversationId: string | null }): ReactElement {
  if (conversationId === null) return <NewChat />;
  return <KeptChat key={conversationId} id={conversationId} />;
}

function NewChat(): ReactElement {
  const words = useWords().chat;
  const { library, answering } = useServices();
  const [settings, setSettings] = useState<ChatSettings>(() => ({
    ...DEFAULT_SETTINGS,
    tier: preferences.get().tier,
  }));
  return (
    <ChatView
      chat={null}
      settings={settings}
      onSettings={setSettings}
      onAsk={(question) => {
        const title = titleOf(question.text) || (question.attachments[0]?.name ?? words.untitled);
        const { id } = library.create({ ...settings, model: question.model }, title);
        answering.ask(id, null, question);
        goTo({ page: 'chat', conversation: id }, { replace: true });
      }}
    />
  );
}

function KeptChat({ id }: { id: string }): ReactElement {
  const words = useWords().nav;
  const { library, answering } = useServices();
  const chat = useStore(library.chat(id));
  const isHere = typeof chat !== 'string';
  useEffect(() => {
    const now = library.chat(id).get();
    if (isHere && typeof now !== 'string') answering.takeUp(now);
  }, [library, answering, id, isHere]);
  if (chat === 'loading') return <p className="page quiet">{words.loading}</p>;
  if (chat === 'missing') return <MissingChat />;
  return (
    <ChatView
      chat={chat}
      settings={chat.conversation.settings}
      onSettings={(settings) => library.change(id, { settings })}
      onAsk={(question, parent) => answering.ask(id, parent, question)}
    />
  );
}
