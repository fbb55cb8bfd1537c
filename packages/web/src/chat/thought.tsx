/** What a model thought before it answered: folded, because few want to read it. */
import type { ReactElement } from 'react';
import { useWords } from '../i18n/words.ts';
import { Markdown } from '../markdown/markdown.tsx';

export function Thought({ text, isThinking }: { text: string; isThinking: boolean }): ReactElement {
  const words = useWords().chat.answer;
  return (
    <details className="thought">
      <summary>{isThinking ? words.thinking : words.thought}</summary>
      <Markdown text={text} />
    </details>
  );
}
