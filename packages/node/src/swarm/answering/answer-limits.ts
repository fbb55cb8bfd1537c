/**
 * What peers may have computed here, so that nobody's requests grow without limit: by node and by operator, since one
 * operator may have any number of nodes.
 */
import { FilonError } from '@filon/core/errors';
import type { PrivacyTier } from '@filon/core/serving/tier';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../../ports/clock.ts';
import { GUESTS_REMEMBERED_MAX } from './answer-constants.ts';
import { PlaceShares, type PlacesHeld } from './place-shares.ts';

export interface GuestRule {
  /** Sessions that hold a slot or wait for one; null: its share of the places, see `place-shares.ts`. */
  sessionsMax: number | null;
  /** Tokens that open sessions have read and may still generate. One session alone may always have what fits. */
  tokensMax: number;
  /** Read by sessions and embeddings. */
  promptTokensPerMinute: number;
  /** Messages that ask for something; long ones count for more. */
  callsPerMinute: number;
}

/** Of one node. An operator with all its nodes has {@link OPERATOR_SHARE} times as much. */
export type GuestRules = Readonly<Record<PrivacyTier, GuestRule>>;

export const DEFAULT_GUEST_RULES: GuestRules = {
  own: { sessionsMax: 64, tokensMax: 4_194_304, promptTokensPerMinute: 8_000_000, callsPerMinute: 12_000 },
  trusted: { sessionsMax: 16, tokensMax: 524_288, promptTokensPerMinute: 1_000_000, callsPerMinute: 2_400 },
  open: { sessionsMax: null, tokensMax: 65_536, promptTokensPerMinute: 120_000, callsPerMinute: 600 },
};
export const OPERATOR_SHARE = 3;

export interface Guest {
  node: KeyId;
  operator: KeyId;
  /** What it is to this node. */
  tier: PrivacyTier;
}

/** `limit`: the field of {@link GuestRule}. */
export type AnswerLimitDetails = {
  code: 'ANSWER_LIMIT';
  limit: keyof GuestRule;
  of: 'node' | 'operator';
  retryAfterSeconds: number;
};

interface Used {
  sessions: number;
  tokens: number;
  prompt: Meter;
  calls: Meter;
}

/** Runs out and fills up again within a minute. */
interface Meter {
  spent: number;
  atMs: number;
}

const MINUTE_MS = 60_000;
const BUSY_RETRY_SECONDS = 5;

export class AnswerLimits {
  readonly #clock: Clock;
  readonly #rules: GuestRules;
  readonly #used = new Map<string, Used>();
  readonly #shares: PlaceShares;

  /** `places`: sessions that are computed here together at most. */
  constructor(rules: GuestRules, { clock, places }: { clock: Clock; places: () => number }) {
    this.#rules = rules;
    this.#clock = clock;
    this.#shares = new PlaceShares({ clock, places });
  }

  /**
   * Sessions from the moment they wait for a slot until the permit is disposed of: as many as are wished for, or fewer.
   * Codes: ANSWER_LIMIT.
   */
  sit(guest: Guest, wished: number): PlacesHeld {
    if (wished === 0) return { sessions: 0, [Symbol.dispose]: () => undefined };
    if (this.#rules[guest.tier].sessionsMax === null) {
      const held = this.#shares.take(guest.operator, wished);
      if (held === null) throw refused('sessionsMax', 'operator', BUSY_RETRY_SECONDS);
      return held;
    }
    const left = this.#scopes(guest, 'sessionsMax').map(({ used, most }) => most - used.sessions);
    const sessions = Math.max(1, Math.min(wished, ...left));
    const held = this.#hold(guest, { field: 'sessions', limit: 'sessionsMax', amount: sessions });
    return { sessions, [Symbol.dispose]: () => held[Symbol.dispose]() };
  }

  /** As `sit`, of all that are wished for. Codes: ANSWER_LIMIT. */
  sitAll(guest: Guest, sessions: number): PlacesHeld {
    const held = this.sit(guest, sessions);
    if (held.sessions === sessions) return held;
    held[Symbol.dispose]();
    throw refused('sessionsMax', 'operator', BUSY_RETRY_SECONDS);
  }

  /** What a session read and may generate, until it is over. Codes: ANSWER_LIMIT. */
  open(guest: Guest, tokens: number): Disposable {
    return this.#hold(guest, { field: 'tokens', limit: 'tokensMax', amount: tokens });
  }

  /** That it had as much of one answer as it may. */
  beyond(limit: keyof GuestRule): FilonError<AnswerLimitDetails> {
    return refused(limit, 'node', BUSY_RETRY_SECONDS);
  }

  /** Codes: ANSWER_LIMIT. */
  spend(guest: Guest, what: 'prompt' | 'calls', amount: number): void {
    const limit = what === 'prompt' ? 'promptTokensPerMinute' : 'callsPerMinute';
    const scopes = this.#scopes(guest, limit);
    const nowMs = this.#clock.monotonicMs();
    for (const { used, most, of } of scopes) {
      const meter = used[what];
      const left = (most * (nowMs - meter.atMs)) / MINUTE_MS;
      meter.spent = Math.max(0, meter.spent - left);
      meter.atMs = nowMs;
      // A prompt longer than a minute's worth is let in when nothing was spent.
      if (meter.spent === 0 || meter.spent + amount <= most) continue;
      const waitMs = ((meter.spent + amount - most) * MINUTE_MS) / most;
      throw refused(limit, of, Math.ceil(waitMs / 1000));
    }
    for (const { used } of scopes) used[what].spent += amount;
  }

  #hold(
    guest: Guest,
    { field, limit, amount }: { field: 'sessions' | 'tokens'; limit: keyof GuestRule; amount: number },
  ): Disposable {
    const scopes = this.#scopes(guest, limit);
    for (const { used, most, of } of scopes) {
      const fits = used[field] + amount <= most || (field === 'tokens' && used.tokens === 0);
      if (!fits) throw refused(limit, of, BUSY_RETRY_SECONDS);
    }
    for (const { used } of scopes) used[field] += amount;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        for (const { used } of scopes) used[field] -= amount;
      },
    };
  }

  #scopes(
    { node, operator, tier }: Guest,
    limit: keyof GuestRule,
  ): { used: Used; most: number; of: 'node' | 'operator' }[] {
    const most = this.#rules[tier][limit] ?? Number.POSITIVE_INFINITY;
    return [
      { used: this.#of(`node ${node}`), most, of: 'node' },
      { used: this.#of(`operator ${operator}`), most: most * OPERATOR_SHARE, of: 'operator' },
    ];
  }

  #of(name: string): Used {
    const nowMs = this.#clock.monotonicMs();
    const meter = (): Meter => ({ spent: 0, atMs: nowMs });
    const used = this.#used.get(name) ?? { sessions: 0, tokens: 0, prompt: meter(), calls: meter() };
    this.#used.delete(name);
    this.#used.set(name, used);
    if (this.#used.size > GUESTS_REMEMBERED_MAX) this.#forgetOne();
    return used;
  }

  /** Who has something open is not forgotten. */
  #forgetOne(): void {
    for (const [name, { sessions, tokens }] of this.#used) {
      if (sessions > 0 || tokens > 0) continue;
      this.#used.delete(name);
      return;
    }
  }
}

function refused(
  limit: keyof GuestRule,
  of: 'node' | 'operator',
  retryAfterSeconds: number,
): FilonError<AnswerLimitDetails> {
  return new FilonError<AnswerLimitDetails>(
    { code: 'ANSWER_LIMIT', limit, of, retryAfterSeconds },
    `this ${of} has as much here as it may (${limit}); try again in about ${retryAfterSeconds} s, or ask another node`,
  );
}
