/**
 * Objects: described properties in the order of the schema, each optional one there or not in every combination, then
 * further ones if the schema allows them. Where `additionalProperties` is absent, an object with `properties` has no
 * others; one without has any.
 */
import { bracketed, COLON, COMMA } from './base-rules.ts';
import { namesOf } from './facts.ts';
import { choice, type Expr, NOTHING, repeat, rule, sequence, text } from './gbnf.ts';
import type { GrammarBuilder } from './grammar-builder.ts';
import { below, isObject, type Located } from './json.ts';
import { NAME_CHARS_MAX, PROPERTIES_MAX } from './limits.ts';
import { otherNames } from './other-names.ts';
import { invalid, overLimit } from './refuse.ts';
import type { TypedShape } from './shape.ts';

interface Property {
  readonly name: string;
  readonly located: Located;
  readonly required: boolean;
}

interface Context {
  readonly builder: GrammarBuilder;
  /** The rule of another part of the schema. */
  ruleFor(located: Located): Expr;
}

export function objectRule(shape: TypedShape, { builder, ruleFor }: Context): Expr {
  const rest = restOf(shape);
  const properties = propertiesOf(shape, rest);
  const anyRequired = properties.some((property) => property.required);
  if (properties.length === 0 && rest?.schema === true) return rule('object');
  const pairs = properties.map(({ name, located }) =>
    sequence(text(JSON.stringify(name)), COLON, ruleFor(located)),
  );
  const names = properties.map(({ name }) => name);
  const further =
    rest === null ? null : builder.define('more', sequence(otherNames(names), COLON, ruleFor(rest)));

  // From the last property to the first: what may come when one has been written before (`later`), or none (`first`).
  let later = further === null ? NOTHING : repeat(sequence(COMMA, further), 0, null);
  let first = further === null ? null : sequence(further, later);
  for (const [i, property] of [...properties.entries()].reverse()) {
    const pair = pairs[i] ?? NOTHING;
    const here = sequence(pair, later);
    const skipped = first;
    first = property.required || skipped === null ? here : builder.define('first', choice(here, skipped));
    const continued = sequence(COMMA, pair, later);
    later = builder.define('later', property.required ? continued : choice(continued, later));
  }
  return bracketed('{', first, { emptyAllowed: !anyRequired, close: '}' });
}

/** The schema of properties that are not described; null where there may be none. */
function restOf({ facts }: TypedShape): Located | null {
  const fact = facts.get('additionalProperties');
  if (fact === undefined) return facts.has('properties') ? null : { schema: true, pointer: '' };
  return fact.schema === false
    ? null
    : { schema: fact.schema, pointer: below(fact.pointer, 'additionalProperties') };
}

function propertiesOf({ facts, pointer }: TypedShape, rest: Located | null): readonly Property[] {
  const described = facts.get('properties');
  const required = facts.get('required');
  const needed = new Set(required === undefined ? [] : namesOf(required.schema, required.pointer));
  const schemas = isObject(described?.schema) ? described.schema : {};
  const at = below(described?.pointer ?? pointer, 'properties');
  const properties = Object.entries(schemas).map(([name, schema]) => ({
    name,
    located: { schema, pointer: below(at, name) },
    required: needed.has(name),
  }));
  for (const name of needed) {
    if (Object.hasOwn(schemas, name)) continue;
    const open = rest ?? (facts.has('additionalProperties') ? null : { schema: true, pointer });
    if (open === null) throw invalid(pointer, `"required" names "${name}", which nothing allows`);
    properties.push({ name, located: open, required: true });
  }
  if (properties.length > PROPERTIES_MAX) throw overLimit(at, 'the number of properties', PROPERTIES_MAX);
  for (const { name } of properties) {
    if (name.length > NAME_CHARS_MAX) throw overLimit(at, 'the length of a name', NAME_CHARS_MAX);
  }
  return properties;
}
