/** Who makes a request, and what it may therefore do. Routes ask here and nowhere else. */
import { FilonError } from '@filon/core/errors';
import type { PrivacyTier } from '@filon/core/serving/tier';
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

export interface Rights {
  /** The widest tier that may be chosen. */
  tierMax: PrivacyTier;
  /** Names of the models that may be used; null: all. */
  models: readonly string[] | null;
}

/** What the gate found out about a request, for the routes behind it. */
export interface Admitted {
  principal: Principal;
  /** Serving with this principal's limits, and its use counted. */
  serving: Serving;
  rights: Rights;
}

const VARIABLE = 'filonAdmitted';

export function admit(context: Context, admitted: Admitted): void {
  context.set(VARIABLE, admitted);
}

/** Code: ACCESS_KEY_NEEDED. */
export function principalOf(context: Context): Principal {
  return admittedOf(context).principal;
}

/** Serving as the request's principal may use it. Code: ACCESS_KEY_NEEDED. */
export function servingOf(context: Context): Serving {
  return admittedOf(context).serving;
}

/** What the request's principal may choose. Code: ACCESS_KEY_NEEDED. */
export function rightsOf(context: Context): Rights {
  return admittedOf(context).rights;
}

/** For what only the operator may do. Codes: ACCESS_KEY_NEEDED, ACCESS_CONTROL_NEEDED. */
export function requireControl(context: Context): void {
  if (principalOf(context).control) return;
  throw new FilonError<AccessErrorDetails>(
    { code: 'ACCESS_CONTROL_NEEDED' },
    'this is for the operator: open the login link that `filon up` or `filon login` prints',
  );
}

/** Whether a caller may see how the node does: one on this machine, and the operator. Code: ACCESS_KEY_NEEDED. */
export function seesInside(context: Context): boolean {
  const { kind, control } = principalOf(context);
  return kind === 'local' || control;
}

export function keyNeeded(): FilonError {
  return new FilonError<AccessErrorDetails>(
    { code: 'ACCESS_KEY_NEEDED' },
    'callers from other machines need a key: send it as `Authorization: Bearer KEY`; `filon keys add` on the node makes one',
  );
}

/** Nobody passes the gate as somebody by mistake: a route that asks is closed to those who are not known. */
function admittedOf(context: Context): Admitted {
  const admitted: Admitted | undefined = context.get(VARIABLE);
  if (admitted === undefined) throw keyNeeded();
  return admitted;
}
