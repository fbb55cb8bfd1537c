/** Turns pieces into what may be shown: whole characters, and nothing that may become a stop string. */

export class VisibleText {
  readonly #decoder = new TextDecoder();
  readonly #stops: readonly string[];
  #held = '';
  /** A stop string was met; what came before it has been given out. */
  stopped = false;

  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  push(bytes: Uint8Array): string {
    return this.#release(this.#decoder.decode(bytes, { stream: true }));
  }

  /** What was held back, when the answer ends for another reason than a stop string. */
  end(): string {
    const text = this.#release(this.#decoder.decode()) + (this.stopped ? '' : this.#held);
    this.#held = '';
    return text;
  }

  #release(text: string): string {
    if (this.#stops.length === 0) return text;
    this.#held += text;
    const at = firstStop(this.#held, this.#stops);
    if (at >= 0) {
      this.stopped = true;
      return this.#held.slice(0, at);
    }
    const keep = heldBack(this.#held, this.#stops);
    const shown = this.#held.slice(0, this.#held.length - keep);
    this.#held = this.#held.slice(this.#held.length - keep);
    return shown;
  }
}

function firstStop(text: string, stops: readonly string[]): number {
  let first = -1;
  for (const stop of stops) {
    const at = text.indexOf(stop);
    if (at >= 0 && (first < 0 || at < first)) first = at;
  }
  return first;
}

/** Length of the longest ending of `text` with which some stop string begins. */
function heldBack(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(stop.slice(0, length))) longest = length;
    }
  }
  return longest;
}
