/** Who makes a request, and what it may therefore do. Routes ask here and nowhere else. */
import { FilonError, invariant } from '@filon/core/errors';
import type { Context } from 'hono';
import type { AccessErrorDetails } from '../../access/errors.ts';
import type { Serving } from '../../serve/serving.ts';

/**
 * `owner`: whose stored answers it may read and end. Two principals with one owner are one to whoever stores for them;
 * everything that the operator uses on this machine is `local`.
 */
export type Principal =
  /** A program on this machine, without a key. */
  | { kind: 'local'; owner: 'local'; control: false }
  | { kind: 'key'; owner: `key:${string}`; control: false; id: string; name: string }
  /** A browser with a session: by login link (`control`), or by pairing code (inference alone). */
  | { kind: 'browser'; owner: 'local' | `session:${string}`; control: boolean; session: string };

export const LOCAL: Principal = { kind: 'local', owner: 'local', control: false };

/** What the guard found out about a request, for the routes behind it. */
export interface Admitted {
  principal: Principal;
  /** Serving with this principal's limits, and its use counted. */
  serving: Serving;
}

const VARIABLE = 'filonAdmitted';

export function admit(context: Context, admitted: Admitted): void {
  context.set(VARIABLE, admitted);
}

export function principalOf(context: Context): Principal {
  return admittedOf(context).principal;
}

/** Serving as the request's principal may use it. */
export function servingOf(context: Context): Serving {
  return admittedOf(context).serving;
}

/** For what only the operator may do. Code: ACCESS_CONTROL_NEEDED. */
export function requireControl(context: Context): void {
  if (principalOf(context).control) return;
  throw new FilonError<AccessErrorDetails>(
    { code: 'ACCESS_CONTROL_NEEDED' },
    'this is for the operator: open the login link that `filon up` or `filon login` prints',
  );
}

function admittedOf(context: Context): Admitted {
  const admitted: Admitted | undefined = context.get(VARIABLE);
  invariant(admitted !== undefined, 'a route is reached only through the guard');
  return admitted;
}
