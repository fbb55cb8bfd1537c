/** Answers in Ollama's words: chunks in, lines out. */
import type { Chunk, EndReason, TokenLogprob, ToolCall, Usage } from '@filon/core/serving/completion';
import type { WholeAnswer } from '../answer/collect.ts';
import { type ChatLogprob, chatLogprob } from '../openai/logprobs.ts';
import type { OllamaShape } from './request.ts';

export interface OllamaToolCall {
  id: string;
  function: { index: number; name: string; arguments: Record<string, unknown> };
}

interface Said {
  text: string;
  thinking?: string;
  toolCalls?: OllamaToolCall[];
}

/** What a line says of the answer; what all lines of it share is put before. */
export interface OllamaLine {
  message?: { role: 'assistant'; content: string; thinking?: string; tool_calls?: OllamaToolCall[] };
  response?: string;
  thinking?: string;
  logprobs?: ChatLogprob[];
  done: boolean;
}

/** How long the parts of an answer took. */
export interface Durations {
  totalMs: number;
  /** Until the request was let in: waiting, loading and reading it. */
  loadMs: number;
  /** From there to the first token. */
  promptMs: number;
  /** From the first token to the last. */
  answerMs: number;
}

export interface OllamaEnd {
  done_reason: 'stop' | 'length' | 'load';
  total_duration: number;
  load_duration: number;
  prompt_eval_count: number;
  prompt_eval_duration: number;
  eval_count: number;
  eval_duration: number;
}

/** The lines of one choice. A call of a tool is sent when all of it is there, because its arguments are an object. */
export class OllamaLines {
  readonly #shape: OllamaShape;
  #call: ToolCall | null = null;
  #calls = 0;
  #reason: EndReason = 'stop';

  constructor(shape: OllamaShape) {
    this.#shape = shape;
  }

  of(chunk: Chunk): OllamaLine[] {
    switch (chunk.kind) {
      case 'delta':
        return [...this.#callDone(), this.#line({ text: chunk.text }, chunk.logprobs)];
      case 'reasoning':
        return [...this.#callDone(), this.#line({ text: '', thinking: chunk.text })];
      case 'tool-call': {
        const done = this.#callDone();
        this.#call = { id: chunk.id, name: chunk.name, arguments: '' };
        return done;
      }
      case 'tool-arguments':
        if (this.#call !== null) this.#call.arguments += chunk.text;
        return [];
      case 'end':
        this.#reason = chunk.reason;
        return this.#callDone();
      default:
        return [];
    }
  }

  /** The last line. */
  last(usage: Usage, durations: Durations): OllamaLine & OllamaEnd {
    const { done: _, ...empty } = this.#line({ text: '' });
    return { ...empty, done: true, ...endOf(this.#reason, usage, durations) };
  }

  #callDone(): OllamaLine[] {
    const call = this.#call;
    if (call === null) return [];
    this.#call = null;
    return [this.#line({ text: '', toolCalls: [toolCallOf(call, this.#calls++)] })];
  }

  #line(said: Said, logprobs: readonly TokenLogprob[] = []): OllamaLine {
    return { ...lineOf(this.#shape, said, logprobs), done: false };
  }
}

export function wholeLine(
  shape: OllamaShape,
  { choices, usage }: WholeAnswer,
  durations: Durations,
): OllamaLine & OllamaEnd {
  const [choice] = choices;
  const { text = '', reasoning = '', toolCalls = [], logprobs = [], reason = 'stop' } = choice ?? {};
  const said: Said = {
    text,
    ...(reasoning === '' ? {} : { thinking: reasoning }),
    ...(toolCalls.length === 0 ? {} : { toolCalls: toolCalls.map(toolCallOf) }),
  };
  return { ...lineOf(shape, said, logprobs), done: true, ...endOf(reason, usage, durations) };
}

/** What a request without a prompt is answered. */
export function loadedLine(shape: OllamaShape): OllamaLine & Pick<OllamaEnd, 'done_reason'> {
  return { ...lineOf(shape, { text: '' }, []), done: true, done_reason: 'load' };
}

function lineOf(
  shape: OllamaShape,
  { text, thinking, toolCalls }: Said,
  logprobs: readonly TokenLogprob[],
): Omit<OllamaLine, 'done'> {
  const thought = thinking === undefined ? {} : { thinking };
  const rest = logprobs.length === 0 ? {} : { logprobs: logprobs.map(chatLogprob) };
  if (shape === 'generate') return { response: text, ...thought, ...rest };
  const called = toolCalls === undefined ? {} : { tool_calls: toolCalls };
  return { message: { role: 'assistant', content: text, ...thought, ...called }, ...rest };
}

function endOf(reason: EndReason, usage: Usage, durations: Durations): OllamaEnd {
  return {
    done_reason: reason === 'length' ? 'length' : 'stop',
    total_duration: nanoseconds(durations.totalMs),
    load_duration: nanoseconds(durations.loadMs),
    prompt_eval_count: usage.promptTokens,
    prompt_eval_duration: nanoseconds(durations.promptMs),
    eval_count: usage.completionTokens,
    eval_duration: nanoseconds(durations.answerMs),
  };
}

export function nanoseconds(durationMs: number): number {
  return Math.round(durationMs * 1_000_000);
}

function toolCallOf({ id, name, arguments: text }: ToolCall, index: number): OllamaToolCall {
  return { id, function: { index, name, arguments: argumentsOf(text) } };
}

/** Clients expect an object, whatever the model wrote. */
function argumentsOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Arguments cut short by the maximum of tokens are no JSON.
  }
  return {};
}
