/**
 * Notices that a worker has work and says nothing. The time adds up over pieces of work that came and went without a
 * word: clients that lose patience must not hide a device that hangs.
 */
export class HangWatch {
  readonly #hangMs: number;
  readonly #onHang: () => void;
  #timer: NodeJS.Timeout | null = null;
  #sinceMs = 0;
  /** Said nothing for, before the present piece of work. */
  #silentMs = 0;

  constructor(hangMs: number, onHang: () => void) {
    this.#hangMs = hangMs;
    this.#onHang = onHang;
  }

  /** To be told whenever work came or went. */
  watch(working: boolean): void {
    if (working && this.#timer === null) this.#start();
    else if (!working && this.#timer !== null) {
      this.stop();
      this.#silentMs += performance.now() - this.#sinceMs;
    }
  }

  /** A sign of life. */
  heard(): void {
    const before = this.#silentMs;
    this.#silentMs = 0;
    if (this.#timer === null) return;
    this.#sinceMs = performance.now();
    if (before === 0) this.#timer.refresh();
    else {
      this.stop();
      this.#start();
    }
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #start(): void {
    this.#sinceMs = performance.now();
    this.#timer = setTimeout(this.#onHang, Math.max(0, this.#hangMs - this.#silentMs));
  }
}
