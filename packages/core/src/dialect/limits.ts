/** What tools and their calls may cost. */

/** Tools that one request may offer. */
export const TOOLS_MAX = 128;
/** Characters of a tool's name, which are letters, digits, `_` and `-`. */
export const TOOL_NAME_CHARS_MAX = 64;
/** All descriptions and schemas of one request together, as compact JSON. */
export const TOOLS_CHARS_MAX = 262_144;
/** Calls that a grammar lets a model make in one answer. */
export const CALLS_MAX = 16;

/** Blanks that are held back because a mark may follow them; more than that are text. */
export const HELD_BLANKS_MAX = 64;
/** A call's beginning, up to its arguments, where it is in the usual order. */
export const HEAD_CHARS_MAX = 512;
/** A call whose parts come in another order is held back whole, and is text when it is longer. */
export const HELD_CALL_CHARS_MAX = 65_536;
/** What may stand between the end of the arguments and the end of the call. */
export const TAIL_CHARS_MAX = 1_024;
/** Nesting of arguments that are not JSON. */
export const DEPTH_MAX = 64;
