import type { FilonError } from '@filon/core/errors';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Waiting } from '../wire/node-api.ts';
import { repeat } from './repeat.ts';
import { pageVisibility, whileVisible } from './while-visible.ts';

export interface Polled<T> {
  /** The last one that came; null before the first. */
  value: T | null;
  /** Why the last try brought nothing new; null when it did. */
  failure: FilonError | null;
  /** Asks now. */
  again: () => void;
}

/** Asks at once and then every so often, while the page can be seen. `read` must stay the same function. */
export function usePolled<T>(read: (options: Waiting) => Promise<T>, everyMs: number): Polled<T> {
  const [state, setState] = useState<Omit<Polled<T>, 'again'>>({ value: null, failure: null });
  const restart = useRef<() => void>(() => undefined);
  useEffect(() => {
    const once = async (signal: AbortSignal): Promise<void> => {
      const value = await read({ signal });
      if (!signal.aborted) setState({ value, failure: null });
    };
    const onFailure = (failure: FilonError): void => setState(({ value }) => ({ value, failure }));
    const begin = (): (() => void) =>
      whileVisible(pageVisibility, (signal) => void repeat({ once, onFailure, everyMs }, signal));
    let stop = begin();
    restart.current = () => {
      stop();
      stop = begin();
    };
    return () => stop();
  }, [read, everyMs]);
  const again = useCallback((): void => restart.current(), []);
  return { ...state, again };
}
