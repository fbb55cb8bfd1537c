/** Errors of offering tools to a model. */
export type DialectErrorDetails =
  /** The list of tools, or the choice among them, cannot be used. `what` names the part that is wrong. */
  | { code: 'DIALECT_TOOLS_INVALID'; what: 'count' | 'name' | 'twice' | 'size' | 'schema' | 'choice' }
  /** The model can be made to call this tool only if a grammar can say its parameters. `reason`: a code of schema/errors.ts. */
  | { code: 'DIALECT_PARAMETERS_UNSUPPORTED'; tool: string; reason: string };
