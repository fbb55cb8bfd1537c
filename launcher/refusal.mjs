/** Why the packages cannot be put in, in lines for the person at the terminal: what happened, then what to do. */
export class Refusal extends Error {
  /**
   * @param {string} what
   * @param {string[]} advice
   */
  constructor(what, ...advice) {
    super([what, ...advice.map((line) => `  ${line}`)].join('\n'));
    this.name = 'Refusal';
  }
}

/**
 * The system's code of an error (`ENOENT`, `EACCES`), if it has one.
 * @param {unknown} error
 * @returns {string}
 */
export function codeOf(error) {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/**
 * @param {unknown} error
 * @returns {string}
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
