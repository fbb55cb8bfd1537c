/** Goes between the versions of a question or an answer. */
import type { ReactElement } from 'react';
import { useWords } from '../i18n/words.ts';
import { Icon } from '../ui/icon.tsx';

export interface BranchArrowsProps {
  /** Ids of the versions, joined by a blank, oldest first. */
  siblings: string;
  shown: string;
  onChoose: (id: string) => void;
}

export function BranchArrows({ siblings, shown, onChoose }: BranchArrowsProps): ReactElement | null {
  const words = useWords().chat.answer;
  const ids = siblings.split(' ');
  const at = ids.indexOf(shown);
  if (ids.length < 2) return null;
  const step = (by: number): void => {
    const id = ids[at + by];
    if (id !== undefined) onChoose(id);
  };
  return (
    <span className="branches">
      <button
        type="button"
        className="icon-button"
        aria-label={words.previous}
        disabled={at === 0}
        onClick={() => step(-1)}
      >
        <Icon name="left" />
      </button>
      <span aria-hidden="true">
        {at + 1}/{ids.length}
      </span>
      <span className="sr-only" role="status">
        {words.version(at + 1, ids.length)}
      </span>
      <button
        type="button"
        className="icon-button"
        aria-label={words.next}
        disabled={at === ids.length - 1}
        onClick={() => step(1)}
      >
        <Icon name="right" />
      </button>
    </span>
  );
}
