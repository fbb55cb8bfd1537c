import { useCallback, useState } from 'react';

/** The message that is being written in one conversation; a reload of the page does not lose it. */
export function useDraft(conversation: string | null): [text: string, setText: (text: string) => void] {
  const key = `filon.draft.${conversation ?? 'new'}`;
  const [text, setText] = useState(() => kept(key));
  const change = useCallback(
    (changed: string): void => {
      setText(changed);
      keep(key, changed);
    },
    [key],
  );
  return [text, change];
}

function kept(key: string): string {
  try {
    return sessionStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}

function keep(key: string, text: string): void {
  try {
    if (text === '') sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, text);
  } catch {
    // It stays on the screen.
  }
}
