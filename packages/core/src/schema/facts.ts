/**
 * What several schemas that all hold say together, keyword by keyword. Where two say different things about the same
 * keyword and there is no simple way to say both at once, the schema is refused.
 */
import { below, isObject, type JsonObject, type Located, sameJson } from './json.ts';
import { ANNOTATIONS, JSON_TYPES, type JsonType, TYPE_KEYWORDS, VALUE_KEYWORDS } from './keywords.ts';
import { invalid, unsupported } from './refuse.ts';

/** A keyword's value, and the pointer of the schema that holds it. */
export interface Fact extends Located {
  /** Put together from several schemas. */
  readonly merged?: true;
}

export type Facts = ReadonlyMap<string, Fact>;

/** Keywords that lead to other schemas and are followed by the caller. */
const FOLLOWED: ReadonlySet<string> = new Set(['$ref', 'allOf', 'anyOf', 'oneOf']);

/** `facts` and what the keywords of one schema object say. Errors: SCHEMA_UNSUPPORTED, SCHEMA_INVALID. */
export function withSchema(facts: Facts, schema: JsonObject, pointer: string): Facts {
  const merged = new Map(facts);
  for (const [keyword, value] of Object.entries(schema)) {
    if (ANNOTATIONS.has(keyword) || FOLLOWED.has(keyword)) continue;
    if (!TYPE_KEYWORDS.has(keyword) && !VALUE_KEYWORDS.has(keyword)) throw unsupported(pointer, keyword);
    checkAlone(keyword, value, pointer);
    const before = merged.get(keyword);
    const fact =
      before === undefined ? { schema: value, pointer } : both(keyword, before, { schema: value, pointer });
    merged.set(keyword, fact);
  }
  checkTogether(merged);
  return merged;
}

function checkAlone(keyword: string, value: unknown, pointer: string): void {
  if (keyword === 'uniqueItems' && value !== false) {
    throw unsupported(pointer, keyword, 'A grammar cannot compare items with one another');
  }
  if (keyword === 'type') typesOf(value, pointer);
  if (keyword === 'required') namesOf(value, pointer);
  if (keyword === 'properties' && !isObject(value)) throw invalid(pointer, '"properties" must be an object');
}

function both(keyword: string, a: Fact, b: Fact): Fact {
  if (sameJson(a.schema, b.schema)) return a;
  if (keyword === 'type') return { schema: commonTypes(a, b), pointer: b.pointer };
  if (keyword === 'required') {
    const names = new Set([...namesOf(a.schema, a.pointer), ...namesOf(b.schema, b.pointer)]);
    return { schema: [...names], pointer: b.pointer };
  }
  if (keyword === 'properties') return bothProperties(a, b);
  throw unsupported(
    b.pointer,
    keyword,
    'It is stated twice for the same value (by allOf, anyOf, oneOf or $ref)',
  );
}

function bothProperties(a: Fact, b: Fact): Fact {
  const ours = isObject(a.schema) ? a.schema : {};
  const theirs = isObject(b.schema) ? b.schema : {};
  for (const [name, schema] of Object.entries(theirs)) {
    if (!Object.hasOwn(ours, name) || sameJson(ours[name], schema)) continue;
    const at = below(b.pointer, 'properties');
    throw unsupported(at, name, 'Two schemas that must both hold describe this property differently');
  }
  const all = new Map([...Object.entries(ours), ...Object.entries(theirs)]);
  return { schema: Object.fromEntries(all), pointer: b.pointer, merged: true };
}

function commonTypes(a: Located, b: Located): JsonType[] {
  const ours = typesOf(a.schema, a.pointer);
  const theirs = typesOf(b.schema, b.pointer);
  const covers = (types: readonly JsonType[], type: JsonType): boolean =>
    types.includes(type) || (type === 'integer' && types.includes('number'));
  return JSON_TYPES.filter(
    (type) => (ours.includes(type) || theirs.includes(type)) && covers(ours, type) && covers(theirs, type),
  );
}

/** `additionalProperties` and `items` look only at the properties and prefix of their own schema. */
function checkTogether(facts: Facts): void {
  for (const [rest, named] of [
    ['additionalProperties', 'properties'],
    ['items', 'prefixItems'],
  ] as const) {
    const open = facts.get(rest);
    const beside = facts.get(named);
    if (open === undefined || beside === undefined || open.schema === true) continue;
    if (open.pointer !== beside.pointer || beside.merged === true) {
      throw unsupported(open.pointer, rest, `It must stand in the same schema as "${named}"`);
    }
  }
}

/** The value of `type` as a list. */
export function typesOf(value: unknown, pointer: string): readonly JsonType[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((name) => {
    const type = JSON_TYPES.find((known) => known === name);
    if (type === undefined)
      throw invalid(pointer, `"type" must be one of ${JSON_TYPES.join(', ')}, or a list of them`);
    return type;
  });
}

/** The value of `required`. */
export function namesOf(value: unknown, pointer: string): readonly string[] {
  if (!Array.isArray(value)) throw invalid(pointer, '"required" must be a list of names');
  return value.map((name: unknown) => {
    if (typeof name !== 'string') throw invalid(pointer, '"required" must be a list of names');
    return name;
  });
}

/** The value of a keyword that counts something; null where it is absent. */
export function countOf(facts: Facts, keyword: string): number | null {
  const fact = facts.get(keyword);
  if (fact === undefined) return null;
  if (typeof fact.schema !== 'number' || !Number.isInteger(fact.schema) || fact.schema < 0) {
    throw invalid(below(fact.pointer, keyword), 'a whole number from 0 up is needed');
  }
  return fact.schema;
}
