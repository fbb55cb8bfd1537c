import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../adapters/memory/clock.ts';
import { createMemoryStore } from '../adapters/memory/store.ts';
import { Attempts } from './access.ts';
import { BrowserSessions } from './browser-sessions.ts';
import {
  ATTEMPTS_PER_MINUTE,
  LOGIN_CODE_MS,
  LOGIN_CODES_MAX,
  PAIRING_CODE_MS,
  PAIRING_TRIES_MAX,
  SESSION_MS,
  SESSIONS_MAX,
} from './limits.ts';
import { LoginCodes, PairingCode } from './one-time-codes.ts';

function open() {
  const deps = { store: createMemoryStore(), clock: createManualClock(), randomBytes };
  return {
    ...deps,
    logins: new LoginCodes(deps),
    pairing: new PairingCode(deps),
    sessions: new BrowserSessions(deps),
    reopened: () => new BrowserSessions(deps),
  };
}

describe('a login code', () => {
  test('lets one in, once, and not for long', () => {
    const { clock, logins } = open();
    const [first, second] = [logins.create(), logins.create()];
    expect(first.expiresMs).toBe(clock.nowMs() + LOGIN_CODE_MS);
    expect(logins.redeem(first.code)).toBe(true);
    expect(logins.redeem(first.code)).toBe(false);
    expect(logins.redeem('')).toBe(false);
    clock.advance(LOGIN_CODE_MS);
    expect(logins.redeem(second.code)).toBe(false);
  });

  test('is forgotten for newer ones', () => {
    const { logins } = open();
    const codes = Array.from({ length: LOGIN_CODES_MAX + 1 }, () => logins.create().code);
    expect(codes.map((code) => logins.redeem(code))).toEqual([false, ...codes.slice(1).map(() => true)]);
  });
});

describe('a pairing code', () => {
  test('is taken as people type it, once', () => {
    const { pairing } = open();
    const { code } = pairing.create();
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    const typed = ` ${code.toLowerCase().replace('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `;
    expect(pairing.redeem(typed)).toBe(true);
    expect(pairing.redeem(code)).toBe(false);
  });

  test('is void after so many wrong tries, its time, or a newer one', () => {
    const { clock, pairing } = open();
    const tried = pairing.create().code;
    for (let wrong = 0; wrong < PAIRING_TRIES_MAX; wrong++) expect(pairing.redeem('ZZZZ-ZZZ')).toBe(false);
    expect(pairing.redeem(tried)).toBe(false);
    const late = pairing.create().code;
    clock.advance(PAIRING_CODE_MS);
    expect(pairing.redeem(late)).toBe(false);
    const old = pairing.create().code;
    const { code } = pairing.create();
    expect(pairing.redeem(old)).toBe(old === code);
    expect(pairing.redeem(code)).toBe(true);
  });

  test('survives one try less', () => {
    const { pairing } = open();
    const { code } = pairing.create();
    for (let wrong = 1; wrong < PAIRING_TRIES_MAX; wrong++) expect(pairing.redeem('nothing')).toBe(false);
    expect(pairing.redeem(code)).toBe(true);
  });
});

describe('a browser session', () => {
  test('is found by its cookie, also after a restart, until it ends', () => {
    const { clock, sessions, reopened, store } = open();
    const { session, cookie } = sessions.start('login');
    expect(sessions.find(cookie)).toEqual(session);
    expect(reopened().find(cookie)).toEqual(session);
    expect(sessions.find(cookie.slice(0, -1))).toBeNull();
    expect(JSON.stringify(store.list('browserSessions'))).not.toContain(cookie.slice(3, 20));
    clock.advance(SESSION_MS);
    expect(sessions.find(cookie)).toBeNull();
    expect(reopened().list()).toEqual([]);
  });

  test('can be ended alone, and with all others', () => {
    const { sessions, reopened } = open();
    const [a, b, c] = [sessions.start('login'), sessions.start('pairing'), sessions.start('login')];
    expect(sessions.end(a.session.id)).toEqual([a.session.id]);
    expect(sessions.end('nobody')).toEqual([]);
    expect(sessions.find(a.cookie)).toBeNull();
    expect(sessions.find(b.cookie)?.kind).toBe('pairing');
    expect(sessions.end(null)).toHaveLength(2);
    expect([sessions.find(b.cookie), reopened().find(c.cookie)]).toEqual([null, null]);
  });

  test('makes room for a new one', () => {
    const { clock, sessions } = open();
    const first = sessions.start('pairing');
    for (let more = 0; more < SESSIONS_MAX; more++) {
      clock.advance(1);
      sessions.start('pairing');
    }
    expect(sessions.find(first.cookie)).toBeNull();
    expect(sessions.list()).toHaveLength(SESSIONS_MAX);
  });
});

test('wrong tries are counted by address, and by the network that an IPv6 address is in', () => {
  const clock = createManualClock();
  const attempts = new Attempts(clock);
  for (let wrong = 0; wrong < ATTEMPTS_PER_MINUTE; wrong++) {
    expect(attempts.failed(`2001:db8:1:2::${wrong}`)).toBe(0);
    expect(attempts.failed('192.0.2.1')).toBe(0);
  }
  expect(attempts.failed('2001:db8:1:2:ffff:0:0:1')).toBeGreaterThan(0);
  expect(attempts.failed('2001:db8:1:3::1')).toBe(0);
  expect(attempts.failed('192.0.2.1')).toBeGreaterThan(0);
  expect(attempts.failed('192.0.2.2')).toBe(0);
  clock.advance(60_000);
  expect(attempts.failed('192.0.2.1')).toBe(0);
});
