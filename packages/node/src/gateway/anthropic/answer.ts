/** A whole message of Anthropic's. */
import type { EndReason, ToolCall, Usage } from '@filon/core/serving/completion';
import type { Answer } from '../../serve/serving.ts';
import type { WholeAnswer, WholeChoice } from '../answer/collect.ts';

export type ContentBlock =
  | { type: 'text'; text: string; citations: null }
  | { type: 'thinking'; thinking: string; signature: string }
  | { type: 'tool_use'; id: string; name: string; input: unknown; caller: { type: 'direct' } };

export interface AnthropicUsage {
  input_tokens: number;
  cache_creation_input_tokens: number;
  cache_read_input_tokens: number;
  output_tokens: number;
  output_tokens_details: { thinking_tokens: number };
}

export type StopReason = 'end_turn' | 'max_tokens' | 'stop_sequence' | 'tool_use';

export interface AnthropicMessage {
  id: string;
  type: 'message';
  role: 'assistant';
  model: string;
  content: ContentBlock[];
  container: null;
  stop_details: null;
  stop_reason: StopReason | null;
  stop_sequence: string | null;
  usage: AnthropicUsage;
}

/** Thoughts are not signed: clients only want something there before they send them back. */
export const SIGNATURE = 'unsigned';

type Head = Pick<Answer, 'id' | 'model' | 'usage'>;

/** The message before anything of it is there. */
export function emptyMessage({ id, model, usage }: Head): AnthropicMessage {
  return {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    container: null,
    stop_details: null,
    stop_reason: null,
    stop_sequence: null,
    usage: anthropicUsage(usage),
  };
}

export function wholeMessage(
  head: Head,
  { choices, usage }: WholeAnswer,
  { showThinking }: { showThinking: boolean },
): AnthropicMessage {
  const [choice] = choices;
  return {
    ...emptyMessage(head),
    content: choice ? contentOf(choice, showThinking) : [],
    ...stopOf(choice?.reason ?? 'stop', choice?.stop ?? null),
    usage: anthropicUsage(usage),
  };
}

export function stopOf(
  reason: EndReason,
  stop: string | null,
): Pick<AnthropicMessage, 'stop_reason' | 'stop_sequence'> {
  if (stop !== null) return { stop_reason: 'stop_sequence', stop_sequence: stop };
  const reasons = { stop: 'end_turn', length: 'max_tokens', 'tool-calls': 'tool_use' } as const;
  return { stop_reason: reasons[reason], stop_sequence: null };
}

/** Tokens from the prefix cache are counted apart from the others. */
export function anthropicUsage(usage: Usage): AnthropicUsage {
  return {
    input_tokens: usage.promptTokens - usage.cachedTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: usage.cachedTokens,
    output_tokens: usage.completionTokens,
    output_tokens_details: { thinking_tokens: usage.reasoningTokens },
  };
}

export function textBlock(text: string): ContentBlock {
  return { type: 'text', text, citations: null };
}

export function thinkingBlock(thinking: string, signature: string): ContentBlock {
  return { type: 'thinking', thinking, signature };
}

export function toolUseBlock({ id, name }: Pick<ToolCall, 'id' | 'name'>, input: unknown): ContentBlock {
  return { type: 'tool_use', id, name, input, caller: { type: 'direct' } };
}

function contentOf({ reasoning, text, toolCalls }: WholeChoice, showThinking: boolean): ContentBlock[] {
  return [
    ...(reasoning === '' ? [] : [thinkingBlock(showThinking ? reasoning : '', SIGNATURE)]),
    ...(text === '' ? [] : [textBlock(text)]),
    ...toolCalls.map((call) => toolUseBlock(call, inputOf(call.arguments))),
  ];
}

/** What is no JSON goes out as the text that it is. */
function inputOf(text: string): unknown {
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
