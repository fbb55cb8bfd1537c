/** Whether the tools of a request can be offered at all. */
import { FilonError } from '../errors.ts';
import { SCHEMA_BYTES_MAX } from '../schema/limits.ts';
import type { ChatPrompt, Tool } from '../serving/completion.ts';
import type { DialectErrorDetails } from './errors.ts';
import { TOOL_NAME_CHARS_MAX, TOOLS_CHARS_MAX, TOOLS_MAX } from './limits.ts';

const NAME = new RegExp(`^[a-zA-Z0-9_-]{1,${TOOL_NAME_CHARS_MAX}}$`);

/** Tools that the model is told about: none where the choice is `none`. */
export function offeredTools({ tools = [], toolChoice }: ChatPrompt): readonly Tool[] {
  return toolChoice?.kind === 'none' ? [] : tools;
}

/** Errors: DIALECT_TOOLS_INVALID. */
export function checkTools({ tools = [], toolChoice = { kind: 'auto' } }: ChatPrompt): void {
  if (tools.length > TOOLS_MAX) {
    throw refused('count', `a request may offer ${TOOLS_MAX} tools; this one has ${tools.length}`);
  }
  const names = new Set<string>();
  let chars = 0;
  for (const tool of tools) {
    checkTool(tool);
    if (names.has(tool.name)) throw refused('twice', `two tools are named '${tool.name}'; rename one`);
    names.add(tool.name);
    chars += sizeOf(tool);
    if (chars <= TOOLS_CHARS_MAX) continue;
    throw refused(
      'size',
      `the tools are longer than ${TOOLS_CHARS_MAX} characters; offer fewer or shorter ones`,
    );
  }
  if (toolChoice.kind === 'required' && names.size === 0) {
    throw refused('choice', 'a call of a tool is required, but no tool is offered');
  }
  if (toolChoice.kind === 'named' && !names.has(toolChoice.name)) {
    throw refused('choice', `the tool to call, '${toolChoice.name}', is not among the tools offered`);
  }
}

function checkTool(tool: Tool): void {
  if (!NAME.test(tool.name)) {
    const name = JSON.stringify(tool.name.slice(0, TOOL_NAME_CHARS_MAX));
    throw refused(
      'name',
      `a tool is named ${name}; names have 1 to ${TOOL_NAME_CHARS_MAX} letters, digits, _ or -`,
    );
  }
  const { type } = tool.parameters;
  if (type !== undefined && type !== 'object') {
    throw refused('schema', `the parameters of tool '${tool.name}' must be of type object`);
  }
  if (JSON.stringify(tool.parameters).length > SCHEMA_BYTES_MAX) {
    throw refused(
      'size',
      `the parameters of tool '${tool.name}' are longer than ${SCHEMA_BYTES_MAX} characters`,
    );
  }
}

function sizeOf(tool: Tool): number {
  return JSON.stringify([tool.name, tool.description, tool.parameters]).length;
}

function refused(
  what: Extract<DialectErrorDetails, { code: 'DIALECT_TOOLS_INVALID' }>['what'],
  message: string,
): FilonError<DialectErrorDetails> {
  return new FilonError({ code: 'DIALECT_TOOLS_INVALID', what }, `${message}.`);
}
