/** One decoder of foreign bytes, as the fuzzer sees it. */

export interface Target {
  name: string;
  /** Good inputs, from which bad ones are made. */
  seeds: readonly Uint8Array[];
  /** Returns or resolves, or throws a FilonError with one of `codes`. Anything else is a fault. */
  decode(bytes: Uint8Array): void | Promise<void>;
  codes: readonly string[];
  /** Of longer inputs nothing is made. */
  bytesMax: number;
}
