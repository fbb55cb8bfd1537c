/** How a model writes calls of tools and thoughts. Told from its template by `dialect/dialect.ts`. */

/**
 * - `hermes`: `<tool_call>{"name", "arguments"}</tool_call>` (Hermes, Qwen 2.5 and 3, Granite 4)
 * - `qwen-xml`: `<tool_call><function=NAME><parameter=NAME>value</parameter></function></tool_call>` (Qwen3-Coder)
 * - `llama3`: `{"name", "parameters"}` on a line of its own, perhaps after `<|python_tag|>`
 * - `mistral`: `[TOOL_CALLS][{"name", "arguments"}]`; `mistral-args`: `[TOOL_CALLS]NAME[ARGS]{...}`
 * - `gemma`: `<|tool_call>call:NAME{...}<tool_call|>` (Gemma 4)
 * - `function-gemma`: `<start_function_call>call:NAME{...}<end_function_call>`
 * - `json`: `{"name", "arguments"}` on a line of its own, for every model whose template knows no tools
 */
export type ToolFormat =
  | 'hermes'
  | 'qwen-xml'
  | 'llama3'
  | 'mistral'
  | 'mistral-args'
  | 'gemma'
  | 'function-gemma'
  | 'json';

/** What stands before and after a thought. */
export interface ReasoningMarks {
  open: string;
  close: string;
}

/** Plain data: it crosses processes. */
export interface Dialect {
  toolFormat: ToolFormat;
  /** The template itself describes tools and writes past calls; otherwise `json` and our own words. */
  rendersTools: boolean;
  /** null: the model has no marks for thoughts. */
  reasoning: ReasoningMarks | null;
  /** The template can be told whether to think. */
  thinkingSwitch: boolean;
  /** Messages of the system may come first; some templates refuse them. */
  systemRole: boolean;
}
