/** Names of answers, as their owners know them and as the store's keys. */
import { FilonError, invariant } from '@filon/core/errors';
import type { KeyRange } from '../../ports/store.ts';
import type { DurableErrorDetails } from './errors.ts';

const ID = /^[A-Za-z0-9_-]{1,64}$/;
const OWNER = /^[\x21-\x7e]{1,128}$/;
const ID_SHOWN_CHARS = 64;

/** Codes: ANSWER_ID_INVALID. */
export function checkedKey(owner: string, id: string): string {
  if (ID.test(id)) return keyOf(owner, id);
  const message = 'the id of an answer is 1 to 64 letters, digits, _ or -';
  throw new FilonError<DurableErrorDetails>({ code: 'ANSWER_ID_INVALID' }, message);
}

/** null: no answer can have this id. */
export function knownKey(owner: string, id: string): string | null {
  return ID.test(id) ? keyOf(owner, id) : null;
}

/** Neither part can hold the slash between them. */
function keyOf(owner: string, id: string): string {
  invariant(OWNER.test(owner), 'an owner is 1 to 128 printable ASCII characters');
  return `${encodeURIComponent(owner)}/${id}`;
}

/** All keys that begin with this one and a slash. */
export function below(key: string): KeyRange {
  // 0 comes after the slash.
  return { from: `${key}/`, below: `${key}0` };
}

/** Keeps the order of numbers. */
export function numbered(number: number): string {
  return String(number).padStart(8, '0');
}

export function answerUnknown(id: string): FilonError<DurableErrorDetails> {
  const shown = id.slice(0, ID_SHOWN_CHARS);
  const message = `there is no answer '${shown}'; it may have been deleted, or have made room for newer ones`;
  return new FilonError<DurableErrorDetails>({ code: 'ANSWER_UNKNOWN', id: shown }, message);
}
