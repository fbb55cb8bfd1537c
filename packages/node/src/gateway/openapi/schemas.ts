/** Zod's schemas as JSON Schema (draft 2020-12), those with a name among the document's components. */
import { z } from 'zod';

type JsonSchema = z.core.JSONSchema.BaseSchema;
/** A schema with a name as a reference, any other one in place. */
export type SchemaRef = (schema: z.ZodType) => JsonSchema;

const uri = (id: string): string => `#/components/schemas/${id}`;

export function jsonSchemas(names: ReadonlyMap<z.ZodType, string>): {
  refOf: SchemaRef;
  schemas: Record<string, JsonSchema>;
} {
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of names) registry.add(schema, { id });
  const made = z.toJSONSchema(registry, { uri, io: 'input' }).schemas;
  return {
    schemas: Object.fromEntries(Object.entries(made).map(([id, schema]) => [id, tidy(schema)])),
    refOf: (schema) => {
      const id = names.get(schema);
      return id === undefined ? tidy(z.toJSONSchema(schema, { io: 'input' })) : { $ref: uri(id) };
    },
  };
}

/** Without what says nothing: where it is from, and, of several that must all hold, the one that holds for everything. */
function tidy(schema: JsonSchema): JsonSchema {
  const { $schema, $id, ...rest } = schema;
  return tidied(rest) as JsonSchema;
}

function tidied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidied);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key, given]) => !(key === 'prefixItems' && Array.isArray(given) && given.length === 0))
    .map(([key, given]) => [key, tidied(given)] as const);
  const { allOf, ...rest } = Object.fromEntries(entries);
  if (!Array.isArray(allOf)) return { ...rest };
  const saying = allOf.filter((part) => Object.keys(part).length > 0);
  if (saying.length === 1) return { ...saying[0], ...rest };
  return { ...rest, allOf: saying };
}
