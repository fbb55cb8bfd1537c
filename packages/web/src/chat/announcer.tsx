/** Tells a screen reader what comes, sentence by sentence, and that it is over. */
import { type ReactElement, useEffect, useRef, useState } from 'react';
import { useWords } from '../i18n/words.ts';
import { visibleText } from '../markdown/safe-text.ts';
import { sentencesEnd, spokenText } from '../markdown/sentences.ts';
import { useServices } from '../services/services.ts';
import { useSelected } from '../state/store.ts';

/** Whole sentences gather for so long, so that the reader is not interrupted at each. */
const GATHER_MS = 1_500;

/** `id`: of the answer that is coming; null when none is. */
export function Announcer({ id }: { id: string | null }): ReactElement {
  const { answering } = useServices();
  const words = useWords().chat.answer;
  const [said, say] = useState('');
  const spoken = useRef(0);
  const store = useSelected(
    answering.coming,
    (coming) => (id === null ? null : coming.get(id)) ?? null,
    null,
  );
  useEffect(() => {
    if (store === null) return;
    spoken.current = store.get().run.text.length;
    let text = '';
    const timer = setInterval(() => {
      text = store.get().run.text;
      const end = sentencesEnd(text, spoken.current);
      if (end > spoken.current) say(spokenText(visibleText(text.slice(spoken.current, end))));
      spoken.current = end;
    }, GATHER_MS);
    return () => {
      clearInterval(timer);
      const rest = spokenText(visibleText(store.get().run.text.slice(spoken.current)));
      say(`${rest} ${words.finished}`);
    };
  }, [store, words.finished]);
  return (
    <div className="sr-only" aria-live="polite">
      {said}
    </div>
  );
}
