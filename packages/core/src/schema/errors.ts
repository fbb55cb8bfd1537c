/**
 * Errors of turning a JSON Schema into a grammar. `pointer` is a JSON Pointer (RFC 6901) into the schema; the root
 * is the empty string.
 */
export type SchemaErrorDetails =
  /** A keyword, or this use of it, cannot be honoured exactly, so it is refused. */
  | { code: 'SCHEMA_UNSUPPORTED'; pointer: string; keyword: string }
  /** Not a JSON Schema, or one that no finite value satisfies. */
  | { code: 'SCHEMA_INVALID'; pointer: string }
  /** A limit of limits.ts is exceeded. */
  | { code: 'SCHEMA_LIMIT'; pointer: string; limit: string; max: number };
