/** Tools and the choice among them: chats write a function one level below its type, responses beside it. */
import { TOOL_NAME_CHARS_MAX, TOOLS_MAX } from '@filon/core/dialect/limits';
import type { Tool, ToolChoice } from '@filon/core/serving/completion';
import { invalid, listOf, objectOf, stringOf, unsupported } from '../http/validate.ts';
import { argumentsSchema } from '../request/json-schema.ts';

export type ToolShape = 'chat' | 'response';

export interface ToolFields {
  tools?: Tool[];
  toolChoice?: ToolChoice;
  parallelToolCalls?: boolean;
}

/** Codes: GATEWAY_REQUEST_INVALID, GATEWAY_FEATURE_UNSUPPORTED. */
export function toolFields(body: Record<string, unknown>, shape: ToolShape): ToolFields {
  const given = toolsOf(body['tools'], shape);
  const { choice, among } = choiceOf(body['tool_choice'], given, shape);
  const tools = among === null ? given : given.filter(({ name }) => among.has(name));
  const parallel = flagOf(body['parallel_tool_calls'], 'parallel_tool_calls');
  return {
    ...(tools.length === 0 ? {} : { tools }),
    ...(choice === null || tools.length === 0 ? {} : { toolChoice: choice }),
    ...(parallel === null ? {} : { parallelToolCalls: parallel }),
  };
}

export function flagOf(value: unknown, field: string): boolean | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'boolean') throw invalid(field, 'must be true or false');
  return value;
}

function toolsOf(value: unknown, shape: ToolShape): Tool[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.length === 0) return [];
  const names = new Set<string>();
  return listOf(value, (entry, field) => toolOf(entry, field, { shape, names }), {
    ...{ field: 'tools', max: TOOLS_MAX },
  });
}

function toolOf(
  value: unknown,
  field: string,
  { shape, names }: { shape: ToolShape; names: Set<string> },
): Tool {
  const entry = objectOf(value, field);
  checkFunctionType(entry['type'], `${field}.type`);
  const at = shape === 'chat' ? `${field}.function` : field;
  const { name, description, parameters } = objectOf(shape === 'chat' ? entry['function'] : entry, at);
  const tool = {
    name: nameOf(name, `${at}.name`),
    description: textOf(description, `${at}.description`),
    parameters: argumentsSchema(parameters, `${at}.parameters`),
  };
  if (names.has(tool.name)) throw invalid(`${at}.name`, `'${tool.name}' is the name of an earlier tool`);
  names.add(tool.name);
  return tool;
}

function checkFunctionType(type: unknown, field: string): void {
  if (type === 'function') return;
  if (typeof type !== 'string') throw invalid(field, "must be 'function'");
  throw unsupported(field, `tools of type '${type.slice(0, 64)}' cannot be used here; send functions`);
}

function nameOf(value: unknown, field: string): string {
  const name = stringOf(value, field);
  if (name.length <= TOOL_NAME_CHARS_MAX && /^[\w-]+$/.test(name)) return name;
  throw invalid(field, `must be 1 to ${TOOL_NAME_CHARS_MAX} letters, digits, underscores or dashes`);
}

function textOf(value: unknown, field: string): string {
  return value === undefined || value === null ? '' : stringOf(value, field);
}

interface Chosen {
  choice: ToolChoice | null;
  /** Names of the tools that may be called; null: all. */
  among: ReadonlySet<string> | null;
}

function choiceOf(value: unknown, tools: readonly Tool[], shape: ToolShape): Chosen {
  const field = 'tool_choice';
  if (value === undefined || value === null) return { choice: null, among: null };
  if (value === 'auto' || value === 'none') return { choice: { kind: value }, among: null };
  if (value === 'required') {
    if (tools.length === 0) throw invalid(field, "'required' needs tools");
    return { choice: { kind: 'required' }, among: null };
  }
  if (typeof value === 'string') throw invalid(field, "must be 'auto', 'none', 'required' or an object");
  const choice = objectOf(value, field);
  if (choice['type'] === 'allowed_tools') return allowedOf(choice, tools, shape);
  checkFunctionType(choice['type'], `${field}.type`);
  return { choice: { kind: 'named', name: knownName(choice, tools, { shape, field }) }, among: null };
}

function allowedOf(choice: Record<string, unknown>, tools: readonly Tool[], shape: ToolShape): Chosen {
  const field = shape === 'chat' ? 'tool_choice.allowed_tools' : 'tool_choice';
  const { mode, tools: listed } = objectOf(shape === 'chat' ? choice['allowed_tools'] : choice, field);
  if (mode !== 'auto' && mode !== 'required') throw invalid(`${field}.mode`, "must be 'auto' or 'required'");
  const among = listOf(
    listed,
    (entry, at) => {
      const tool = objectOf(entry, at);
      checkFunctionType(tool['type'], `${at}.type`);
      return knownName(tool, tools, { shape, field: at });
    },
    { field: `${field}.tools`, max: TOOLS_MAX },
  );
  return { choice: { kind: mode }, among: new Set(among) };
}

function knownName(
  holder: Record<string, unknown>,
  tools: readonly Tool[],
  { shape, field }: { shape: ToolShape; field: string },
): string {
  const at = shape === 'chat' ? `${field}.function` : field;
  const { name: given } = objectOf(shape === 'chat' ? holder['function'] : holder, at);
  const name = nameOf(given, `${at}.name`);
  if (tools.some((tool) => tool.name === name)) return name;
  throw invalid(`${at}.name`, `'${name}' is not among the tools`);
}
