/**
 * Lays a schema flat: which shapes its values can have, each of one type with all that is said about it. `anyOf`,
 * `oneOf`, `allOf` and `$ref` are gone afterwards, except inside properties and items.
 */
import { areDisjoint } from './disjoint.ts';
import { type Facts, typesOf, withSchema } from './facts.ts';
import { below, isObject, type Located, sameJson } from './json.ts';
import { type JsonType, TYPE_KEYWORDS } from './keywords.ts';
import { ALTERNATIVES_MAX, FLATTEN_STEPS_MAX } from './limits.ts';
import { resolveReference } from './reference.ts';
import { invalid, overLimit, unsupported } from './refuse.ts';
import { isA, type Shape } from './shape.ts';

export interface ShapeReader {
  /** The shapes of a part of the schema; never none. Errors: those of errors.ts. */
  shapesOf(located: Located): readonly Shape[];
}

/** Schemas that led here, to notice one that refers to itself. */
type Path = ReadonlySet<unknown>;

interface Choice {
  readonly keyword: 'anyOf' | 'oneOf';
  readonly options: readonly Located[];
  readonly pointer: string;
  readonly path: Path;
}

/** What all hold at once, and between which is still to be chosen. */
interface Gathered {
  readonly facts: Facts;
  readonly choices: readonly Choice[];
}

export function createShapeReader(root: unknown): ShapeReader {
  let steps = 0;

  const gather = (before: Gathered, located: Located, above: Path): Gathered => {
    steps += 1;
    if (steps > FLATTEN_STEPS_MAX) throw overLimit(located.pointer, 'combinations', FLATTEN_STEPS_MAX);
    const { schema, pointer } = located;
    if (schema === true) return before;
    if (schema === false) throw unsupported(pointer, 'false', 'Leave out what may not occur');
    if (!isObject(schema)) throw invalid(pointer, 'a schema must be an object, true or false');
    if (above.has(schema)) throw invalid(pointer, 'it refers to itself without anything in between');
    const path = new Set([...above, schema]);
    let state: Gathered = { facts: withSchema(before.facts, schema, pointer), choices: before.choices };
    const reference = schema['$ref'];
    if (reference !== undefined) state = gather(state, resolveReference(root, reference, pointer), path);
    for (const part of listOf(schema['allOf'], 'allOf', pointer)) state = gather(state, part, path);
    for (const keyword of ['anyOf', 'oneOf'] as const) {
      const options = listOf(schema[keyword], keyword, pointer);
      if (options.length === 0) continue;
      state = { ...state, choices: [...state.choices, { keyword, options, pointer, path }] };
    }
    return state;
  };

  const expand = (state: Gathered, pointer: string): readonly Shape[] => {
    const [first, ...others] = state.choices;
    if (first === undefined) return shapesOfFacts(state.facts, pointer);
    const rest = { ...state, choices: others };
    const sets = first.options.map((option) => expand(gather(rest, option, first.path), option.pointer));
    if (first.keyword === 'oneOf') checkExclusive(sets, first.pointer);
    const shapes = distinct(sets.flat());
    if (shapes.length > ALTERNATIVES_MAX) throw overLimit(pointer, 'alternatives', ALTERNATIVES_MAX);
    return shapes;
  };

  const shapesOf = (located: Located): readonly Shape[] => {
    const nothing: Gathered = { facts: new Map(), choices: [] };
    const shapes = expand(gather(nothing, located, new Set()), located.pointer);
    if (shapes.length === 0) throw invalid(located.pointer, 'no value satisfies it');
    return shapes.some((shape) => shape.kind === 'any') ? [{ kind: 'any' }] : shapes;
  };
  const checkExclusive = (sets: readonly (readonly Shape[])[], pointer: string): void => {
    for (const [i, ours] of sets.entries()) {
      for (const theirs of sets.slice(i + 1)) {
        if (ours.every((a) => theirs.every((b) => areDisjoint(a, b, { shapesOf })))) continue;
        throw unsupported(
          pointer,
          'oneOf',
          'Its alternatives must exclude one another by type or by a required constant; otherwise use anyOf',
        );
      }
    }
  };
  return { shapesOf };
}

function listOf(value: unknown, keyword: string, pointer: string): readonly Located[] {
  if (value === undefined) return [];
  const at = below(pointer, keyword);
  if (!Array.isArray(value) || value.length === 0)
    throw invalid(at, 'a list of at least one schema is needed');
  return value.map((schema: unknown, i) => ({ schema, pointer: below(at, i) }));
}

/** Without the doubles that come of references to the same definition. */
function distinct(shapes: readonly Shape[]): readonly Shape[] {
  const kept: Shape[] = [];
  for (const shape of shapes) if (!kept.some((other) => same(shape, other))) kept.push(shape);
  return kept;
}

function same(a: Shape, b: Shape): boolean {
  if (a.kind === 'any' || b.kind === 'any') return a.kind === b.kind;
  if (a.kind === 'literals') return b.kind === 'literals' && sameJson(a.values, b.values);
  if (a.kind !== b.kind) return false;
  return (
    a.facts.size === b.facts.size &&
    [...a.facts].every(([key, fact]) => fact.schema === b.facts.get(key)?.schema)
  );
}

function shapesOfFacts(facts: Facts, pointer: string): readonly Shape[] {
  const type = facts.get('type');
  const types = type === undefined ? impliedTypes(facts) : typesOf(type.schema, type.pointer);
  if (facts.has('enum') || facts.has('const')) return literalShapes(facts, types);
  if (types === null) return [{ kind: 'any' }];
  const kinds = types.filter((kind) => !(kind === 'integer' && types.includes('number')));
  return [...new Set(kinds)].map((kind) => ({ kind, facts, pointer }));
}

/**
 * Types where none is named. Keywords that concern one type mean that type: every answer satisfies the schema, though
 * values of other types, which JSON Schema would let through, are not produced.
 */
function impliedTypes(facts: Facts): readonly JsonType[] | null {
  const concerned = new Set([...facts.keys()].flatMap((keyword) => TYPE_KEYWORDS.get(keyword) ?? []));
  if (concerned.size === 0) return null;
  if (concerned.size === 1) return [...concerned];
  return ['object', 'array', 'string', 'number', 'boolean', 'null'];
}

function literalShapes(facts: Facts, types: readonly JsonType[] | null): readonly Shape[] {
  for (const [keyword, fact] of facts) {
    if (!TYPE_KEYWORDS.has(keyword)) continue;
    throw unsupported(fact.pointer, keyword, 'Beside "enum" or "const" only "type" may stand');
  }
  const listed = facts.get('enum');
  if (listed !== undefined && !Array.isArray(listed.schema))
    throw invalid(listed.pointer, '"enum" must be a list');
  const constant = facts.get('const');
  const all: readonly unknown[] = Array.isArray(listed?.schema) ? listed.schema : [constant?.schema];
  const values = all.filter(
    (value) =>
      (constant === undefined || sameJson(value, constant.schema)) &&
      (types === null || types.some((t) => isA(value, t))),
  );
  return values.length === 0 ? [] : [{ kind: 'literals', values }];
}
