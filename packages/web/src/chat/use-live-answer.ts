import { useEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import type { LiveAnswer } from '../answering/live-answer.ts';
import { useServices } from '../services/services.ts';
import { useSelected } from '../state/store.ts';

/** Nobody reads faster than this. */
const PAUSE_MIN_MS = 50;
/** After showing a piece, the page rests so many times as long as that took. */
const PAUSE_FACTOR = 7;

/**
 * The answer as it is shown while it comes, null before and afterwards. However fast pieces arrive and however long the
 * text is, showing it takes a small part of the time.
 */
export function useLiveAnswer(id: string): LiveAnswer | null {
  const { answering } = useServices();
  const store = useSelected(answering.coming, (coming) => coming.get(id) ?? null, null);
  const [shown, show] = useState<LiveAnswer | null>(store?.get() ?? null);
  useEffect(() => {
    if (store === null) return;
    let pauseMs = PAUSE_MIN_MS;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const paint = (): void => {
      timer = null;
      const beganMs = performance.now();
      flushSync(() => show(store.get()));
      pauseMs = Math.max(PAUSE_MIN_MS, (performance.now() - beganMs) * PAUSE_FACTOR);
    };
    const onChange = (): void => {
      timer ??= setTimeout(paint, pauseMs);
    };
    show(store.get());
    const unwatch = store.watch(onChange);
    return () => {
      unwatch();
      if (timer !== null) clearTimeout(timer);
    };
  }, [store]);
  return store === null ? null : (shown ?? store.get());
}
