/** JSON Schemas of clients. They are judged where grammars are made; here only that they are objects, and not too deep. */
import { SCHEMA_DEPTH_MAX } from '../http/limits.ts';
import { invalid, objectOf } from '../http/validate.ts';

/** Codes: GATEWAY_REQUEST_INVALID. */
export function checkSchemaDepth(schema: unknown, field: string): void {
  if (!isDeeper(schema, SCHEMA_DEPTH_MAX)) return;
  throw invalid(field, `is nested deeper than ${SCHEMA_DEPTH_MAX} levels`);
}

/** The schema of a tool's arguments, which are always an object. Absent: it takes none. */
export function argumentsSchema(value: unknown, field: string): Record<string, unknown> {
  if (value === undefined || value === null) return { type: 'object', properties: {} };
  const schema = objectOf(value, field);
  const { type } = schema;
  if (type !== undefined && type !== 'object') {
    throw invalid(`${field}.type`, "must be 'object': arguments are always an object");
  }
  checkSchemaDepth(schema, field);
  return schema;
}

/** Walks level by level, because a nest made to hurt would overflow a recursion. */
function isDeeper(value: unknown, depthMax: number): boolean {
  let level = [value];
  for (let depth = 0; depth <= depthMax; depth++) {
    level = level.flatMap((entry) =>
      typeof entry === 'object' && entry !== null ? Object.values(entry) : [],
    );
    if (level.length === 0) return false;
  }
  return true;
}
