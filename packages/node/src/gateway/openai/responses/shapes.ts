/** What `/v1/responses` says, as OpenAI's clients read it. */
import type { PrivacyTier } from '@filon/core/serving/tier';
import type { ChatLogprob } from '../logprobs.ts';
import type { Effort } from '../thinking.ts';

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

export interface TextPart {
  type: 'output_text';
  text: string;
  annotations: [];
  logprobs: ChatLogprob[];
}

export interface ThoughtPart {
  type: 'reasoning_text';
  text: string;
}

export interface MessageItem {
  id: string;
  type: 'message';
  role: 'assistant';
  status: ItemStatus;
  content: TextPart[];
}

export interface ReasoningItem {
  id: string;
  type: 'reasoning';
  status: ItemStatus;
  /** Nobody sums the thoughts up: they are all in `content`. */
  summary: [];
  content: ThoughtPart[];
}

export interface CallItem {
  id: string;
  type: 'function_call';
  status: ItemStatus;
  call_id: string;
  name: string;
  arguments: string;
}

export type OutputItem = MessageItem | ReasoningItem | CallItem;

export interface InputMessageItem {
  id: string;
  type: 'message';
  role: 'user' | 'system';
  status: 'completed';
  content: { type: 'input_text'; text: string }[];
}

export interface CallOutputItem {
  id: string;
  type: 'function_call_output';
  status: 'completed';
  call_id: string;
  output: string;
}

export type InputItem = InputMessageItem | CallOutputItem | OutputItem;

export interface EchoedTool {
  type: 'function';
  name: string;
  description: string | null;
  parameters: Readonly<Record<string, unknown>> | null;
  strict: boolean;
}

export type EchoedChoice =
  | 'auto'
  | 'none'
  | 'required'
  | { type: 'function'; name: string }
  | { type: 'allowed_tools'; mode: 'auto' | 'required'; tools: { type: 'function'; name: string }[] };

export type EchoedFormat =
  | { type: 'text' }
  | { type: 'json_object' }
  | {
      type: 'json_schema';
      name: string;
      description?: string;
      schema: Record<string, unknown>;
      strict: boolean;
    };

/** The part of a response that repeats the request. */
export interface ResponseEcho {
  background: boolean;
  instructions: string | null;
  max_output_tokens: number | null;
  metadata: Record<string, string>;
  parallel_tool_calls: boolean;
  previous_response_id: string | null;
  reasoning: { effort: Effort | null; summary: null };
  store: boolean;
  temperature: number;
  text: { format: EchoedFormat };
  tool_choice: EchoedChoice;
  tools: EchoedTool[];
  top_logprobs: number;
  top_p: number;
  truncation: 'disabled';
}

export type ResponseStatus = 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled';

export interface ResponseFailure {
  code: 'server_error' | 'rate_limit_exceeded' | 'invalid_prompt';
  message: string;
}

export interface ResponseUsage {
  input_tokens: number;
  input_tokens_details: { cached_tokens: number; cache_write_tokens: number };
  output_tokens: number;
  output_tokens_details: { reasoning_tokens: number };
  total_tokens: number;
}

/** Who computed a part of a response, in order. */
export interface ResponseServer {
  /** Its key; null: the node that was asked. */
  node: string | null;
  operator: string | null;
  tier: PrivacyTier;
  numeric_class: string | null;
  /** Passed on to an endpoint that is no node. */
  upstream?: true;
  /** For one token, in 10^-12 of a unit; absent: nothing. */
  price?: { prompt_pico: number; answer_pico: number };
}

export interface ResponseObject extends ResponseEcho {
  id: string;
  object: 'response';
  /** Seconds since 1970. */
  created_at: number;
  completed_at: number | null;
  status: ResponseStatus;
  error: ResponseFailure | null;
  incomplete_details: { reason: 'max_output_tokens' } | null;
  model: string;
  output: OutputItem[];
  usage: ResponseUsage | null;
  /** When it is whole, where other nodes than the one that was asked had a part in it. */
  filon?: { served_by: ResponseServer[] };
}

interface InItem {
  item_id: string;
  output_index: number;
}

interface InPart extends InItem {
  content_index: 0;
}

type Part = TextPart | ThoughtPart;

/** One event without its number. */
export type EventBody =
  | {
      type: `response.${'created' | 'in_progress' | 'completed' | 'incomplete' | 'failed'}`;
      response: ResponseObject;
    }
  | { type: `response.output_item.${'added' | 'done'}`; output_index: number; item: OutputItem }
  | ({ type: `response.content_part.${'added' | 'done'}`; part: Part } & InPart)
  | ({ type: 'response.output_text.delta'; delta: string; logprobs: ChatLogprob[] } & InPart)
  | ({ type: 'response.output_text.done'; text: string; logprobs: ChatLogprob[] } & InPart)
  | ({ type: 'response.reasoning_text.delta'; delta: string } & InPart)
  | ({ type: 'response.reasoning_text.done'; text: string } & InPart)
  | ({ type: 'response.function_call_arguments.delta'; delta: string } & InItem)
  | ({ type: 'response.function_call_arguments.done'; arguments: string } & InItem);

/** Numbers count from 0, without a gap. */
export type ResponseEvent = EventBody & { sequence_number: number };
