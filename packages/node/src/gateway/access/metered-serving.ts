/** Serving within the limits of one key: its models, its budget, and everything that it uses counted. */
import { FilonError } from '@filon/core/errors';
import type { CompletionRequest, Prompt } from '@filon/core/serving/completion';
import { tierAllows } from '@filon/core/serving/tier';
import type { Key } from '../../access/keys.ts';
import type { Hold, Meter } from '../../access/meter.ts';
import type { Log } from '../../ports/log.ts';
import type {
  Answer,
  AnswerStart,
  CompleteOptions,
  ServedModel,
  Serving,
  ServingStats,
} from '../../serve/serving.ts';
import { MeteredChunks } from './metered-chunks.ts';

export interface MeteredServingDeps {
  serving: Serving;
  meter: Meter;
  log: Log;
  /** Tokens that one answer may come to where the request does not say. */
  answerTokensMax: number;
}

export class MeteredServing implements Serving {
  readonly #key: Key;
  readonly #deps: MeteredServingDeps;

  constructor(key: Key, deps: MeteredServingDeps) {
    this.#key = key;
    this.#deps = deps;
  }

  /** Codes, beside those of serving: ACCESS_BUDGET, ACCESS_BUDGET_HELD. */
  async complete(request: CompletionRequest, options: CompleteOptions): Promise<Answer> {
    const { meter, log, answerTokensMax } = this.#deps;
    await this.#allow(request.model);
    const each = Math.min(request.maxTokens ?? answerTokensMax, answerTokensMax);
    const hold = meter.hold(this.#key, each * request.choices);
    try {
      const answer = await this.#begin(request, { hold, each }, options);
      const { choices } = request;
      const onLost = (error: unknown): void => log.error('access.usage-lost', { id: this.#key.id, error });
      const chunks = new MeteredChunks(answer, { hold, choices, signal: options.signal, onLost });
      return { ...answer, chunks };
    } catch (error) {
      hold.release();
      throw error;
    }
  }

  /** What estimates fall short of can pass the budget. Codes, beside those of serving: as complete. */
  async embed(...[request, options]: Parameters<Serving['embed']>): ReturnType<Serving['embed']> {
    await this.#allow(request.model);
    const hold = this.#deps.meter.hold(this.#key, estimatedTokens(request.inputs));
    const used = (promptTokens: number): void =>
      hold.settle({ promptTokens, cachedTokens: 0, completionTokens: 0 });
    let begun = false;
    const onBegun = (): void => {
      begun = true;
      options.onBegun?.();
    };
    try {
      const made = await this.#deps.serving.embed(request, { ...options, onBegun });
      used(made.promptTokens);
      return made;
    } catch (error) {
      if (begun) used(hold.tokens);
      throw error;
    } finally {
      hold.release();
    }
  }

  async countTokens(...[request, options]: Parameters<Serving['countTokens']>): Promise<number> {
    await this.#allow(request.model);
    return await this.#deps.serving.countTokens(request, options);
  }

  async models(): Promise<ServedModel[]> {
    const stored = await this.#deps.serving.models();
    const { models, tier } = this.#key;
    return stored.filter(
      ({ name, elsewhere = 'own' }) => (models?.includes(name) ?? true) && tierAllows(tier, elsewhere),
    );
  }

  readiness(): ReturnType<Serving['readiness']> {
    return this.#deps.serving.readiness();
  }

  stats(): ServingStats {
    return this.#deps.serving.stats();
  }

  /**
   * How many tokens the prompt has is known when the request was admitted and nothing is computed yet. Where they leave
   * less than was held for the answer, it is asked for again with what there is.
   */
  async #begin(
    request: CompletionRequest,
    { hold, each }: { hold: Hold; each: number },
    options: CompleteOptions,
  ): Promise<Answer> {
    const { serving } = this.#deps;
    const { choices } = request;
    const first = this.#share(hold.tokens, choices);
    const asked = first < each ? { ...request, maxTokens: first } : request;
    const { recorder } = options;
    let start: AnswerStart | null = null;
    const begun = (settled: AnswerStart): void => {
      start = settled;
    };
    // Of an answer that is given up nobody hears.
    const trial = recorder && { begun, event: recorder.event.bind(recorder) };
    const answer = await serving.complete(asked, trial ? { ...options, recorder: trial } : options);
    const { promptTokens } = answer.usage;
    const room = hold.room - promptTokens;
    if (room >= first * choices) {
      hold.resize(promptTokens + first * choices);
      if (start !== null) recorder?.begun(start);
      return answer;
    }
    await answer.chunks[Symbol.asyncIterator]().return?.();
    const second = this.#share(room, choices);
    hold.resize(promptTokens + second * choices);
    return await serving.complete({ ...request, maxTokens: second }, options);
  }

  #share(tokens: number, choices: number): number {
    const each = Math.floor(tokens / choices);
    if (each < 1) throw this.#deps.meter.spent(this.#key);
    return each;
  }

  /** A model that the key may not use is one that is not there. Code: SERVE_MODEL_UNKNOWN. */
  async #allow(model: string): Promise<void> {
    const { models } = this.#key;
    if (models === null || models.includes(model)) return;
    const usable = await this.models();
    if (usable.some(({ sha256 }) => model.length >= SHA_CHARS_MIN && sha256.startsWith(model))) return;
    const message = `there is no model '${model}' on this node; filon ls lists what there is`;
    throw new FilonError({ code: 'SERVE_MODEL_UNKNOWN', model }, message);
  }
}

/** Before anything is tokenized; at least one. Of text: half its bytes. */
function estimatedTokens(inputs: readonly Prompt[]): number {
  const each = inputs.map((input) => {
    if (input.kind === 'tokens') return input.tokens.length;
    const text = input.kind === 'text' ? input.text : JSON.stringify(input);
    return Math.ceil(Buffer.byteLength(text) / 2);
  });
  return Math.max(
    1,
    each.reduce((sum, tokens) => sum + tokens, 0),
  );
}

/** The least of a hash that stands for a model here. */
const SHA_CHARS_MIN = 8;
