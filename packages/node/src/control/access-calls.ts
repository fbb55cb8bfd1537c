/** The calls about who may call: keys, and browsers that were let in. Codes: ACCESS_*. */
import { FilonError } from '@filon/core/errors';
import type { PrivacyTier } from '@filon/core/serving/tier';
import { z } from 'zod';
import type { Access } from '../access/access.ts';
import type { BrowserSession } from '../access/browser-sessions.ts';
import type { AccessErrorDetails } from '../access/errors.ts';
import type { Key, NewKey } from '../access/keys.ts';
import {
  KEY_DAYS_MAX,
  KEY_MODELS_MAX,
  KEY_NAME_CHARS_MAX,
  KEY_REQUESTS_PER_MINUTE_MAX,
} from '../access/limits.ts';
import { moneyText } from '../access/money.ts';
import type { UsageRow } from '../ports/store.ts';

/** Times are milliseconds since 1970; null: no limit. Amounts of money are texts such as `12.50`. */
export interface KeyView {
  id: string;
  name: string;
  createdMs: number;
  expiresMs: number | null;
  expired: boolean;
  models: string[] | null;
  budgetTokens: number | null;
  budgetMoney: string | null;
  requestsPerMinute: number | null;
  tier: PrivacyTier;
  usage: Omit<UsageRow, 'moneyPico'> & { money: string };
}

export interface BrowserView {
  id: string;
  kind: BrowserSession['kind'];
  createdMs: number;
  expiresMs: number;
}

export interface LoginLink {
  /** For one browser on this machine, once. */
  url: string;
  expiresMs: number;
}

export interface PairingOffer {
  code: string;
  expiresMs: number;
  /** Where to type it; none when the node listens on loopback. */
  urls: string[];
}

type Nothing = Record<string, never>;

interface Call<In, Out> {
  input: In;
  output: Out;
}

export interface AccessCalls {
  keys: Call<Nothing, KeyView[]>;
  /** `secret` is the key itself, which is never seen again. */
  addKey: Call<NewKey, { key: KeyView; secret: string }>;
  removeKey: Call<{ name: string }, KeyView>;
  browsers: Call<Nothing, BrowserView[]>;
  /** All of them with null. */
  endBrowsers: Call<{ id: string | null }, { ended: string[] }>;
  login: Call<Nothing, LoginLink>;
  pair: Call<Nothing, PairingOffer>;
}

const nothing: z.ZodType<Nothing> = z.object({});
const newKey: z.ZodType<NewKey> = z.object({
  name: z.string().max(KEY_NAME_CHARS_MAX),
  models: z.array(z.string().min(1).max(1024)).min(1).max(KEY_MODELS_MAX).nullable(),
  budgetTokens: z.int().min(1).nullable(),
  budgetMoney: z.string().nullable(),
  requestsPerMinute: z.int().min(1).max(KEY_REQUESTS_PER_MINUTE_MAX).nullable(),
  tier: z.enum(['own', 'trusted', 'open']),
  expiresInMs: z
    .int()
    .min(1)
    .max(KEY_DAYS_MAX * 86_400_000)
    .nullable(),
});

export const ACCESS_INPUTS: { readonly [C in keyof AccessCalls]: z.ZodType<AccessCalls[C]['input']> } = {
  keys: nothing,
  addKey: newKey,
  removeKey: z.object({ name: z.string().min(1).max(KEY_NAME_CHARS_MAX) }),
  browsers: nothing,
  endBrowsers: z.object({ id: z.string().max(64).nullable() }),
  login: nothing,
  pair: nothing,
};

export type AccessControl = {
  readonly [C in keyof AccessCalls]: (input: AccessCalls[C]['input']) => Promise<AccessCalls[C]['output']>;
};

/** Of the gateway, as it listens. */
export interface Reach {
  url: string;
  lanUrls(): string[];
}

export function createAccessCalls(access: Access, reach: Reach): AccessControl {
  return {
    ...createKeyCalls(access),
    login: async () => {
      const { code, expiresMs } = access.logins.create();
      return { url: `${reach.url}/login#${code}`, expiresMs };
    },
    pair: async () => ({ ...access.pairing.create(), urls: reach.lanUrls().map((url) => `${url}/pair`) }),
  };
}

/** Those that need no running node, only its home. */
export function createKeyCalls(access: Access): Omit<AccessControl, 'login' | 'pair'> {
  const { keys, sessions } = access;
  return {
    keys: async () => keys.list().map((key) => viewOf(key, access)),
    addKey: async (input) => {
      const { key, secret } = keys.add(input);
      return { key: viewOf(key, access), secret };
    },
    removeKey: async ({ name }) => {
      const found = keys.named(name);
      const view = viewOf(found, access);
      keys.remove(found);
      return view;
    },
    browsers: async () => sessions.list().map(({ hash: _, ...view }) => view),
    endBrowsers: async ({ id }) => {
      const ended = sessions.end(id);
      if (id === null || ended.length > 0) return { ended };
      throw new FilonError<AccessErrorDetails>(
        { code: 'ACCESS_SESSION_UNKNOWN', id },
        `There is no browser session "${id}". \`filon login --list\` lists them.`,
      );
    },
  };
}

function viewOf(key: Key, { keys, meter }: Access): KeyView {
  const { hash: _, budgetMoneyPico, ...rest } = key;
  const { moneyPico, ...usage } = meter.usageOf(key.id);
  return {
    ...rest,
    expired: keys.hasExpired(key),
    budgetMoney: budgetMoneyPico === null ? null : moneyText(BigInt(budgetMoneyPico)),
    usage: { ...usage, money: moneyText(BigInt(moneyPico)) },
  };
}
