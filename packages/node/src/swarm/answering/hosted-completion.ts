/** One request of a peer that an upstream of this node answers: a channel, from its first message to its end. */

import { orAborted } from '@filon/core/abort';
import {
  type CompletionAsk,
  type CompletionTell,
  completionAsks,
  completionTells,
} from '@filon/core/answering/completion-messages';
import type { CompletionChunk } from '@filon/core/answering/completion-schemas';
import { FilonError } from '@filon/core/errors';
import type { Prompt, Usage } from '@filon/core/serving/completion';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Channel } from '../../ports/network.ts';
import type { GuestSeats } from '../../ports/replicas.ts';
import {
  BEAT_MS,
  CALL_BYTES,
  CHARACTERS_PER_TOKEN,
  PIECES_MAX,
  SEAT_IDLE_MS,
  SEND_STALL_MS,
} from './answer-constants.ts';
import { type AnswerErrorDetails, left, misused } from './answer-errors.ts';
import type { AnswerLimits, Guest } from './answer-limits.ts';
import { piecesOf } from './chunk-pieces.ts';

export interface HostedCompletionDeps {
  clock: Clock;
  log: Log;
  seats: Pick<GuestSeats, 'complete'>;
  limits: AnswerLimits;
  guest: Guest;
}

export class HostedCompletion {
  readonly #channel: Channel;
  readonly #deps: HostedCompletionDeps;
  readonly #life = new AbortController();
  readonly #asked = Promise.withResolvers<CompletionAsk>();
  #isAsked = false;
  /** Since when a message is under way; null: none is. */
  #sendingMs: number | null = null;
  #saidMs: number;

  constructor(channel: Channel, deps: HostedCompletionDeps) {
    this.#channel = channel;
    this.#deps = deps;
    this.#saidMs = deps.clock.monotonicMs();
  }

  /** Resolves when nothing of it runs here any more: with null when all was said, else with the reason. */
  async run(): Promise<unknown> {
    const { signal } = this.#life;
    const end = (error: unknown): void => this.#life.abort(error);
    this.#read().then(() => end(left()), end);
    this.#watch().catch(end);
    try {
      await this.#answer(await orAborted(this.#asked.promise, signal));
      return null;
    } catch (error) {
      return signal.aborted ? signal.reason : error;
    } finally {
      end(left());
    }
  }

  /** Resolves when the peer has left. */
  async #read(): Promise<void> {
    const { limits, guest } = this.#deps;
    for await (const frame of this.#channel.frames) {
      limits.spend(guest, 'calls', Math.ceil(frame.length / CALL_BYTES));
      if (this.#isAsked) throw misused('it asked twice on one channel');
      this.#isAsked = true;
      this.#asked.resolve(completionAsks.decode(frame));
    }
  }

  async #answer({ model, reach, wanted }: CompletionAsk): Promise<void> {
    const { seats, limits, guest } = this.#deps;
    const { signal } = this.#life;
    const { request, begun } = wanted;
    const { choices, maxTokens, prompt } = request;
    if (seats.complete === undefined) throw noUpstreams(model);
    const promptTokens = tokensGuess(prompt, begun);
    using _sits = limits.sitAll(guest, choices);
    using _holds = limits.open(guest, promptTokens + choices * (maxTokens ?? PIECES_MAX));
    limits.spend(guest, 'prompt', promptTokens);
    const onQueued = (place: { position: number; estimateMs: number }): void => {
      void this.#say({ kind: 'queued', ...place }).catch((error: unknown) => this.#life.abort(error));
    };
    let usage: Usage | null = null;
    let pieces = 0;
    const asked = { model, reach, request, begun, guest: guest.tier };
    for await (const chunk of seats.complete(asked, { signal, onQueued })) {
      if (chunk.kind === 'usage') usage = chunk.usage;
      if (chunk.kind === 'usage' || chunk.kind === 'pause') continue;
      pieces += chunk.kind === 'end' ? 0 : 1;
      if (pieces > choices * (maxTokens ?? PIECES_MAX)) throw limits.beyond('tokensMax');
      await this.#pass(chunk);
    }
    await this.#say({ kind: 'done', usage });
  }

  async #pass(chunk: CompletionChunk): Promise<void> {
    for (const chunks of piecesOf(chunk)) await this.#say({ kind: 'chunks', chunks });
  }

  /** Resolves when more may follow: a peer that reads slowly holds the upstream up. */
  async #say(tell: CompletionTell): Promise<void> {
    const { clock } = this.#deps;
    this.#sendingMs ??= clock.monotonicMs();
    try {
      await this.#channel.send(completionTells.encode(tell), { signal: this.#life.signal });
    } finally {
      this.#sendingMs = null;
      this.#saidMs = clock.monotonicMs();
    }
  }

  /** Says that it is there, and gives up a peer that asks nothing, or takes nothing. */
  async #watch(): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#life;
    const startMs = clock.monotonicMs();
    for (;;) {
      await clock.sleep(BEAT_MS, { signal });
      const nowMs = clock.monotonicMs();
      if (!this.#isAsked && nowMs - startMs > SEAT_IDLE_MS) throw idle();
      if (this.#sendingMs !== null && nowMs - this.#sendingMs > SEND_STALL_MS) {
        this.#channel.abort();
        throw misused('it takes nothing that is sent to it');
      }
      if (this.#sendingMs === null && nowMs - this.#saidMs >= BEAT_MS / 2) {
        this.#say({ kind: 'beat' }).catch((error: unknown) => this.#life.abort(error));
      }
    }
  }
}

/** Nobody here can count them. */
function tokensGuess(prompt: Prompt, begun: string): number {
  if (prompt.kind === 'tokens') return prompt.tokens.length;
  const text = prompt.kind === 'text' ? prompt.text : JSON.stringify(prompt);
  return Math.ceil((text.length + begun.length) / CHARACTERS_PER_TOKEN);
}

function noUpstreams(model: string): FilonError {
  const message = 'this node has no upstream of that name for the peer';
  return new FilonError({ code: 'SERVE_MODEL_NOT_READY', model }, message);
}

function idle(): FilonError<AnswerErrorDetails> {
  return new FilonError<AnswerErrorDetails>({ code: 'ANSWER_IDLE' }, 'nothing was asked on this channel');
}
