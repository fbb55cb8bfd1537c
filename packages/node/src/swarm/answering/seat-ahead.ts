/** What was asked together with a seat elsewhere, and what has come of it: seen from the side that asks. */
import { isDeepStrictEqual } from 'node:util';
import type { AskedAhead, SeatTell } from '@filon/core/answering/answer-messages';
import { PROMPT_BYTES_MAX, SEED_BYTES } from '@filon/core/answering/limits';
import { encodePrompt, type TextPrompt } from '@filon/core/answering/prompt-text';
import { type SessionRequest, sessionFrom, type TokenizedPrompt } from '@filon/core/serving/session';
import type { SeatAhead } from '../../ports/replicas.ts';
import { sharedSeed } from './shared-seed.ts';

/** What a session is, whatever it is called. */
export type Wanted = Omit<SessionRequest, 'session' | 'model' | 'scope'>;

type Seated = Extract<SeatTell, { kind: 'seated' }>;

export interface AheadDeps {
  randomBytes: (count: number) => Uint8Array;
  hideScope: (scope: string) => Uint8Array;
}

/** Session 0 there, if it was begun. */
export interface Begun {
  wanted: Wanted;
  scope: string;
}

export class AheadCalls {
  readonly #ahead: SeatAhead;
  readonly #nonce: Uint8Array | null;
  /** null: it is too long to be sent, and the call that asks for it says so. */
  readonly asked: AskedAhead | null;
  #tokens: Promise<TokenizedPrompt> | null = null;

  /** `isCommitted`: the far node has named the commitment of its secret, so it may hear the nonce. */
  constructor(ahead: SeatAhead, isCommitted: boolean, { randomBytes, hideScope }: AheadDeps) {
    this.#ahead = ahead;
    const { prompt, needsSeed, session } = ahead;
    this.#nonce = needsSeed && isCommitted ? randomBytes(SEED_BYTES) : null;
    const text = encodePrompt(prompt);
    const asked = session && { ...session, scope: hideScope(session.scope) };
    const fits = Buffer.byteLength(text) <= PROMPT_BYTES_MAX;
    this.asked = fits ? { prompt: text, nonce: this.#nonce, session: asked } : null;
  }

  /** The call for the prompt's tokens is under way. */
  expect(tokens: Promise<TokenizedPrompt>): void {
    tokens.catch(() => undefined);
    this.#tokens = tokens;
  }

  /** null: they were not asked ahead, or are taken. */
  takeTokens(prompt: TextPrompt): Promise<TokenizedPrompt> | null {
    const tokens = prompt === this.#ahead.prompt ? this.#tokens : null;
    if (tokens !== null) this.#tokens = null;
    return tokens;
  }

  /** null: no secret was told for it. */
  seed({ secret }: Seated): bigint | null {
    return secret === undefined || this.#nonce === null ? null : sharedSeed(secret, this.#nonce);
  }

  /** What the far node makes of the tokens as soon as it has them; null: no session. */
  begun(seated: Seated, tokens: Int32Array): Begun | null {
    const { session } = this.#ahead;
    const seed = session?.sampling.seed ?? this.seed(seated);
    if (session === null || seed === null || seated.slots === 0) return null;
    const wanted = sessionFrom(session, { tokens, contextTokens: seated.loaded.contextTokens, seed });
    return wanted && { wanted, scope: session.scope };
  }
}

export function isSame({ wanted, scope }: Begun, request: SessionRequest): boolean {
  const { session: _, model: __, scope: own = '', ...rest } = request;
  return own === scope && isDeepStrictEqual(rest, wanted);
}
