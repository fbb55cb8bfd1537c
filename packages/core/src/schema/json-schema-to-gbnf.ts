/**
 * JSON Schema (2020-12, and what drafts 6 to 2019-09 share with it) as a grammar for llama.cpp, so that a model can
 * write only answers that satisfy the schema. What the grammar cannot honour is refused by name, never ignored.
 *
 * - Every text of the grammar is JSON that satisfies the schema. The other way round, every value that satisfies it
 *   can be written, with its properties in the schema's order, except: properties (items) that are not described,
 *   where `properties` (`prefixItems`) is given and `additionalProperties` (`items`) is not; integers of more than 20
 *   digits; numbers from 10^308 up; numbers with bounds in exponent form; texts with half of a surrogate pair.
 * - `oneOf` is honoured where its alternatives exclude one another by type or by constants; else it is refused.
 * - A schema without `type` whose keywords all concern one type means that type.
 */
import { arrayRule } from './array-rules.ts';
import { choice, type Expr, rule } from './gbnf.ts';
import { createGrammarBuilder, type GrammarBuilder } from './grammar-builder.ts';
import { isObject, type Located } from './json.ts';
import { ENUM_VALUES_MAX, SCHEMA_BYTES_MAX, SCHEMA_DEPTH_MAX } from './limits.ts';
import { oneOfTexts } from './literals.ts';
import { numberRule } from './number-rules.ts';
import { objectRule } from './object-rules.ts';
import { invalid, overLimit } from './refuse.ts';
import type { Shape } from './shape.ts';
import { createShapeReader } from './shapes.ts';
import { stringRule } from './string-rules.ts';

/** GBNF whose rule `root` is any JSON object. */
export function jsonObjectGrammar(): string {
  return createGrammarBuilder().finish(rule('object'));
}

/** GBNF whose rule `root` is what `schema` accepts. Errors: SCHEMA_UNSUPPORTED, SCHEMA_INVALID, SCHEMA_LIMIT. */
export function jsonSchemaToGbnf(schema: unknown): string {
  const builder = createGrammarBuilder();
  return builder.finish(openSchema(schema, builder)({ schema, pointer: '' }));
}

/** For grammars of which a schema is only a part: a function that gives the rule of any part of `schema`. Errors: as above. */
export function openSchema(schema: unknown, builder: GrammarBuilder): (located: Located) => Expr {
  checkSize(schema);
  return createCompiler(schema, builder);
}

function checkSize(schema: unknown): void {
  checkDepth({ schema, pointer: '' }, 0);
  const bytes = JSON.stringify(schema)?.length ?? 0;
  if (bytes === 0) throw invalid('', 'a schema must be an object, true or false');
  if (bytes > SCHEMA_BYTES_MAX) throw overLimit('', 'the schema in bytes', SCHEMA_BYTES_MAX);
}

function checkDepth({ schema }: Located, depth: number): void {
  if (depth > SCHEMA_DEPTH_MAX) throw overLimit('', 'the depth of the schema', SCHEMA_DEPTH_MAX);
  if (typeof schema !== 'object' || schema === null) return;
  for (const part of Object.values(schema)) checkDepth({ schema: part, pointer: '' }, depth + 1);
}

/** A function that gives the rule of any part of `root`, each made once. */
function createCompiler(root: unknown, builder: GrammarBuilder): (located: Located) => Expr {
  const reader = createShapeReader(root);
  const known = new Map<object, string>();
  let literals = 0;

  const exprOf = (shape: Shape): Expr => {
    switch (shape.kind) {
      case 'any':
        return rule('value');
      case 'literals':
        literals += shape.values.length;
        if (literals > ENUM_VALUES_MAX) throw overLimit('', 'the number of enum values', ENUM_VALUES_MAX);
        return oneOfTexts(shape.values.map((value) => JSON.stringify(value)));
      case 'object':
        return objectRule(shape, { builder, ruleFor });
      case 'array':
        return arrayRule(shape, ruleFor);
      case 'string':
        return stringRule(shape);
      case 'number':
      case 'integer':
        return numberRule(shape);
      default:
        return rule(shape.kind);
    }
  };
  const ruleFor = (located: Located): Expr => {
    const { schema } = located;
    if (!isObject(schema)) return choice(...reader.shapesOf(located).map(exprOf));
    const name = known.get(schema);
    if (name !== undefined) return rule(name);
    const reserved = builder.reserve('part');
    known.set(schema, reserved);
    builder.set(reserved, choice(...reader.shapesOf(located).map(exprOf)));
    return rule(reserved);
  };
  return ruleFor;
}
