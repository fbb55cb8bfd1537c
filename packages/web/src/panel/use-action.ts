import { useCallback, useRef, useState } from 'react';
import { type Failure, failureOf } from './panel-words.ts';
import { asFilonError } from './repeat.ts';

export interface Action {
  /** Of the last try, until the next one. */
  failure: Failure | null;
  isBusy: boolean;
  /** Does nothing while the one before is under way. True when it worked. */
  run: (work: () => Promise<void>) => Promise<boolean>;
  forget: () => void;
}

/** Something that a button asks of the node. */
export function useAction(): Action {
  const [failure, setFailure] = useState<Failure | null>(null);
  const [isBusy, setBusy] = useState(false);
  const busy = useRef(false);
  const run = useCallback(async (work: () => Promise<void>): Promise<boolean> => {
    if (busy.current) return false;
    busy.current = true;
    setBusy(true);
    setFailure(null);
    try {
      await work();
      return true;
    } catch (error) {
      setFailure(failureOf(asFilonError(error)));
      return false;
    } finally {
      busy.current = false;
      setBusy(false);
    }
  }, []);
  const forget = useCallback((): void => setFailure(null), []);
  return { failure, isBusy, run, forget };
}
