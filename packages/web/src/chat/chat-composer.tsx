/** The box for the next message of a conversation: what it sends, whether that will fit, and what it stops. */
import { type ReactElement, useEffect, useMemo } from 'react';
import type { Question } from '../answering/answering.ts';
import type { ChatSettings } from '../conversation/message.ts';
import { inputOf, questionOf } from '../conversation/prompt.ts';
import type { Step } from '../conversation/tree.ts';
import { useServices } from '../services/services.ts';
import { useSelected, useStore } from '../state/store.ts';
import { Composer } from './composer.tsx';
import type { Attachments } from './use-attachments.ts';

export interface ChatComposerProps {
  path: readonly Step[];
  text: string;
  onText: (text: string) => void;
  attachments: Attachments;
  settings: ChatSettings;
  model: string | null;
  /** Of the answer that is coming; null: none is. */
  comingId: string | null;
  onAsk: (question: Question & { model: string }) => void;
}

/** Roughly, for most languages: only to warn in time. */
const CHARACTERS_PER_TOKEN = 3.5;

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

function useOverflow({ path, text, attachments, settings, model }: ChatComposerProps): {
  used: number;
  all: number;
} | null {
  const state = useStore(useServices().models.state);
  const models = state.kind === 'here' ? state.models : [];
  const all = models.find(({ name }) => name === model)?.contextTokens ?? null;
  const before = useMemo(
    () => inputOf(path.map(({ message }) => message)).reduce((sum, { content }) => sum + content.length, 0),
    [path],
  );
  const characters =
    before + settings.system.length + questionOf({ text, attachments: [...attachments.files] }).length;
  const used = Math.round(characters / CHARACTERS_PER_TOKEN);
  return all !== null && used > all ? { used, all } : null;
}

function editLast(): void {
  const buttons = document.querySelectorAll<HTMLButtonElement>('.edit-question');
  buttons[buttons.length - 1]?.click();
}
