/** Checks values against the JSON Schemas of the API's document. Knows the words that these use, and refuses others. */

export type Schema = Readonly<Record<string, unknown>>;

export interface SchemaOptions {
  /** What `$ref` leads to, by its text. */
  schemas: ReadonlyMap<string, Schema>;
  /** A property that is not listed is a fault, unless the schema says what others are like. */
  closed?: boolean;
}

const KNOWN = new Set([
  ...['$ref', 'type', 'const', 'enum', 'anyOf', 'oneOf', 'allOf', 'not', 'description'],
  ...['properties', 'required', 'additionalProperties', 'propertyNames', 'maxProperties'],
  ...['items', 'minItems', 'maxItems', 'minLength', 'maxLength', 'pattern'],
  ...['minimum', 'maximum', 'exclusiveMinimum'],
]);

/** Throws for a word that this does not know: it could not be trusted to find faults then. */
export function wordsOf(schema: Schema): void {
  for (const key of Object.keys(schema)) {
    if (!KNOWN.has(key)) throw new RangeError(`a schema says '${key}', which this test cannot check`);
  }
  for (const part of partsOf(schema)) wordsOf(part);
}

/** Schemas within a schema. */
export function partsOf(schema: Schema): Schema[] {
  const { properties = {}, additionalProperties: more, items, propertyNames, not } = schema;
  const lists = ['anyOf', 'oneOf', 'allOf'].flatMap((key) => listOf(schema[key]));
  const single = [more, items, propertyNames, not].filter(isSchema);
  return [...lists, ...single, ...Object.values(properties as object).filter(isSchema)];
}

export function listOf(value: unknown): Schema[] {
  return Array.isArray(value) ? value.filter(isSchema) : [];
}

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is wrong with a value, each with its place; none: it is valid. */
export function schemaFaults(schema: Schema, value: unknown, options: SchemaOptions, at = '$'): string[] {
  const target = schema['$ref'];
  if (typeof target === 'string') {
    const found = options.schemas.get(target);
    if (found === undefined) throw new RangeError(`${target} leads nowhere`);
    return schemaFaults(found, value, options, at);
  }
  return [
    ...typeFaults(schema, value, at),
    ...choiceFaults(schema, value, options, at),
    ...(typeof value === 'number' ? numberFaults(schema, value, at) : []),
    ...(typeof value === 'string' ? stringFaults(schema, value, at) : []),
    ...(Array.isArray(value) ? arrayFaults(schema, value, options, at) : []),
    ...(isSchema(value) ? objectFaults(schema, value, options, at) : []),
  ];
}

function typeFaults({ type, const: only, enum: among }: Schema, value: unknown, at: string): string[] {
  const types = type === undefined ? [] : [type].flat();
  if (types.length > 0 && !types.some((one) => isOfType(value, one)))
    return [`${at} is no ${types.join(', ')}`];
  if (only !== undefined && value !== only) return [`${at} is not ${JSON.stringify(only)}`];
  if (Array.isArray(among) && !among.includes(value)) return [`${at} is none of ${among.join(', ')}`];
  return [];
}

function isOfType(value: unknown, type: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'integer':
      return Number.isInteger(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isSchema(value);
    default:
      return typeof value === type;
  }
}

function choiceFaults(schema: Schema, value: unknown, options: SchemaOptions, at: string): string[] {
  const faultsOf = (part: Schema): string[] => schemaFaults(part, value, options, at);
  const all = listOf(schema['allOf']).flatMap(faultsOf);
  const anyOf = [...listOf(schema['anyOf']), ...listOf(schema['oneOf'])].map(faultsOf);
  const least = anyOf.toSorted((one, other) => one.length - other.length)[0] ?? [];
  const { not } = schema;
  const denied = isSchema(not) && faultsOf(not).length === 0 ? [`${at} is what it must not be`] : [];
  return [...all, ...least, ...denied];
}

function numberFaults(
  { minimum, maximum, exclusiveMinimum: above }: Schema,
  value: number,
  at: string,
): string[] {
  const low = typeof minimum === 'number' && value < minimum;
  const high = typeof maximum === 'number' && value > maximum;
  const atEdge = typeof above === 'number' && value <= above;
  return low || high || atEdge ? [`${at} is ${value}, out of its range`] : [];
}

function stringFaults({ minLength = 0, maxLength, pattern }: Schema, value: string, at: string): string[] {
  const count = [...value].length;
  const short = typeof minLength === 'number' && count < minLength;
  const long = typeof maxLength === 'number' && count > maxLength;
  const other = typeof pattern === 'string' && !new RegExp(pattern, 'u').test(value);
  return short || long || other ? [`${at} has ${count} characters that do not fit`] : [];
}

function arrayFaults(schema: Schema, value: unknown[], options: SchemaOptions, at: string): string[] {
  const { items, minItems = 0, maxItems } = schema;
  const few = typeof minItems === 'number' && value.length < minItems;
  const many = typeof maxItems === 'number' && value.length > maxItems;
  if (few || many) return [`${at} has ${value.length} entries`];
  if (!isSchema(items)) return [];
  return value.flatMap((entry, index) => schemaFaults(items, entry, options, `${at}[${index}]`));
}

function objectFaults(schema: Schema, value: Schema, options: SchemaOptions, at: string): string[] {
  const { properties = {}, required = [], additionalProperties: more, propertyNames: names } = schema;
  const { maxProperties } = schema;
  const known = properties as Record<string, unknown>;
  const missing = (required as string[])
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => `${at}.${name} is missing`);
  const entries = Object.entries(value).flatMap(([name, entry]) => {
    const place = `${at}.${name}`;
    const named = isSchema(names) ? schemaFaults(names, name, options, place) : [];
    const part = Object.hasOwn(known, name) ? known[name] : more;
    if (isSchema(part)) return [...named, ...schemaFaults(part, entry, options, place)];
    const isUnlisted = options.closed === true && 'properties' in schema && !Object.hasOwn(known, name);
    return isUnlisted || part === false ? [...named, `${place} is not in the document`] : named;
  });
  const crowded = typeof maxProperties === 'number' && Object.keys(value).length > maxProperties;
  return [...missing, ...entries, ...(crowded ? [`${at} has too many properties`] : [])];
}
