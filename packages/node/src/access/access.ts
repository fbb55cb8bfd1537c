/** Everything that decides who may call and how much: one object a node, over its store. */
import { isIPv6 } from 'node:net';
import { Buckets } from '@filon/core/buckets';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import { BrowserSessions } from './browser-sessions.ts';
import { Keys } from './keys.ts';
import { ATTEMPT_ADDRESSES_MAX, ATTEMPTS_PER_MINUTE, KEYS_MAX } from './limits.ts';
import { Meter } from './meter.ts';
import { parsePrice } from './money.ts';
import { LoginCodes, PairingCode } from './one-time-codes.ts';
import type { RandomBytes } from './secret.ts';

export interface AccessConfig {
  /** An amount such as `0.25`, for a million tokens, read or written. */
  pricePerMillionTokens: string;
}

export interface AccessDeps {
  store: Store;
  clock: Clock;
  randomBytes: RandomBytes;
}

export interface Access {
  readonly keys: Keys;
  readonly meter: Meter;
  /** Requests a minute, by id of the key. */
  readonly rates: Buckets;
  readonly attempts: Attempts;
  readonly sessions: BrowserSessions;
  readonly logins: LoginCodes;
  readonly pairing: PairingCode;
}

/** Code: ACCESS_AMOUNT_INVALID. */
export function createAccess(config: AccessConfig, deps: AccessDeps): Access {
  const price = parsePrice(config.pricePerMillionTokens);
  return {
    keys: new Keys(deps),
    meter: new Meter({ ...deps, price }),
    rates: new Buckets(deps.clock, KEYS_MAX),
    attempts: new Attempts(deps.clock),
    sessions: new BrowserSessions(deps),
    logins: new LoginCodes(deps),
    pairing: new PairingCode(deps),
  };
}

/** Wrong keys and codes, by the address that they come from. */
export class Attempts {
  readonly #buckets: Buckets;

  constructor(clock: Clock) {
    this.#buckets = new Buckets(clock, ATTEMPT_ADDRESSES_MAX);
  }

  /** Counts one; milliseconds that the address should wait, 0 while it has tries left. */
  failed(address: string): number {
    const { taken, waitMs } = this.#buckets.take(networkOf(address), ATTEMPTS_PER_MINUTE);
    return taken ? 0 : waitMs;
  }
}

/** Who has one address of IPv6 has the 2^64 beside it. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = address.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  const rest = tail.split(':').filter((group) => group !== '');
  const zeros = Array.from({ length: 8 - groups.length - rest.length }, () => '0');
  return [...groups, ...(address.includes('::') ? zeros : []), ...rest].slice(0, 4).join(':');
}
