/**
 * Grammars for answers that must be calls: nothing else can be written, and the arguments satisfy the tool's schema. The
 * text of such an answer is what the parser of the same dialect takes apart.
 */
import { FilonError, isFilonError } from '../errors.ts';
import { choice, type Expr, printRules, repeat, rule, sequence, text } from '../schema/gbnf.ts';
import { createGrammarBuilder, type GrammarBuilder } from '../schema/grammar-builder.ts';
import { openSchema } from '../schema/json-schema-to-gbnf.ts';
import type { AnswerFormat, Tool } from '../serving/completion.ts';
import type { Dialect, ReasoningMarks, ToolFormat } from './dialect.ts';
import type { DialectErrorDetails } from './errors.ts';
import { CALLS_MAX } from './limits.ts';
import { textWithout } from './text-until.ts';
import { xmlParameters } from './xml-parameters.ts';

export interface ToolGrammarRequest {
  /** Those that may be called: all that are offered, or the named one. */
  tools: readonly Tool[];
  /** More than one call in the answer. */
  parallel: boolean;
  /** What may be written instead of a call; nothing when absent. */
  orElse?: Exclude<AnswerFormat, { kind: 'text' }>;
}

/** Errors: DIALECT_PARAMETERS_UNSUPPORTED, and those of schema/errors.ts for `orElse`. */
export function toolGrammar({ toolFormat }: Dialect, request: ToolGrammarRequest): string {
  const builder = createGrammarBuilder();
  const one = choice(...request.tools.map((tool) => guarded(tool, () => callOf(toolFormat, tool, builder))));
  const calls = callsOf(toolFormat, builder.define('call', one), request.parallel);
  const { orElse } = request;
  if (orElse === undefined) return finished(builder, calls, request.tools);
  const other =
    orElse.kind === 'json'
      ? rule('object')
      : openSchema(orElse.schema, builder)({ schema: orElse.schema, pointer: '' });
  return finished(builder, choice(calls, other), request.tools);
}

/** `grammar` after the end of a thought that the prompt began. */
export function afterReasoning(grammar: string, { close }: ReasoningMarks): string {
  const { rules, first } = textWithout(close, 'thought');
  const start = sequence(rule(first), text(close), repeat(text('\n'), 0, 2), rule('answer'));
  return printRules(new Map([['root', start], ...rules])) + grammar.replace(/^root ::= /m, 'answer ::= ');
}

function callOf(format: ToolFormat, tool: Tool, builder: GrammarBuilder): Expr {
  const { name } = tool;
  if (format === 'qwen-xml') {
    const parameters = xmlParameters(tool, builder);
    return sequence(text(`<tool_call>\n<function=${name}>\n`), parameters, text('</function>\n</tool_call>'));
  }
  const schema = { type: 'object', ...tool.parameters };
  const given = openSchema(schema, builder)({ schema, pointer: '' });
  switch (format) {
    case 'mistral-args':
      return sequence(text(`[TOOL_CALLS]${name}[ARGS]`), given);
    // The arguments in plain JSON: the schema's grammar is one for JSON, and the parser takes both.
    case 'gemma':
      return sequence(text(`<|tool_call>call:${name}`), given, text('<tool_call|>'));
    case 'function-gemma':
      return sequence(text(`<start_function_call>call:${name}`), given, text('<end_function_call>'));
    default: {
      const key = format === 'llama3' ? 'parameters' : 'arguments';
      const object = sequence(text(`{"name": "${name}", "${key}": `), given, text('}'));
      return format === 'hermes' ? sequence(text('<tool_call>\n'), object, text('\n</tool_call>')) : object;
    }
  }
}

function callsOf(format: ToolFormat, call: Expr, parallel: boolean): Expr {
  // Llama 3 was taught to make one call at a time.
  const more = parallel && format !== 'llama3' ? CALLS_MAX - 1 : 0;
  const list = sequence(call, repeat(sequence(text(between(format)), call), 0, more));
  return format === 'mistral' ? sequence(text('[TOOL_CALLS]['), list, text(']')) : list;
}

function between(format: ToolFormat): string {
  if (format === 'mistral') return ', ';
  return format === 'hermes' || format === 'qwen-xml' || format === 'json' ? '\n' : '';
}

function guarded<T>({ name }: Pick<Tool, 'name'>, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (!isFilonError(cause)) throw cause;
    throw new FilonError<DialectErrorDetails>(
      { code: 'DIALECT_PARAMETERS_UNSUPPORTED', tool: name, reason: cause.code },
      `A call of tool '${name}' cannot be enforced. ${cause.message} Change its parameters, or use tool_choice auto.`,
      { cause },
    );
  }
}

/** The whole may be too large though each part is not. */
function finished(builder: GrammarBuilder, root: Expr, tools: readonly Tool[]): string {
  return guarded({ name: tools.map(({ name }) => name).join(', ') }, () => builder.finish(root));
}
