/** How a response repeats the tools and the format that were asked for. Everything here has been checked before. */
import type { Tool } from '@filon/core/serving/completion';
import { objectOf, stringOf } from '../../http/validate.ts';
import { flagOf } from '../tools.ts';
import type { EchoedChoice, EchoedFormat, EchoedTool } from './shapes.ts';

export function echoedTools(value: unknown): EchoedTool[] {
  if (!Array.isArray(value)) return [];
  return value.map((entry, index) => {
    const field = `tools[${index}]`;
    const { name, description, parameters, strict } = objectOf(entry, field);
    const nothing = parameters === undefined || parameters === null;
    return {
      type: 'function',
      name: stringOf(name, `${field}.name`),
      description: textOrNull(description, `${field}.description`),
      parameters: nothing ? null : objectOf(parameters, `${field}.parameters`),
      strict: flagOf(strict, `${field}.strict`) ?? false,
    };
  });
}

/** `allowed`: the tools that a choice among some of them left. */
export function echoedChoice(value: unknown, allowed: readonly Tool[]): EchoedChoice {
  if (value === 'none' || value === 'required') return value;
  if (typeof value !== 'object' || value === null) return 'auto';
  const { type, name, mode } = objectOf(value, 'tool_choice');
  if (type !== 'allowed_tools') return { type: 'function', name: stringOf(name, 'tool_choice.name') };
  const tools = allowed.map((tool) => ({ type: 'function', name: tool.name }) as const);
  return { type, mode: mode === 'required' ? mode : 'auto', tools };
}

/** What a bare `true` or `false` stands for. */
const BOOLEAN_SCHEMAS = { true: {}, false: { not: {} } };

export function echoedFormat(value: unknown): EchoedFormat {
  if (value === undefined || value === null) return { type: 'text' };
  const { type, name, description, schema, strict } = objectOf(value, 'text.format');
  if (type === 'json_object') return { type };
  if (type !== 'json_schema') return { type: 'text' };
  const about = textOrNull(description, 'text.format.description');
  return {
    type,
    name: textOrNull(name, 'text.format.name') ?? 'answer',
    ...(about === null ? {} : { description: about }),
    schema:
      typeof schema === 'boolean' ? BOOLEAN_SCHEMAS[`${schema}`] : objectOf(schema, 'text.format.schema'),
    strict: flagOf(strict, 'text.format.strict') ?? false,
  };
}

function textOrNull(value: unknown, field: string): string | null {
  return value === undefined || value === null ? null : stringOf(value, field);
}
