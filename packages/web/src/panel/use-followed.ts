import type { FilonError } from '@filon/core/errors';
import { useEffect, useState } from 'react';
import type { Waiting } from '../wire/node-api.ts';
import { repeat } from './repeat.ts';
import { pageVisibility, whileVisible } from './while-visible.ts';

const AGAIN_MS = 2000;

export interface Followed<T> {
  /** The last one that came; null before the first. */
  value: T | null;
  /** Why nothing comes any more; null while it does. */
  failure: FilonError | null;
}

/** Calls back at once and at every change, until the node or the signal ends it. */
export type Follow<T> = (onValue: (value: T) => void, options: Waiting) => Promise<void>;

/** What a stream of the node tells, while the page can be seen; begun again when it breaks. `follow` must stay the same. */
export function useFollowed<T>(follow: Follow<T>): Followed<T> {
  const [state, setState] = useState<Followed<T>>({ value: null, failure: null });
  useEffect(() => {
    const once = (signal: AbortSignal): Promise<void> =>
      follow(
        (value) => {
          if (!signal.aborted) setState({ value, failure: null });
        },
        { signal },
      );
    const onFailure = (failure: FilonError): void => setState(({ value }) => ({ value, failure }));
    return whileVisible(
      pageVisibility,
      (signal) => void repeat({ once, onFailure, everyMs: AGAIN_MS }, signal),
    );
  }, [follow]);
  return state;
}
