/**
 * A trainer in this process: a table of bigrams that learns by plain gradient descent, for tests of what is around a
 * training. It loses, saves and diverges as a real one does; it knows neither bases nor documents.
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { FilonError } from '@filon/core/errors';
import { batchFault, type TrainingBatch } from '@filon/core/training/batch';
import type { StepRequest, StepResult, TrainingFacts, TrainingSpec } from '@filon/core/training/session';
import type { Lease, Rig } from '../../ports/rig.ts';
import type { Trainer, TrainingSession } from '../../ports/trainer.ts';

export function createMemoryTrainer({ rig }: { rig: Rig }): Trainer {
  return {
    devices: (options) => rig.cards(options),
    open: async (spec, options) => {
      const { model } = spec;
      if (model.kind !== 'fresh')
        throw new FilonError(
          { code: 'TRAIN_MODEL_UNSUPPORTED', file: model.path, reason: 'a table has no base' },
          `${model.path} cannot be trained here: a table has no base`,
        );
      const lease = await rig.lease(spec.device, 'train', options);
      return new TableSession(spec, { vocabulary: model.model.vocabulary, lease });
    },
  };
}

interface State {
  updates: number;
  values: number[];
}

class TableSession implements TrainingSession {
  readonly #spec: TrainingSpec;
  readonly #vocabulary: number;
  readonly #lease: Lease;
  #state: State;

  constructor(spec: TrainingSpec, { vocabulary, lease }: { vocabulary: number; lease: Lease }) {
    this.#spec = spec;
    this.#vocabulary = vocabulary;
    this.#lease = lease;
    this.#state = { updates: 0, values: new Array<number>(vocabulary * vocabulary).fill(0) };
  }

  get facts(): TrainingFacts {
    const parameters = this.#state.values.length;
    return {
      ...{ parameters, trainedParameters: parameters, vocabularySize: this.#vocabulary, precision: 'f32' },
      ...{ stateBytes: parameters * 8, stepBytes: parameters * 8, numericClass: 'table' },
      updates: this.#state.updates,
    };
  }

  get revoked(): AbortSignal {
    return this.#lease.revoked;
  }

  async step({ batches, values }: StepRequest): Promise<StepResult> {
    const gradient = new Map<number, number>();
    const { sum, tokens } = this.#pass(batches, (at, slope) =>
      gradient.set(at, (gradient.get(at) ?? 0) + slope),
    );
    const loss = sum / Math.max(tokens, 1);
    const norm = Math.hypot(...gradient.values()) / Math.max(tokens, 1);
    if (!Number.isFinite(loss) || !Number.isFinite(norm))
      throw notFinite(this.#state.updates + 1, loss, norm);
    const shortened = values.clipNorm > 0 && norm > values.clipNorm ? values.clipNorm / norm : 1;
    const rate = (values.learningRate * shortened) / Math.max(tokens, 1);
    for (const [at, slope] of gradient) this.#state.values[at] = (this.#state.values[at] ?? 0) - rate * slope;
    this.#state.updates += 1;
    return { loss, gradientNorm: norm, tokens };
  }

  async evaluate(batch: TrainingBatch): Promise<{ loss: number; tokens: number }> {
    const { sum, tokens } = this.#pass([batch], () => {});
    return { loss: sum / Math.max(tokens, 1), tokens };
  }

  async save(path: string): Promise<{ sha256: string; bytes: number }> {
    const text = JSON.stringify(this.#state);
    await writeFile(path, text);
    return { sha256: createHash('sha256').update(text).digest('hex'), bytes: text.length };
  }

  async restore(path: string): Promise<TrainingFacts> {
    const state = stateIn(await readFile(path, 'utf8'));
    if (state?.values.length !== this.#state.values.length)
      throw new FilonError(
        { code: 'TRAIN_STATE_INVALID', file: path, reason: 'it is no table' },
        `${path} is no state`,
      );
    this.#state = state;
    return this.facts;
  }

  async export({
    path,
    metadata,
  }: {
    path: string;
    metadata: Readonly<Record<string, string>>;
  }): Promise<void> {
    await writeFile(path, JSON.stringify({ metadata, ...this.#state }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lease[Symbol.asyncDispose]();
  }

  /** The losses added up, and the slope at each place that has one. */
  #pass(
    batches: readonly TrainingBatch[],
    onSlope: (at: number, slope: number) => void,
  ): { sum: number; tokens: number } {
    let sum = 0;
    let tokens = 0;
    for (const batch of batches) {
      this.#check(batch);
      for (const [place, target] of batch.targets.entries()) {
        if (target < 0) continue;
        const from = (batch.tokens[place] ?? 0) * this.#vocabulary;
        const shares = softmax(this.#state.values.slice(from, from + this.#vocabulary));
        sum -= Math.log(shares[target] ?? 0);
        tokens += 1;
        for (const [to, share] of shares.entries()) onSlope(from + to, share - (to === target ? 1 : 0));
      }
    }
    return { sum, tokens };
  }

  #check(batch: TrainingBatch): void {
    const { sequences, length } = this.#spec;
    const isShape = batch.sequences === sequences && batch.length === length;
    const reason = isShape ? batchFault(batch, this.#vocabulary) : 'it has another shape';
    if (reason === null) return;
    throw new FilonError({ code: 'TRAIN_BATCH_INVALID', reason }, `a training batch is no good: ${reason}`);
  }
}

function softmax(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const shares = logits.map((logit) => Math.exp(logit - most));
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => share / sum);
}

function stateIn(text: string): State | null {
  try {
    const state: Partial<State> = JSON.parse(text);
    return Array.isArray(state.values) && Number.isInteger(state.updates) ? (state as State) : null;
  } catch {
    return null;
  }
}

function notFinite(update: number, loss: number, gradientNorm: number): FilonError {
  return new FilonError(
    { code: 'TRAIN_NOT_FINITE', update, loss: String(loss), gradientNorm: String(gradientNorm) },
    `update ${update} has loss ${loss}`,
  );
}
