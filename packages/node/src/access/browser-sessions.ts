/** Browsers that were let in: by login link, with control, or by pairing code, without. Only hashes of cookies are kept. */
import type { Clock } from '../ports/clock.ts';
import type { BrowserSessionRow, Store } from '../ports/store.ts';
import { SESSION_MS, SESSIONS_MAX } from './limits.ts';
import { hashOf, isSecret, newId, newSecret, type RandomBytes, sameHash } from './secret.ts';

const COOKIE_PREFIX = 'fs_';

export interface BrowserSession extends Readonly<BrowserSessionRow> {
  readonly id: string;
}

export interface BrowserSessionsDeps {
  store: Store;
  clock: Clock;
  randomBytes: RandomBytes;
}

export class BrowserSessions {
  readonly #deps: BrowserSessionsDeps;
  readonly #byHash = new Map<string, BrowserSession>();

  constructor(deps: BrowserSessionsDeps) {
    this.#deps = deps;
    for (const { key: id, value } of deps.store.list('browserSessions')) {
      this.#byHash.set(value.hash, { ...value, id });
    }
  }

  /** Those that have not expired, oldest first. */
  list(): BrowserSession[] {
    return [...this.#byHash.values()].filter(this.#lives).sort((a, b) => a.createdMs - b.createdMs);
  }

  /** `cookie` is its value, for the browser alone. */
  start(kind: BrowserSession['kind']): { session: BrowserSession; cookie: string } {
    const { store, clock, randomBytes } = this.#deps;
    this.#makeRoom();
    const cookie = newSecret(COOKIE_PREFIX, randomBytes);
    const createdMs = clock.nowMs();
    const row = { hash: hashOf(cookie), kind, createdMs, expiresMs: createdMs + SESSION_MS };
    const session = { ...row, id: newId(randomBytes) };
    store.put('browserSessions', session.id, row);
    this.#byHash.set(row.hash, session);
    return { session, cookie };
  }

  find(cookie: string): BrowserSession | null {
    if (!isSecret(cookie, COOKIE_PREFIX)) return null;
    const hash = hashOf(cookie);
    const session = this.#byHash.get(hash);
    return session !== undefined && sameHash(session.hash, hash) && this.#lives(session) ? session : null;
  }

  /** Whether a session of this id still lives. */
  has(id: string): boolean {
    return this.list().some((session) => session.id === id);
  }

  /** The ids of those that were ended; all with null. */
  end(id: string | null): string[] {
    const { store } = this.#deps;
    const ending = [...this.#byHash.values()].filter((session) => id === null || session.id === id);
    store.transaction(() => {
      for (const session of ending) store.delete('browserSessions', session.id);
    });
    for (const session of ending) this.#byHash.delete(session.hash);
    return ending.map((session) => session.id);
  }

  #makeRoom(): void {
    for (const session of this.#byHash.values()) if (!this.#lives(session)) this.end(session.id);
    const [oldest] = this.list();
    if (this.#byHash.size >= SESSIONS_MAX && oldest !== undefined) this.end(oldest.id);
  }

  readonly #lives = ({ expiresMs }: BrowserSession): boolean => this.#deps.clock.nowMs() < expiresMs;
}
