/** How a prompt begins, in characters: what two prompts share of it their tokens are likely to share as well. */
import type { ChatMessage } from '../serving/completion.ts';
import type { TextPrompt } from './prompt-text.ts';

/** Whoever writes the same prompt writes the same characters, in whatever order its fields came. At most `charsMax`. */
export function promptBeginning(prompt: TextPrompt, charsMax: number): string {
  if (prompt.kind === 'text') return prompt.text.slice(0, charsMax);
  const { messages, tools = [], thinking = null } = prompt;
  const offered = tools.map(({ name, description, parameters }) => [name, description, parameters]);
  let text = JSON.stringify([thinking, offered]);
  for (const message of messages) {
    if (text.length >= charsMax) break;
    text += JSON.stringify(written(message));
  }
  return text.slice(0, charsMax);
}

function written({ role, content, name, reasoning, toolCalls, toolCallId }: ChatMessage): unknown[] {
  const calls = toolCalls?.map((call) => [call.id, call.name, call.arguments]);
  return [role, name, toolCallId, reasoning, content, calls];
}
