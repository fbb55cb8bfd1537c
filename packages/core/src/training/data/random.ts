/** Numbers that look random and are the same for the same seed: sfc32 (Chris Doty-Humphrey, PractRand). */

export class SeededRandom {
  readonly #state: Uint32Array;

  /** Each number counts with its lowest 32 bits. */
  constructor(...seeds: readonly [number, ...number[]]) {
    this.#state = Uint32Array.of(seeds[0], seeds[1] ?? 0, seeds[2] ?? 0, 1);
    // The first few still show the seed.
    for (let round = 0; round < 15; round++) this.next();
  }

  /** 32 bits. */
  next(): number {
    const state = this.#state;
    const [a = 0, b = 0, c = 0, count = 0] = state;
    const value = (a + b + count) >>> 0;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + value;
    state[3] = count + 1;
    return value;
  }

  /** A whole number from 0 to `count` - 1; `count` at most 2^31. */
  below(count: number): number {
    return Math.floor((this.next() / 2 ** 32) * count);
  }
}

/** 0 to `count` - 1 in an order that the seeds decide (Fisher and Yates). */
export function shuffled(count: number, seeds: readonly [number, ...number[]]): Uint32Array {
  const random = new SeededRandom(...seeds);
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const kept = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}
