/**
 * The deaths of one device's worker, and whose they are: a model's where nothing else was at work, else the device's. It
 * counts and judges; it starts and ends nothing.
 */
/** Deaths in a row of the device without one answer between them, after which nothing starts the worker again. */
const BARREN_DEATHS_MAX = 5;
/** Deaths in a row during its load, after which a model is refused. */
const LOAD_DEATHS_MAX = 3;
/** Deaths in a row while it alone was answering, and had not brought one answer to its end, after which it is refused. */
const ANSWER_DEATHS_MAX = 5;
/** Wait before the next life, by how many lives in a row brought no answer. */
const BACK_OFF_MS = [0, 250, 500, 1_000, 2_000] as const;

export interface WorkerExit {
  /** Exit code or signal. */
  how: string;
  /** The last lines that it wrote. */
  lines: string[];
  /** Models whose load was under way. */
  loading: string[];
  /** Models that had sessions, or texts to embed or to tokenize. */
  answering: string[];
  /** Models that had brought a session or an embedding to its end. */
  answered: string[];
}

export interface Fault {
  during: 'load' | 'answer';
  deaths: number;
  exit: WorkerExit;
}

export class Deaths {
  total = 0;
  /** Lives in a row without an answer, but for those that ended in a load. */
  row = 0;
  last: WorkerExit = { how: '', lines: [], loading: [], answering: [], answered: [] };
  #barren = 0;
  readonly #duringLoad = new Map<string, Fault>();
  readonly #duringAnswer = new Map<string, Fault>();
  /** Models refused for their answers since the device last brought one. */
  #refused = 0;

  /** A worker that died again and again, whatever it did. */
  get hopeless(): boolean {
    // Two models that cannot answer, and none that can: it is the device after all.
    return this.#barren >= BARREN_DEATHS_MAX || this.#refused > 1;
  }

  get waitMs(): number {
    return BACK_OFF_MS[Math.min(this.row, BACK_OFF_MS.length - 1)] ?? 0;
  }

  /** Why this model is not tried again; null: it may be. */
  refusal(model: string): Fault | null {
    const load = this.#duringLoad.get(model);
    if (load !== undefined && load.deaths >= LOAD_DEATHS_MAX) return load;
    const answer = this.#duringAnswer.get(model);
    return answer !== undefined && answer.deaths >= ANSWER_DEATHS_MAX ? answer : null;
  }

  loaded(model: string): void {
    this.#duringLoad.delete(model);
  }

  record(exit: WorkerExit): void {
    this.total += 1;
    this.last = exit;
    for (const model of exit.answered) this.#duringAnswer.delete(model);
    if (exit.answered.length > 0) {
      this.row = 0;
      this.#barren = 0;
      this.#refused = 0;
    }
    const loads = exit.loading.length > 0;
    const [model, ...others] = loads ? exit.loading : exit.answering;
    if (model === undefined || others.length > 0) this.#ofDevice(exit);
    else if (loads) this.#ofLoad(model, exit);
    else if (!exit.answered.includes(model)) this.#ofAnswers(model, exit);
  }

  #ofLoad(model: string, exit: WorkerExit): void {
    const deaths = (this.#duringLoad.get(model)?.deaths ?? 0) + 1;
    this.#duringLoad.set(model, { during: 'load', deaths, exit });
  }

  #ofAnswers(model: string, exit: WorkerExit): void {
    this.row += 1;
    const deaths = (this.#duringAnswer.get(model)?.deaths ?? 0) + 1;
    this.#duringAnswer.set(model, { during: 'answer', deaths, exit });
    if (deaths < ANSWER_DEATHS_MAX) return;
    this.#refused += 1;
    // The others do not wait for what this one did.
    if (!this.hopeless) this.row = 0;
  }

  #ofDevice(exit: WorkerExit): void {
    if (exit.answered.length > 0) return;
    this.row += 1;
    this.#barren += 1;
  }
}
