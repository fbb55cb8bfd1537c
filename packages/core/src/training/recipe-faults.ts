/** Turns what zod found into faults that name the field, its value and what is allowed. */
import { z } from 'zod';
import { nearestNames } from '../model/nearest-names.ts';
import { isObject, type JsonObject } from '../schema/json.ts';
import type { RecipeFault } from './recipe-errors.ts';

const FAULTS_MAX = 8;
const VALUE_CHARACTERS_MAX = 80;

/** The first few, unknown fields with the nearest known ones. */
export function faultsOf(
  issues: readonly z.core.$ZodIssue[],
  value: unknown,
  schema: z.ZodType,
): RecipeFault[] {
  const described = z.toJSONSchema(schema, { io: 'input' });
  return issues.flatMap((issue) => faultsOfIssue(issue, value, described)).slice(0, FAULTS_MAX);
}

function faultsOfIssue(issue: z.core.$ZodIssue, value: unknown, schema: unknown): RecipeFault[] {
  const found = valueAt(value, issue.path);
  const here = schemasAt(schema, issue.path);
  if (issue.code !== 'unrecognized_keys') {
    const reason =
      issue.code === 'invalid_union' && issue.errors.length > 0
        ? 'it has none of the forms that it may have'
        : issue.message.replace(/^Invalid input: /, '');
    const allowed = here.map(({ description }) => description).find((text) => typeof text === 'string');
    return [
      {
        field: nameOf(issue.path),
        value: shown(found),
        reason,
        allowed: allowed === undefined ? null : `${allowed}`,
      },
    ];
  }
  const known = here.flatMap((part) => (isObject(part['properties']) ? Object.keys(part['properties']) : []));
  return issue.keys.map((key) => {
    const [nearest] = nearestNames(key, known);
    const advice =
      nearest === undefined ? `there are ${[...new Set(known)].join(', ')}` : `did you mean ${nearest}?`;
    return {
      ...{ field: nameOf([...issue.path, key]), allowed: null },
      value: shown(valueAt(found, [key])),
      reason: `there is no such field; ${advice}`,
    };
  });
}

function nameOf(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const part of path) {
    const own = typeof found === 'object' && found !== null && Object.hasOwn(found, part);
    found = own ? (found as Record<PropertyKey, unknown>)[part] : undefined;
  }
  return found;
}

function shown(value: unknown): string | null {
  if (value === undefined) return null;
  const text = JSON.stringify(value);
  return text.length > VALUE_CHARACTERS_MAX ? `${text.slice(0, VALUE_CHARACTERS_MAX)}...` : text;
}

/** The schemas of what may stand at a path: several where a kind decides. */
function schemasAt(schema: unknown, path: readonly PropertyKey[]): JsonObject[] {
  const here = alternatives(schema);
  const [part, ...rest] = path;
  if (part === undefined) return here;
  return here.flatMap(({ properties, items, prefixItems }) => {
    const below =
      typeof part === 'number'
        ? (items ?? prefixItems)
        : isObject(properties)
          ? properties[String(part)]
          : undefined;
    return below === undefined ? [] : schemasAt(below, rest);
  });
}

function alternatives(schema: unknown): JsonObject[] {
  if (!isObject(schema)) return [];
  const of = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(of) ? [schema, ...of.flatMap(alternatives)] : [schema];
}
