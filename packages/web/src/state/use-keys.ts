import { useEffect } from 'react';
import { preferences } from './preferences.ts';

/** By `KeyboardEvent.key`. */
export type Keys = ReadonlyMap<string, () => void>;

/** Single keys do something outside of text and of windows over the page, and only while they are switched on. */
export function useKeys(keys: Keys): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const act = keys.get(event.key);
      if (act === undefined || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented)
        return;
      if (document.querySelector('dialog[open]') !== null) return;
      const isCharacter = event.key.length === 1;
      if (isCharacter && (!preferences.get().singleKeys || isTyping(event.target))) return;
      if (isCharacter) event.preventDefault();
      act();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [keys]);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null
  );
}
