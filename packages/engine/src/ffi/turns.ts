/** Calls of one native function on pool threads, one at a time and in order. */

interface NativeCall<A extends readonly unknown[], R> {
  async: (...args: [...A, done: (error: unknown, result: R) => void]) => void;
}

/** Callers bound how many wait: each has one call under way at most. */
export function inTurns<A extends readonly unknown[], R>(
  native: NativeCall<A, R>,
): (...args: A) => Promise<R> {
  const waiting: (() => void)[] = [];
  let busy = false;
  const next = (): void => {
    const start = waiting.shift();
    busy = start !== undefined;
    start?.();
  };
  return (...args) => {
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    const start = (): void =>
      native.async(...args, (error, result) => {
        next();
        if (error) reject(error);
        else resolve(result);
      });
    if (busy) waiting.push(start);
    else {
      busy = true;
      // At once, not in a later turn: the caller has work to do while it runs.
      start();
    }
    return promise;
  };
}
