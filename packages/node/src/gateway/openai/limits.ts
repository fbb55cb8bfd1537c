/** Bounds of OpenAI's API alone; those of every API are in http/limits.ts, those of tools in core's dialect/limits.ts. */

/** Calls in one message of an assistant. */
export const TOOL_CALLS_MAX = 128;
export const CALL_ID_CHARACTERS_MAX = 256;
/** What a model called need not be the name of a tool. */
export const CALLED_NAME_CHARACTERS_MAX = 512;
