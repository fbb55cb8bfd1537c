/** Which content each source had when it was first pulled: whoever changes it later is noticed. */
import type { Store, Tables } from '../../ports/store.ts';

type Pin = Tables['pins'];

export interface Pins {
  find(source: string): Pin | null;
  pin(source: string, pin: Pin): void;
}

/** The operator's own files may change as they like. */
export function createPins(store: Store): Pins {
  return {
    find: (source) => (source.startsWith('file:') ? null : (store.get('pins', source) ?? null)),
    pin: (source, pin) => {
      if (!source.startsWith('file:')) store.put('pins', source, pin);
    },
  };
}
