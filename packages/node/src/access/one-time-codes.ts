/** Codes that let a browser in once, and soon. In memory: a restart of the node voids them. */
import type { Clock } from '../ports/clock.ts';
import { LOGIN_CODE_MS, LOGIN_CODES_MAX, PAIRING_CODE_MS, PAIRING_TRIES_MAX } from './limits.ts';
import { hashOf, newSecret, type RandomBytes, sameHash } from './secret.ts';

export interface CodesDeps {
  clock: Clock;
  randomBytes: RandomBytes;
}

export interface NewCode {
  code: string;
  /** Milliseconds since 1970, for people. */
  expiresMs: number;
}

/** For the link that `filon up` prints. Cannot be guessed, so tries are not counted. */
export class LoginCodes {
  readonly #deps: CodesDeps;
  /** When each ends, on the clock that only grows, by its hash. */
  readonly #ends = new Map<string, number>();

  constructor(deps: CodesDeps) {
    this.#deps = deps;
  }

  create(): NewCode {
    const { clock, randomBytes } = this.#deps;
    const code = newSecret('', randomBytes);
    this.#ends.set(hashOf(code), clock.monotonicMs() + LOGIN_CODE_MS);
    const [oldest] = this.#ends.keys();
    if (this.#ends.size > LOGIN_CODES_MAX && oldest !== undefined) this.#ends.delete(oldest);
    return { code, expiresMs: clock.nowMs() + LOGIN_CODE_MS };
  }

  redeem(code: string): boolean {
    const hash = hashOf(code);
    const endMs = this.#ends.get(hash);
    this.#ends.delete(hash);
    return endMs !== undefined && this.#deps.clock.monotonicMs() < endMs;
  }
}

/** Without letters that look like digits; 32 of them, so that five bits of a byte choose one evenly. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const PAIRING_CHARS = 8;

/** For people to type: one at a time, and few tries of it in all. */
export class PairingCode {
  readonly #deps: CodesDeps;
  #current: { hash: string; endMs: number; triesLeft: number } | null = null;

  constructor(deps: CodesDeps) {
    this.#deps = deps;
  }

  /** As `ABCD-EFGH`. One that was not used yet is void. */
  create(): NewCode {
    const { clock, randomBytes } = this.#deps;
    const letters = [...randomBytes(PAIRING_CHARS)].map((byte) => LETTERS.charAt(byte & 31)).join('');
    const endMs = clock.monotonicMs() + PAIRING_CODE_MS;
    this.#current = { hash: hashOf(letters), endMs, triesLeft: PAIRING_TRIES_MAX };
    return {
      code: `${letters.slice(0, 4)}-${letters.slice(4)}`,
      expiresMs: clock.nowMs() + PAIRING_CODE_MS,
    };
  }

  /** Takes what people make of it: small letters, spaces, an O for a 0. */
  redeem(typed: string): boolean {
    const current = this.#current;
    if (current === null || this.#deps.clock.monotonicMs() >= current.endMs) return false;
    const right = sameHash(hashOf(plain(typed)), current.hash);
    current.triesLeft -= 1;
    if (right || current.triesLeft === 0) this.#current = null;
    return right;
  }
}

function plain(typed: string): string {
  return typed.toUpperCase().replace(/[\s-]/g, '').replace(/[IL]/g, '1').replace(/O/g, '0');
}
