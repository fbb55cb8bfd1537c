/** Work that is done only while somebody can see the page. */

export interface Visibility {
  isVisible(): boolean;
  /** Returns what ends it. */
  watch(onChange: () => void): () => void;
}

export const pageVisibility: Visibility = {
  isVisible: () => document.visibilityState === 'visible',
  watch: (onChange) => {
    document.addEventListener('visibilitychange', onChange);
    return () => document.removeEventListener('visibilitychange', onChange);
  },
};

/** Begins `work` whenever the page comes into view and aborts it when it goes. Returns what ends it. */
export function whileVisible(visibility: Visibility, work: (signal: AbortSignal) => void): () => void {
  let running: AbortController | null = null;
  const look = (): void => {
    if (visibility.isVisible() === (running !== null)) return;
    if (running === null) {
      running = new AbortController();
      work(running.signal);
    } else {
      running.abort();
      running = null;
    }
  };
  const leave = visibility.watch(look);
  look();
  return () => {
    leave();
    running?.abort();
    running = null;
  };
}
