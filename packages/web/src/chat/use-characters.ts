import { useMemo } from 'react';
import type { ChatSettings } from '../conversation/message.ts';
import { inputOf, questionOf } from '../conversation/prompt.ts';
import type { Step } from '../conversation/tree.ts';
import type { Attachments } from './use-attachments.ts';

/** How long everything is that would be sent now. */
export function useCharacters(
  path: readonly Step[],
  { text, attachments, settings }: { text: string; attachments: Attachments; settings: ChatSettings },
): number {
  const before = useMemo(
    () => inputOf(path.map(({ message }) => message)).reduce((sum, { content }) => sum + content.length, 0),
    [path],
  );
  return before + settings.system.length + questionOf({ text, attachments: [...attachments.files] }).length;
}
