/** The messages of the path that is shown, the latest first to be there; earlier ones come as the reader goes up. */
import { type ReactElement, type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Step } from '../conversation/tree.ts';
import { useWords } from '../i18n/words.ts';
import { AnswerTurn } from './answer-turn.tsx';
import { QuestionTurn } from './question-turn.tsx';
import type { TurnActions } from './turn-actions.ts';

const SHOWN_FIRST = 24;
const SHOWN_MORE = 40;

export interface MessageListProps {
  path: readonly Step[];
  actions: TurnActions;
  scroller: RefObject<HTMLDivElement | null>;
}

export function MessageList({ path, actions, scroller }: MessageListProps): ReactElement {
  const [shown, setShown] = useState(SHOWN_FIRST);
  const fromEnd = useRef<number | null>(null);
  const hidden = Math.max(0, path.length - shown);
  const showMore = (): void => {
    const box = scroller.current;
    if (box !== null) fromEnd.current = box.scrollHeight - box.scrollTop;
    setShown((now) => now + SHOWN_MORE);
  };
  // What the reader looks at stays where it is, when more comes in above.
  useLayoutEffect(() => {
    const box = scroller.current;
    if (box !== null && fromEnd.current !== null && shown > 0)
      box.scrollTop = box.scrollHeight - fromEnd.current;
    fromEnd.current = null;
  }, [shown, scroller]);
  return (
    <>
      {hidden === 0 ? null : <Earlier onWanted={showMore} scroller={scroller} />}
      {path
        .slice(hidden)
        .map(({ message, siblings }) =>
          message.role === 'user' ? (
            <QuestionTurn
              key={message.id}
              message={message}
              siblings={siblings.join(' ')}
              actions={actions}
            />
          ) : (
            <AnswerTurn key={message.id} message={message} siblings={siblings.join(' ')} actions={actions} />
          ),
        )}
    </>
  );
}

interface EarlierProps {
  onWanted: () => void;
  scroller: RefObject<HTMLDivElement | null>;
}

function Earlier({ onWanted, scroller }: EarlierProps): ReactElement {
  const words = useWords().chat.answer;
  const button = useRef<HTMLButtonElement>(null);
  const wanted = useRef(onWanted);
  wanted.current = onWanted;
  useEffect(() => {
    if (button.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) wanted.current();
      },
      { root: scroller.current, rootMargin: '400px 0px 0px 0px' },
    );
    observer.observe(button.current);
    return () => observer.disconnect();
  }, [scroller]);
  return (
    <button ref={button} type="button" className="button earlier" onClick={onWanted}>
      {words.earlier}
    </button>
  );
}
