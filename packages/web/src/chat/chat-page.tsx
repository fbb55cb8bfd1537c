import type { ReactElement } from 'react';
import { useWords } from '../i18n/words.ts';

export function ChatPage({ conversationId }: { conversationId: string | null }): ReactElement {
  const words = useWords();
  return (
    <main className="page" data-conversation={conversationId}>
      <h1>{words.chat.title}</h1>
    </main>
  );
}
