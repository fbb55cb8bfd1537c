/** Tools, the choice among them, and whether to think, as Anthropic writes them. */
import { TOOLS_MAX } from '@filon/core/dialect/limits';
import type { ChatPrompt, Tool, ToolChoice } from '@filon/core/serving/completion';
import { invalid, listOf, objectOf, stringOf, unsupported } from '../http/validate.ts';
import { argumentsSchema } from '../request/json-schema.ts';

export const TOOL_NAME_CHARACTERS_MAX = 128;

type ToolFields = Pick<ChatPrompt, 'tools' | 'toolChoice' | 'parallelToolCalls'>;

/** Codes: GATEWAY_REQUEST_INVALID, GATEWAY_FEATURE_UNSUPPORTED. */
export function toolFields(body: Record<string, unknown>): ToolFields {
  const tools = toolsOf(body['tools']);
  const { tool_choice: given } = body;
  if (given === undefined || given === null) return tools.length === 0 ? {} : { tools };
  const choice = objectOf(given, 'tool_choice');
  const toolChoice = choiceOf(choice, tools);
  if (tools.length === 0) return {};
  const single = choice['disable_parallel_tool_use'] === true;
  return { tools, toolChoice, ...(single ? { parallelToolCalls: false } : {}) };
}

/** Only whether, not how much: a budget of tokens cannot be kept. */
export function thinkingOf(value: unknown): { thinking?: boolean; show: boolean } {
  if (value === undefined || value === null) return { show: true };
  const { type, display } = objectOf(value, 'thinking');
  const show = display !== 'omitted';
  switch (type) {
    case 'enabled':
      return { thinking: true, show };
    case 'disabled':
      return { thinking: false, show };
    case 'adaptive':
    case 'between_tools':
      return { show };
    default:
      throw invalid('thinking.type', "must be 'enabled', 'disabled', 'adaptive' or 'between_tools'");
  }
}

function toolsOf(value: unknown): Tool[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.length === 0) return [];
  const tools = listOf(value, toolOf, { field: 'tools', max: TOOLS_MAX });
  if (new Set(tools.map(({ name }) => name)).size < tools.length) {
    throw invalid('tools', 'two of them have the same name');
  }
  return tools;
}

function toolOf(value: unknown, field: string): Tool {
  const tool = objectOf(value, field);
  const { type, name, description, input_schema: schema } = tool;
  if (type !== undefined && type !== null && type !== 'custom') {
    throw unsupported(`${field}.type`, 'this node runs no tools of its own; send custom ones');
  }
  return {
    name: nameOf(name, `${field}.name`),
    description:
      description === undefined || description === null ? '' : stringOf(description, `${field}.description`),
    parameters: argumentsSchema(schema, `${field}.input_schema`),
  };
}

function nameOf(value: unknown, field: string): string {
  const name = stringOf(value, field);
  if (name.length <= TOOL_NAME_CHARACTERS_MAX && /^[\w-]+$/.test(name)) return name;
  throw invalid(field, `must be 1 to ${TOOL_NAME_CHARACTERS_MAX} letters, digits, underscores or dashes`);
}

function choiceOf(choice: Record<string, unknown>, tools: readonly Tool[]): ToolChoice {
  switch (choice['type']) {
    case 'auto':
      return { kind: 'auto' };
    case 'none':
      return { kind: 'none' };
    case 'any':
      if (tools.length > 0) return { kind: 'required' };
      throw invalid('tool_choice.type', "'any' needs tools");
    case 'tool': {
      const name = stringOf(choice['name'], 'tool_choice.name');
      if (tools.some((tool) => tool.name === name)) return { kind: 'named', name };
      throw invalid('tool_choice.name', 'is not among the tools');
    }
    default:
      throw invalid('tool_choice.type', "must be 'auto', 'any', 'tool' or 'none'");
  }
}
