/** Values that a JSON Schema of the API's document allows, as fast-check draws them. */
import fc from 'fast-check';
import { isSchema, listOf, type Schema } from './json-schema.ts';

/** Few enough that a body of them stays small. */
const ENTRIES_MAX = 3;
const CHARACTERS_MAX = 12;
const json = fc.jsonValue({ maxDepth: 2 });
const text = fc.string({ unit: 'grapheme-composite', maxLength: CHARACTERS_MAX });

export function arbitraryOfSchema(schema: Schema): fc.Arbitrary<unknown> {
  const { type, const: only, enum: among, maxProperties } = schema;
  if (only !== undefined) return fc.constant(only);
  if (Array.isArray(among)) return fc.constantFrom(...among);
  const [first, ...rest] = listOf(schema['allOf']);
  // The narrowest is written last; the others only restrict what it draws.
  if (first !== undefined) return arbitraryOfSchema(rest.at(-1) ?? first);
  const choices = [...listOf(schema['anyOf']), ...listOf(schema['oneOf'])];
  if (choices.length > 0) return fc.oneof(...choices.map(arbitraryOfSchema));
  if (Array.isArray(type)) return fc.oneof(...type.map((one) => arbitraryOfSchema({ ...schema, type: one })));
  switch (type) {
    case undefined:
      return json;
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'string':
      return stringOf(schema);
    case 'integer':
    case 'number':
      return numberOf(schema);
    case 'array':
      return arrayOf(schema);
    case 'object':
      return objectOf(schema, typeof maxProperties === 'number' ? maxProperties : ENTRIES_MAX);
    default:
      throw new RangeError(`no values of type ${JSON.stringify(type)} can be drawn`);
  }
}

function stringOf({ minLength = 0, maxLength = Infinity, pattern }: Schema): fc.Arbitrary<string> {
  const [least, most] = [Number(minLength), Math.min(CHARACTERS_MAX, Number(maxLength))];
  if (typeof pattern === 'string') {
    return fc
      .stringMatching(new RegExp(pattern))
      .filter(({ length }) => length >= least && length <= Number(maxLength));
  }
  return text.filter((value) => value.length >= least && value.length <= most);
}

function numberOf({ type, minimum, maximum, exclusiveMinimum: above }: Schema): fc.Arbitrary<number> {
  const bounds = {
    ...(minimum === undefined ? {} : { min: Number(minimum) }),
    ...(maximum === undefined ? {} : { max: Number(maximum) }),
  };
  if (type === 'integer') return fc.integer(bounds);
  const low = above === undefined ? {} : { min: Number(above), minExcluded: true };
  // JSON has no negative zero.
  return fc.double({ noNaN: true, noDefaultInfinity: true, ...bounds, ...low }).map((value) => value + 0);
}

function arrayOf({ items, minItems = 0, maxItems = ENTRIES_MAX }: Schema): fc.Arbitrary<unknown[]> {
  const minLength = Number(minItems);
  const maxLength = Math.min(Number(maxItems), minLength + ENTRIES_MAX);
  return fc.array(isSchema(items) ? arbitraryOfSchema(items) : json, { minLength, maxLength });
}

function objectOf(schema: Schema, entriesMax: number): fc.Arbitrary<Record<string, unknown>> {
  const { properties = {}, required = [], additionalProperties: more, propertyNames: names } = schema;
  const known = Object.fromEntries(
    Object.entries(properties as Record<string, Schema>).map(([key, part]) => [key, arbitraryOfSchema(part)]),
  );
  const listed = fc.record(known, { requiredKeys: required as string[], noNullPrototype: true });
  if (!isSchema(more)) return listed;
  const key = isSchema(names) ? arbitraryOfSchema(names) : text;
  const others = fc.dictionary(key.map(String), arbitraryOfSchema(more), {
    ...{ maxKeys: Math.min(ENTRIES_MAX, entriesMax), noNullPrototype: true },
  });
  return fc.tuple(others, listed).map(([unlisted, given]) => ({ ...unlisted, ...given }));
}
