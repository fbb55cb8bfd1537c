/** A value that components can watch. */
import { useSyncExternalStore } from 'react';

export interface Store<T> {
  get(): T;
  set(value: T): void;
  /** Sets what `change` makes of the value now. */
  update(change: (value: T) => T): void;
  /** Returns what ends it. */
  watch(onChange: () => void): () => void;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const watchers = new Set<() => void>();
  const set = (next: T): void => {
    if (Object.is(next, value)) return;
    value = next;
    for (const tell of watchers) tell();
  };
  return {
    get: () => value,
    set,
    update: (change) => set(change(value)),
    watch: (onChange) => {
      watchers.add(onChange);
      return () => watchers.delete(onChange);
    },
  };
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.watch, store.get);
}

/** One property of a store's value; components are drawn again only when that changes. null: `otherwise`. */
export function useSelected<T, S>(store: Store<T> | null, select: (value: T) => S, otherwise: S): S {
  return useSyncExternalStore(store?.watch ?? watchNothing, () =>
    store === null ? otherwise : select(store.get()),
  );
}

function watchNothing(): () => void {
  return () => undefined;
}
