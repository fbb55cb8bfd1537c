/** Finds where a JSON value in brackets ends. What stands inside is not judged. */
export class JsonScan {
  #depth: number;
  #inString = false;
  #escaped = false;

  /** `depth`: brackets that are open already. */
  constructor(depth: number = 0) {
    this.#depth = depth;
  }

  get inString(): boolean {
    return this.#inString;
  }

  /** Whether this character closes the outermost bracket. */
  take(char: string): boolean {
    if (this.#escaped) this.#escaped = false;
    else if (this.#inString) {
      if (char === '\\') this.#escaped = true;
      else if (char === '"') this.#inString = false;
    } else if (char === '"') this.#inString = true;
    else if (char === '{' || char === '[') this.#depth += 1;
    else if (char === '}' || char === ']') {
      this.#depth -= 1;
      return this.#depth <= 0;
    }
    return false;
  }
}
