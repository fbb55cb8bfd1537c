/** Arguments between marks of their own, as Qwen3-Coder writes them; see read/xml-arguments.ts for the way back. */
import { type Expr, NOTHING, optional, rule, sequence, text } from '../schema/gbnf.ts';
import type { GrammarBuilder } from '../schema/grammar-builder.ts';
import { isObject } from '../schema/json.ts';
import { openSchema } from '../schema/json-schema-to-gbnf.ts';
import { invalid, unsupported } from '../schema/refuse.ts';
import type { Tool } from '../serving/completion.ts';
import { parameterKind } from './parameter-kind.ts';
import { textWithout } from './text-until.ts';

const COMBINING: readonly string[] = ['$ref', 'allOf', 'anyOf', 'oneOf', 'enum', 'const'];
const CLOSE = '</parameter>';

/** Errors: those of schema/errors.ts. */
export function xmlParameters({ parameters }: Tool, builder: GrammarBuilder): Expr {
  for (const keyword of COMBINING) {
    if (Object.hasOwn(parameters, keyword))
      throw unsupported('', keyword, 'This model writes parameters one by one');
  }
  const { properties = {}, required = [] } = parameters;
  if (!isObject(properties)) throw invalid('/properties', 'properties must be an object');
  if (!Array.isArray(required)) throw invalid('/required', 'required must be a list of names');
  for (const name of required) {
    if (typeof name === 'string' && Object.hasOwn(properties, name)) continue;
    throw invalid('/required', `${JSON.stringify(name)} is required but not among the properties`);
  }
  const ruleFor = openSchema({ type: 'object', ...parameters }, builder);
  let free: Expr | null = null;
  const freeText = (): Expr => {
    free ??= rule(textRules(builder));
    return free;
  };
  const parts = Object.entries(properties).map(([name, schema]) => {
    if (!/^[^<>\n]+$/.test(name))
      throw invalid('/properties', `${JSON.stringify(name)} cannot be written as a name`);
    const plain = parameterKind(schema) === 'text';
    const value = plain ? freeText() : ruleFor({ schema, pointer: `/properties/${name}` });
    const part = sequence(text(`<parameter=${name}>\n`), value, text(`\n${CLOSE}\n`));
    return required.includes(name) ? part : optional(part);
  });
  return parts.length === 0 ? NOTHING : sequence(...parts);
}

/** Defines the rules of free text once and gives the name of the first. */
function textRules(builder: GrammarBuilder): string {
  const { rules, first } = textWithout(CLOSE, 'free');
  for (const [name, expr] of rules) builder.set(name, expr);
  return first;
}
