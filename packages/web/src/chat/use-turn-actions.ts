import { useMemo, useRef } from 'react';
import { choose } from '../conversation/tree.ts';
import type { Chat } from '../keep/library.ts';
import { useServices } from '../services/services.ts';
import type { TurnActions } from './turn-actions.ts';

/** The same object for a conversation's life, so that messages are not drawn again with every piece of an answer. */
export function useTurnActions(chat: Chat | null, model: string | null): TurnActions {
  const { library, answering } = useServices();
  const now = useRef({ chat, model });
  now.current = { chat, model };
  return useMemo(() => {
    const inChat = (act: (chat: Chat, model: string | null) => void): void => {
      if (now.current.chat !== null) act(now.current.chat, now.current.model);
    };
    return {
      choose: (id) =>
        inChat(({ conversation, messages }) => {
          const message = messages.get(id);
          if (message === undefined) return;
          library.change(conversation.id, { chosen: choose(conversation.chosen, message) });
        }),
      edit: ({ parent, attachments }, text) =>
        inChat(({ conversation }, chosen) => {
          if (chosen !== null) answering.ask(conversation.id, parent, { text, attachments, model: chosen });
        }),
      again: (answer) =>
        inChat(({ conversation }, chosen) => {
          if (answer.parent !== null) {
            answering.answer(conversation.id, answer.parent, chosen ?? answer.model);
          }
        }),
      retry: (answer) => inChat(({ conversation }) => answering.retry(conversation.id, answer)),
    };
  }, [library, answering]);
}
