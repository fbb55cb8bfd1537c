/**
 * The one error class of the project. Match on `code`, never on the message.
 *
 * A message says what happened, with which value, and what to do about it; `details` carries the same values
 * for programs. Both cross process borders by {@link FilonError.toObject} and {@link FilonError.fromObject}.
 * Bugs are not errors: they go through {@link invariant} and crash.
 */

/** Typed payload of an error: a stable code and the values that explain it (JSON values only). */
export interface ErrorDetails {
  readonly code: string;
}

/** The form in which an error crosses a process border or is logged. */
export interface ErrorObject {
  readonly message: string;
  readonly details: ErrorDetails;
  readonly cause?: string;
}

export class FilonError<D extends ErrorDetails = ErrorDetails> extends Error {
  readonly details: D;

  constructor(details: D, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'FilonError';
    this.details = details;
  }

  get code(): D['code'] {
    return this.details.code;
  }

  toObject(): ErrorObject {
    const cause = this.cause === undefined ? {} : { cause: messageOf(this.cause) };
    return { message: this.message, details: this.details, ...cause };
  }

  static fromObject(object: ErrorObject): FilonError {
    const options = object.cause === undefined ? {} : { cause: object.cause };
    return new FilonError(object.details, object.message, options);
  }
}

/** Whether `error` is a {@link FilonError}, of the given code if one is given. */
export function isFilonError(error: unknown, code?: string): error is FilonError {
  return error instanceof FilonError && (code === undefined || error.code === code);
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Asserts what only a bug in this program can make false. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new TypeError(`invariant broken: ${message}`);
}
