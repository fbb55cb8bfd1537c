/** Calls of native functions on pool threads, one at a time and in order. */

interface NativeCall<A extends readonly unknown[], R> {
  async: (...args: [...A, done: (error: unknown, result: R) => void]) => void;
}

export type InTurns = <A extends readonly unknown[], R>(
  native: NativeCall<A, R>,
) => (...args: A) => Promise<R>;

/** Of all functions that are given to one of these, one runs. Callers bound how many wait: each has one call under way. */
export function openTurns(): InTurns {
  const waiting: (() => void)[] = [];
  let busy = false;
  const next = (): void => {
    const start = waiting.shift();
    busy = start !== undefined;
    start?.();
  };
  return <A extends readonly unknown[], R>(native: NativeCall<A, R>) =>
    (...args: A) => {
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
