/**
 * A request passed on. Where an upstream breaks off, the rest of the answer is asked for by its text: of a text prompt
 * with the text so far behind it, of a chat where the endpoint can go on with a begun answer. What was sent stands, and
 * nothing comes twice. Where that cannot be, the answer ends with an honest error.
 */
import { isFilonError } from '@filon/core/errors';
import type { Chunk, CompletionRequest, ServedBy, Usage } from '@filon/core/serving/completion';
import { upstreamError } from '@filon/core/upstream/errors';
import { isFailure } from './health.ts';
import { TRIES_MAX } from './limits.ts';
import type { PlaceRequest, TextPlace } from './place.ts';

export interface PassingOnWanted {
  /** It must be able to go on with a chat's answer. */
  continuing: boolean;
  /** Something was sent already. */
  hasBegun: boolean;
}

export interface PassingOn {
  request: CompletionRequest;
  /** The best place that is up; null: none can, ever. */
  pick: (wanted: PassingOnWanted) => Promise<TextPlace | null>;
  /** Of a chat with one choice: the beginning of the answer, which somebody else has sent already. Absent: there is none. */
  begun?: string;
  /** Counted on as pieces come; begins with a guess of the prompt's tokens. */
  usage: Usage;
  /** Grows with each place. */
  servedBy: ServedBy[];
  onResume: () => void;
  signal: AbortSignal;
}

/** What was sent of one choice. */
interface Sent {
  text: string;
  tokens: number;
  /** Nothing but text. */
  plain: boolean;
  ended: boolean;
}

const NOBODY_LEFT: ReadonlySet<string> = new Set(['UPSTREAM_DOWN', 'SERVE_ROUTE_NONE']);

export function isNobodyLeft(error: unknown): boolean {
  return isFilonError(error) && NOBODY_LEFT.has(error.code);
}

export async function* passOn(plan: PassingOn): AsyncGenerator<Chunk> {
  const answer = new PassedOn(plan);
  const all = Array.from({ length: plan.request.choices }, (_, choice) => choice);
  const parts: number[][] = [all];
  let tries = 0;
  let last: unknown = null;
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    try {
      yield* answer.ask(part);
    } catch (error) {
      plan.signal.throwIfAborted();
      tries += 1;
      // That nobody is left says less than why the last one was left.
      if (last !== null && isNobodyLeft(error)) throw last;
      if (!isFailure(error) || tries >= TRIES_MAX) throw error;
      last = error;
      const { left, begun } = answer.left(part, error);
      parts.unshift(...(begun.length === 0 ? [left] : left.map((choice) => [choice])));
      if (begun.length > 0) plan.onResume();
      for (const choice of begun) yield { kind: 'pause', choice };
    }
  }
  yield { kind: 'usage', usage: { ...plan.usage }, servedBy: [...plan.servedBy] };
}

class PassedOn {
  readonly #plan: PassingOn;
  readonly #sent: Sent[];
  #promptKnown = false;

  constructor(plan: PassingOn) {
    this.#plan = plan;
    const fresh = (): Sent => ({ text: '', tokens: 0, plain: true, ended: false });
    this.#sent = Array.from({ length: plan.request.choices }, fresh);
    const [first] = this.#sent;
    if (first !== undefined) first.text = plan.begun ?? '';
  }

  /** The choices of one request: several that are all new, or one. */
  async *ask(choices: readonly number[]): AsyncGenerator<Chunk> {
    const { pick, servedBy, request, signal } = this.#plan;
    const [first = 0] = choices;
    const { text, tokens } = this.#of(first);
    if (text !== '' && request.maxTokens !== null && tokens >= request.maxTokens) {
      this.#of(first).ended = true;
      return yield { kind: 'end', choice: first, reason: 'length' };
    }
    const chat = request.prompt.kind === 'chat';
    const place = await pick({ continuing: chat && text !== '', hasBegun: text !== '' });
    if (place === null) throw this.#cut('no upstream of it can go on');
    if (place.servedBy !== null) servedBy.push(place.servedBy);
    // Blanks at the end are left out: templates drop them, and a token may begin with one.
    const begun = text.trimEnd();
    const owed = new Owed(text.slice(begun.length));
    const before = this.#plan.usage.completionTokens;
    for await (const chunk of place.complete(this.#request(choices, begun), { signal })) {
      if (chunk.kind === 'usage') {
        servedBy.push(...(chunk.servedBy ?? []));
        this.#count(chunk.usage, { before, continuing: text !== '' });
      } else if (chunk.kind === 'pause') continue;
      else {
        const shown = owed.taken({ ...chunk, choice: choices[chunk.choice] ?? first });
        if (shown === null) continue;
        this.#note(shown);
        yield shown;
      }
    }
  }

  /** What is still to be had, and which of it had begun. Codes: UPSTREAM_CUT. */
  left(choices: readonly number[], cause: unknown): { left: number[]; begun: number[] } {
    const left = choices.filter((choice) => !this.#of(choice).ended);
    const begun = left.filter((choice) => this.#of(choice).tokens > 0);
    for (const choice of begun) {
      const { plain, text } = this.#of(choice);
      const { prompt, format } = this.#plan.request;
      if (!plain || text === '') throw this.#cut('it had thought, or called a tool', cause);
      if (format.kind !== 'text') throw this.#cut('its form can only be held from its beginning', cause);
      if (prompt.kind === 'tokens')
        throw this.#cut('its prompt was tokens, which nobody here can read', cause);
    }
    return { left, begun };
  }

  #request(choices: readonly number[], begun: string): PlaceRequest {
    const { model: _, ...request } = this.#plan.request;
    const [first = 0] = choices;
    const { prompt, maxTokens, sampling } = request;
    const seed = sampling.seed === null ? null : sampling.seed + BigInt(first);
    const isText = prompt.kind === 'text';
    return {
      begun: isText ? '' : begun,
      request: {
        ...request,
        prompt: isText ? { kind: 'text', text: prompt.text + begun } : prompt,
        choices: choices.length,
        maxTokens: maxTokens === null ? null : maxTokens - this.#of(first).tokens,
        sampling: { ...sampling, seed },
      },
    };
  }

  #note(chunk: Exclude<Chunk, { kind: 'usage' }>): void {
    const sent = this.#of(chunk.choice);
    if (chunk.kind === 'end') sent.ended = true;
    if (chunk.kind === 'end' || chunk.kind === 'pause') return;
    const tokens = chunk.kind === 'delta' ? Math.max(1, chunk.logprobs.length) : 1;
    sent.tokens += tokens;
    this.#plan.usage.completionTokens += tokens;
    if (chunk.kind === 'delta') sent.text += chunk.text;
    else sent.plain = false;
    if (chunk.kind === 'reasoning') this.#plan.usage.reasoningTokens += 1;
  }

  /** What the endpoint says of its part, instead of what was counted of it. */
  #count(said: Usage, { before, continuing }: { before: number; continuing: boolean }): void {
    const { usage } = this.#plan;
    if (said.completionTokens > 0) {
      usage.completionTokens = before + said.completionTokens;
      usage.reasoningTokens = Math.min(
        usage.completionTokens,
        Math.max(usage.reasoningTokens, said.reasoningTokens),
      );
    }
    // The prompt of a continuation holds what was answered before.
    if (this.#promptKnown || continuing) return;
    this.#promptKnown = true;
    usage.promptTokens = said.promptTokens;
    usage.cachedTokens = said.cachedTokens;
  }

  #of(choice: number): Sent {
    return this.#sent[choice] ?? { text: '', tokens: 0, plain: true, ended: true };
  }

  #cut(why: string, cause?: unknown): Error {
    const { model } = this.#plan.request;
    const message = `the upstream of ${model} broke off in the middle of this answer, which cannot be gone on with: ${why}; ask again`;
    return upstreamError({ code: 'UPSTREAM_CUT', model, why }, message, cause);
  }
}

/** Blanks that were sent already, and that the rest of an answer may begin with once more. */
class Owed {
  #left: string;

  constructor(blanks: string) {
    this.#left = blanks;
  }

  /** null: nothing of it is new. */
  taken<C extends Exclude<Chunk, { kind: 'usage' }>>(chunk: C): C | null {
    if (this.#left === '') return chunk;
    if (chunk.kind !== 'delta') {
      this.#left = '';
      return chunk;
    }
    let same = 0;
    while (same < this.#left.length && same < chunk.text.length && this.#left[same] === chunk.text[same])
      same += 1;
    // Something else comes: the rest is not said again.
    this.#left = same === chunk.text.length ? this.#left.slice(same) : '';
    const text = chunk.text.slice(same);
    return text === '' && chunk.logprobs.length === 0 ? null : { ...chunk, text };
  }
}
