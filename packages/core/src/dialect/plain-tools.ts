/** Tools in plain words and text, for templates that know none: what they are, how to call one, and what came of it. */
import type { ChatMessage, Tool, ToolCall } from '../serving/completion.ts';
import { argumentsObject } from './tool-arguments.ts';

export function toolsText(tools: readonly Tool[]): string {
  const list = tools.map(({ name, description, parameters }) =>
    JSON.stringify({ name, description, parameters }),
  );
  return [
    'You can call tools. To call one, write only a JSON object on a line of its own, and nothing after it:',
    '{"name": "<name of the tool>", "arguments": {<its arguments>}}',
    'For several calls, write one object on each line. The results come with the next message. Call a tool only where it helps; otherwise answer in words.',
    '',
    'The tools, each with the JSON Schema of its arguments:',
    ...list,
  ].join('\n');
}

export function callText({ name, arguments: given }: ToolCall): string {
  return `{"name": ${JSON.stringify(name)}, "arguments": ${JSON.stringify(argumentsObject(given))}}`;
}

/**
 * The conversation in messages of the system, the user and the assistant alone. Users and assistants keep taking turns:
 * results and what the user says after them are one message.
 */
export function withoutToolRoles(messages: readonly ChatMessage[], tools: readonly Tool[]): ChatMessage[] {
  const plain: ChatMessage[] = [];
  let results = false;
  for (const message of messages) {
    const last = plain.at(-1);
    const isResult = message.role === 'tool';
    if (last !== undefined && results && (isResult || message.role === 'user')) {
      last.content += `\n\n${isResult ? resultText(message) : message.content}`;
    } else plain.push(plainMessage(message));
    results = isResult || (results && message.role === 'user');
  }
  return tools.length === 0 ? plain : explained(plain, toolsText(tools));
}

function plainMessage(message: ChatMessage): ChatMessage {
  if (message.role === 'tool') return { role: 'user', content: resultText(message) };
  const { toolCalls = [], ...rest } = message;
  if (toolCalls.length === 0) return rest;
  const text = message.content.trim();
  return { ...rest, content: [...(text === '' ? [] : [text]), ...toolCalls.map(callText)].join('\n') };
}

function resultText({ name, content }: ChatMessage): string {
  return `${name === undefined ? 'Result' : `Result of ${name}`}:\n${content}`;
}

/** With the tools explained at the end of the system's message. */
function explained(messages: readonly ChatMessage[], text: string): ChatMessage[] {
  const [first, ...rest] = messages;
  if (first?.role !== 'system') return [{ role: 'system', content: text }, ...messages];
  return [{ ...first, content: `${first.content}\n\n${text}` }, ...rest];
}

/** For templates that refuse the system's messages: each goes to the beginning of the user's next one. */
export function withoutSystemRole(messages: readonly ChatMessage[]): ChatMessage[] {
  const plain: ChatMessage[] = [];
  let waiting: string[] = [];
  for (const message of messages) {
    if (message.role === 'system') waiting.push(message.content);
    else if (message.role === 'user') {
      plain.push({ ...message, content: [...waiting, message.content].join('\n\n') });
      waiting = [];
    } else plain.push(message);
  }
  return waiting.length === 0 ? plain : [...plain, { role: 'user', content: waiting.join('\n\n') }];
}
