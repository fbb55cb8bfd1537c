/** The template engine's interpreter with a look at every value that comes out of a step. */
import { Interpreter } from '@huggingface/jinja';
import { type Budget, OverrunError } from './budget.ts';
import { LIST_ITEMS_MAX, TEXT_CHARS_MAX } from './limits.ts';

/** A value of a template: its kind, and its content as JavaScript. */
interface TemplateValue {
  readonly type: string;
  readonly value: unknown;
}

/** What is used of the engine's class; its own declarations do not resolve as an ES module's. */
interface Evaluator {
  evaluate(statement: { readonly type: string } | undefined, environment: unknown): TemplateValue;
  run(program: unknown): TemplateValue;
}

const Base: new (environment: unknown) => Evaluator = Interpreter;

/** Statements whose text goes into the prompt as it is. */
const WRITING: ReadonlySet<string> = new Set(['Program', 'For', 'If', 'CallStatement', 'FilterStatement']);

export class BoundedInterpreter extends Base {
  readonly #budget: Budget;

  constructor(environment: unknown, budget: Budget) {
    super(environment);
    this.#budget = budget;
  }

  override evaluate(statement: { readonly type: string } | undefined, environment: unknown): TemplateValue {
    const result = super.evaluate(statement, environment);
    const { value } = result;
    let parts = 0;
    if (typeof value === 'string') {
      parts = value.length;
      if (parts > TEXT_CHARS_MAX) {
        throw new OverrunError(WRITING.has(statement?.type ?? '') ? 'output' : 'memory');
      }
    } else if (Array.isArray(value)) {
      parts = value.length;
      if (parts > LIST_ITEMS_MAX) throw new OverrunError('memory');
    }
    // A value that is only looked up costs little: a long one counts for a fraction.
    this.#budget.step(parts / 64);
    return result;
  }
}
