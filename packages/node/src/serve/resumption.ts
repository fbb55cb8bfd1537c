/** Answers that clients can take elsewhere: what is told of one here, and what is believed of one that comes. */
import { createHash } from 'node:crypto';
import { FilonError } from '@filon/core/errors';
import type { Chunk, CompletionRequest } from '@filon/core/serving/completion';
import type { DrawnToken, ResumeErrorDetails, ResumeStart, Resumption } from '@filon/core/serving/resumption';
import type { LoadedModel, SessionEvent } from '@filon/core/serving/session';
import type { RunEvent } from './run.ts';
import type { AnswerStart, Found } from './serving.ts';

type Mismatch = Extract<ResumeErrorDetails, { code: 'RESUME_MISMATCH' }>['what'];

const SHA_CHARS_MIN = 8;

/** `exact`: nobody of another numeric class may go on with it. */
export function startTold(start: AnswerStart, { exact }: { exact: boolean }): ResumeStart {
  const { model, tokens, maxTokens, seed, tier, numericClass } = start;
  return {
    ...{ model, prompt: hashOf(tokens), promptTokens: tokens.length, maxTokens, tier },
    seed: String(seed),
    numericClass: exact ? numericClass : null,
  };
}

/** Whether it is of the model that the request names: what its caller may ask was judged by that. Codes: RESUME_MISMATCH. */
export function checkModel({ name, sha256 }: Found, model: string): void {
  if (name === model || (model.length >= SHA_CHARS_MIN && sha256.startsWith(model))) return;
  throw mismatch('model', `${name} began the answer, and not ${model}`);
}

/**
 * Whether it can be of this request, which was prepared for this model. What only its client can know, the texts of its
 * tokens above all, is believed: whoever lies there is told the lie again. Returns how many tokens the answer may have.
 * Codes: RESUME_MISMATCH.
 */
export function checkResumption(
  { start, drawn }: Resumption,
  request: CompletionRequest,
  made: { tokens: Int32Array; maxTokens: number; loaded: LoadedModel },
): number {
  if (start.promptTokens !== made.tokens.length || start.prompt !== hashOf(made.tokens)) {
    throw mismatch('prompt', 'the answer was begun for another prompt, or other tools');
  }
  const { seed } = request.sampling;
  if (seed !== null && seed !== BigInt(start.seed))
    throw mismatch('seed', 'the answer was begun with another seed');
  const { vocabTokens } = made.loaded;
  const stranger = drawn.find(({ token }) => token >= vocabTokens);
  if (stranger !== undefined) {
    throw mismatch(
      'token',
      `there is no token ${stranger.token}: this model's tokens are 0 to ${vocabTokens - 1}`,
    );
  }
  const maxTokens = Math.min(start.maxTokens, made.maxTokens);
  if (drawn.length <= maxTokens) return maxTokens;
  throw mismatch('length', `it has ${drawn.length} tokens already, and may have ${maxTokens} here`);
}

/** What its session brought, as its driver heard it. */
export function eventsOf({ start, drawn }: Resumption): SessionEvent[] {
  if (drawn.length === 0) return [];
  const tokens = drawn.map(
    ({ token, text }, index): SessionEvent => ({
      ...{ kind: 'token', position: start.promptTokens + index, token, text, logprob: null },
    }),
  );
  return [{ kind: 'prefilled', cachedTokens: 0 }, ...tokens];
}

/** Puts the tokens of a resumable answer before the chunks that they make: where these are, those are too. */
export class DrawnTokens {
  #fresh: DrawnToken[] = [];
  #before = 0;

  async *heard(events: AsyncIterable<RunEvent>): AsyncGenerator<RunEvent> {
    for await (const event of events) {
      if (event.kind === 'token') this.#fresh.push({ token: event.token, text: event.text });
      yield event;
    }
  }

  async *told(start: ResumeStart, chunks: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
    yield { kind: 'begun', choice: 0, start };
    for await (const chunk of chunks) {
      // Where pauses fall is no property of the answer, and where tokens are told is one.
      if (chunk.kind !== 'pause' && this.#fresh.length > 0) {
        const tokens = this.#fresh;
        this.#fresh = [];
        yield { kind: 'drawn', choice: 0, from: this.#before, tokens };
        this.#before += tokens.length;
      }
      yield chunk;
    }
  }
}

function hashOf(tokens: Int32Array): string {
  const bytes = new DataView(new ArrayBuffer(4 * tokens.length));
  for (const [index, token] of tokens.entries()) bytes.setInt32(4 * index, token, true);
  return createHash('sha256').update(bytes).digest('hex');
}

function mismatch(what: Mismatch, why: string): FilonError<ResumeErrorDetails> {
  const message = `this answer cannot be gone on with here: ${why}; ask again`;
  return new FilonError<ResumeErrorDetails>({ code: 'RESUME_MISMATCH', what }, message);
}
