/**
 * The signs of one session at a seat elsewhere, in order and checked against what was asked: a peer can be wrong about
 * everything, but what it says has the shape of a session.
 */
import type { SessionRequest, SessionSign } from '@filon/core/serving/session';
import type { Clock } from '../../ports/clock.ts';
import { STUCK_FIRST_MS, STUCK_NEXT_MS, STUCK_PER_PROMPT_TOKEN_MS, STUCK_STEPS } from './answer-constants.ts';

const STEP_WEIGHT = 0.2;

export class SessionInbox {
  readonly #clock: Clock;
  readonly #request: SessionRequest;
  readonly #vocabTokens: number;
  #signs: SessionSign[] = [];
  #failure: { error: unknown } | null = null;
  #arrived = Promise.withResolvers<void>();
  #position: number;
  #ended = false;
  /** The prompt is in. */
  #isRead = false;
  #movedMs: number;
  #stepMs: number | null = null;

  constructor(request: SessionRequest, { clock, vocabTokens }: { clock: Clock; vocabTokens: number }) {
    this.#clock = clock;
    this.#request = request;
    this.#vocabTokens = vocabTokens;
    this.#position = request.tokens.length;
    this.#movedMs = clock.monotonicMs();
  }

  get waiting(): number {
    return this.#signs.length;
  }

  /** Whether its end was read or came as an error. */
  get isOver(): boolean {
    return this.#ended || this.#failure !== null;
  }

  /** Something of it was computed. */
  get isBegun(): boolean {
    return this.#isRead || this.#position > this.#request.tokens.length;
  }

  /** null, or what is wrong with it. */
  put(signs: readonly SessionSign[]): string | null {
    for (const sign of signs) {
      const fault = this.#check(sign);
      if (fault !== null) return fault;
      if (sign.kind !== 'waiting') this.#moved(sign.kind === 'token');
      this.#signs.push(sign);
    }
    this.#wake();
    return null;
  }

  /** What came before it is still read. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }

  /** null after the end. */
  async next(): Promise<SessionSign | null> {
    for (;;) {
      const sign = this.#signs.shift();
      if (sign !== undefined) return sign;
      if (this.#ended) return null;
      if (this.#failure !== null) throw this.#failure.error;
      await this.#arrived.promise;
    }
  }

  /** Signs of life came, and nothing that is one of work, for longer than the measured steps explain. */
  isStuck(): boolean {
    const { tokens } = this.#request;
    const limitMs =
      this.#stepMs === null
        ? STUCK_FIRST_MS + tokens.length * STUCK_PER_PROMPT_TOKEN_MS
        : Math.max(STUCK_NEXT_MS, this.#stepMs * STUCK_STEPS);
    return !this.isOver && this.#signs.length === 0 && this.#clock.monotonicMs() - this.#movedMs > limitMs;
  }

  #check(sign: SessionSign): string | null {
    if (this.#ended) return 'a sign after the end';
    switch (sign.kind) {
      case 'prefilled':
        return this.#checkRead(sign.cachedTokens);
      case 'token':
        return this.#checkToken(sign);
      case 'end':
        if (sign.stop !== undefined && !this.#request.stop.includes(sign.stop))
          return 'a stop string that it was not given';
        this.#ended = true;
        return null;
      case 'waiting':
        return null;
    }
  }

  #checkRead(cachedTokens: number): string | null {
    if (this.#isRead) return 'a prompt that was read twice';
    this.#isRead = true;
    return cachedTokens > this.#request.tokens.length ? 'more of the prompt than there is' : null;
  }

  #checkToken(sign: Extract<SessionSign, { kind: 'token' }>): string | null {
    const { promptTokens, maxTokens, topLogprobs } = this.#request;
    if (sign.logprob !== null && topLogprobs === null) return 'log-probabilities that nobody asked for';
    if (sign.position !== this.#position) return 'a token at a position that is not the next';
    if (sign.position - promptTokens >= maxTokens) return 'more tokens than were asked for';
    if (sign.token >= this.#vocabTokens) return 'a token that its model does not have';
    this.#position += 1;
    return null;
  }

  #moved(isToken: boolean): void {
    const nowMs = this.#clock.monotonicMs();
    const tookMs = nowMs - this.#movedMs;
    this.#movedMs = nowMs;
    if (isToken) this.#stepMs = (this.#stepMs ?? tookMs) * (1 - STEP_WEIGHT) + tookMs * STEP_WEIGHT;
  }

  #wake(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers<void>();
  }
}
