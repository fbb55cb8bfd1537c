/**
 * Whether two shapes certainly have no value in common, as far as answers written by the grammar go: by type, by
 * constants, or by a property. `oneOf` is honoured exactly where this can be shown.
 */
import { namesOf } from './facts.ts';
import { below, isObject, type JsonObject, type Located, sameJson } from './json.ts';
import type { JsonType } from './keywords.ts';
import { isA, type Shape, type TypedShape } from './shape.ts';

interface Context {
  shapesOf(located: Located): readonly Shape[];
  readonly depth?: number;
}

const DEPTH_MAX = 4;

export function areDisjoint(a: Shape, b: Shape, context: Context): boolean {
  if (a.kind === 'any' || b.kind === 'any') return false;
  if (a.kind === 'literals') {
    if (b.kind === 'literals') return a.values.every((x) => b.values.every((y) => !sameJson(x, y)));
    return a.values.every((value) => !isA(value, b.kind));
  }
  if (b.kind === 'literals') return areDisjoint(b, a, context);
  if (a.kind === 'object' && b.kind === 'object') return objectsDisjoint(a, b, context);
  return numeric(a.kind) !== numeric(b.kind);
}

function numeric(type: JsonType): JsonType {
  return type === 'integer' ? 'number' : type;
}

function objectsDisjoint(a: TypedShape, b: TypedShape, context: Context): boolean {
  const depth = context.depth ?? 0;
  if (depth < DEPTH_MAX) {
    const shared = required(a).filter((name) => required(b).includes(name));
    for (const name of shared) {
      const ours = property(a, name);
      const theirs = property(b, name);
      if (ours === null || theirs === null) continue;
      const deeper = { ...context, depth: depth + 1 };
      const theirShapes = context.shapesOf(theirs);
      if (context.shapesOf(ours).every((x) => theirShapes.every((y) => areDisjoint(x, y, deeper))))
        return true;
    }
  }
  return neverValidAs(a, b) && neverValidAs(b, a);
}

/** Whether no object written as `a` satisfies `b`: `b` needs a property that `a` lacks, or forbids one of `a`'s. */
function neverValidAs(a: TypedShape, b: TypedShape): boolean {
  const open = isOpen(a);
  if (required(b).some((name) => !open && !required(a).includes(name) && property(a, name) === null))
    return true;
  return (
    b.facts.get('additionalProperties')?.schema === false &&
    required(a).some((name) => property(b, name) === null)
  );
}

function isOpen(shape: TypedShape): boolean {
  const rest = shape.facts.get('additionalProperties');
  return rest === undefined ? !shape.facts.has('properties') : rest.schema !== false;
}

function required(shape: TypedShape): readonly string[] {
  const fact = shape.facts.get('required');
  return fact === undefined ? [] : namesOf(fact.schema, fact.pointer);
}

function property(shape: TypedShape, name: string): Located | null {
  const fact = shape.facts.get('properties');
  const properties: JsonObject = isObject(fact?.schema) ? fact.schema : {};
  if (fact === undefined || !Object.hasOwn(properties, name)) return null;
  return { schema: properties[name], pointer: below(below(fact.pointer, 'properties'), name) };
}
