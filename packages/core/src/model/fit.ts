/** Whether a model can run in a place, before anything is fetched. */

/** What a machine has. */
export interface Place {
  /** Of the device with the most. */
  memoryBytes: number;
  /** That models may still take. */
  diskFreeBytes: number;
}

/** What a model wants. */
export interface Wants {
  /** In memory, to serve with a usual context. */
  memoryBytes: number;
  /** On the disk, beside what is there already. */
  diskBytes: number;
}

export type Fit =
  | { fits: true }
  | { fits: false; lacks: 'memory' | 'disk'; neededBytes: number; haveBytes: number };

export function fitOf(wants: Wants, place: Place): Fit {
  if (wants.memoryBytes > place.memoryBytes) {
    return { fits: false, lacks: 'memory', neededBytes: wants.memoryBytes, haveBytes: place.memoryBytes };
  }
  if (wants.diskBytes > place.diskFreeBytes) {
    return { fits: false, lacks: 'disk', neededBytes: wants.diskBytes, haveBytes: place.diskFreeBytes };
  }
  return { fits: true };
}
