/** The box for the next message of a conversation: what it sends, whether that will fit, and what it stops. */
import { type ReactElement, useEffect } from 'react';
import type { Question } from '../answering/answering.ts';
import { useServices } from '../services/services.ts';
import { useSelected, useStore } from '../state/store.ts';
import { Composer } from './composer.tsx';
import { tokensOf } from './tier-words.ts';
import type { Attachments } from './use-attachments.ts';

export interface ChatComposerProps {
  /** Of everything that would be sent. */
  characters: number;
  text: string;
  onText: (text: string) => void;
  attachments: Attachments;
  model: string | null;
  /** Of the answer that is coming; null: none is. */
  comingId: string | null;
  onAsk: (question: Question & { model: string }) => void;
}

export function ChatComposer(props: ChatComposerProps): ReactElement {
  const { text, onText, attachments, model, comingId, onAsk } = props;
  const { answering } = useServices();
  const live = comingId === null ? null : (answering.coming.get().get(comingId) ?? null);
  const isStopping = useSelected(live, (now) => now.isStopping, false);
  useEffect(() => {
    if (matchMedia('(pointer: fine)').matches) document.getElementById('composer')?.focus();
  }, []);
  const send = (): void => {
    if (model === null) return;
    onAsk({ text: text.trim(), attachments: [...attachments.files], model });
    onText('');
    attachments.clear();
  };
  return (
    <Composer
      {...{ text, onText, attachments, isStopping }}
      onSend={model === null ? null : send}
      onStop={comingId === null ? null : () => void answering.stop(comingId)}
      onEditLast={editLast}
      overflow={useOverflow(props)}
    />
  );
}

function useOverflow({ characters, model }: ChatComposerProps): { used: number; all: number } | null {
  const state = useStore(useServices().models.state);
  const models = state.kind === 'here' ? state.models : [];
  const all = models.find(({ name }) => name === model)?.contextTokens ?? null;
  const used = tokensOf(characters);
  return all !== null && used > all ? { used, all } : null;
}

function editLast(): void {
  const buttons = document.querySelectorAll<HTMLButtonElement>('.edit-question');
  buttons[buttons.length - 1]?.click();
}
