/** Answers to a chat: whole, and as events. */
import type { ContentChunk, EndReason, TokenLogprob, ToolCall } from '@filon/core/serving/completion';
import type { Answer } from '../../serve/serving.ts';
import { collect, type WholeChoice } from '../answer/collect.ts';
import type { EventStream } from '../http/event-stream.ts';
import type { Caller } from '../http/intake.ts';
import type { ChatCall } from './chat-request.ts';
import { type ChatLogprob, chatLogprob } from './logprobs.ts';
import { resumeNews } from './resume-text.ts';
import { type OpenAiUsage, openAiUsage } from './usage.ts';

type FinishReason = 'stop' | 'length' | 'tool_calls';

interface Head {
  id: string;
  created: number;
  model: string;
}

interface ChatAnswerMessage {
  role: 'assistant';
  /** null where there are only calls. */
  content: string | null;
  refusal: null;
  /** What the model thought first, where it did. Not OpenAI's. */
  reasoning_content?: string;
  tool_calls?: ChatToolCall[];
}

interface ChatToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
}

export interface ChatCompletion extends Head {
  object: 'chat.completion';
  choices: {
    index: number;
    message: ChatAnswerMessage;
    logprobs: { content: ChatLogprob[]; refusal: null } | null;
    finish_reason: FinishReason;
  }[];
  usage: OpenAiUsage;
}

export async function wholeChat(
  answer: Answer,
  { request }: ChatCall,
  caller: Caller,
): Promise<ChatCompletion> {
  const { choices, usage } = await collect(answer.chunks, request.choices, caller);
  return {
    ...headOf(answer),
    object: 'chat.completion',
    choices: choices.map((choice, index) => ({
      index,
      message: messageOf(choice),
      logprobs:
        request.topLogprobs === null ? null : { content: choice.logprobs.map(chatLogprob), refusal: null },
      finish_reason: finishReason(choice.reason),
    })),
    usage: openAiUsage(usage),
  };
}

function messageOf({ text, reasoning, toolCalls }: WholeChoice): ChatAnswerMessage {
  return {
    role: 'assistant',
    content: text === '' && toolCalls.length > 0 ? null : text,
    refusal: null,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls.map(chatToolCall) }),
  };
}

function chatToolCall({ id, name, arguments: given }: ToolCall): ChatToolCall {
  return { id, type: 'function', function: { name, arguments: given } };
}

/** Events are put together from text, because all of a chunk but the new text is the same from token to token. */
export async function streamChat(
  answer: Answer,
  call: ChatCall,
  { events, caller }: { events: EventStream; caller: Caller },
): Promise<void> {
  const { includeUsage, request } = call;
  const head = JSON.stringify({ ...headOf(answer), object: 'chat.completion.chunk' }).slice(0, -1);
  const tail = includeUsage ? ',"usage":null}\n\n' : '}\n\n';
  const event = (choice: number, delta: string, rest: string): void =>
    events.write(`data: ${head},"choices":[{"index":${choice},"delta":${delta},${rest}}]${tail}`);
  for (let choice = 0; choice < request.choices; choice++) {
    event(choice, '{"role":"assistant","content":""}', '"logprobs":null,"finish_reason":null');
  }
  let begun = false;
  for await (const chunk of answer.chunks) {
    if (chunk.kind === 'pause') events.write(': pause\n\n');
    else if (chunk.kind === 'begun' || chunk.kind === 'drawn') {
      events.write(`data: ${head},"choices":[],"filon":${JSON.stringify(resumeNews(chunk))}${tail}`);
    } else if (chunk.kind === 'usage') {
      if (!includeUsage) continue;
      events.write(`data: ${head},"choices":[],"usage":${JSON.stringify(openAiUsage(chunk.usage))}}\n\n`);
    } else if (chunk.kind === 'end') {
      event(chunk.choice, '{}', `"logprobs":null,"finish_reason":"${finishReason(chunk.reason)}"`);
    } else {
      if (!begun) caller.onFirstToken();
      begun = true;
      const logprobs = chunk.kind === 'delta' ? logprobsText(chunk.logprobs, request.topLogprobs) : 'null';
      event(chunk.choice, deltaText(chunk), `"logprobs":${logprobs},"finish_reason":null`);
    }
    const room = events.room();
    if (room !== null) await room;
  }
  events.write('data: [DONE]\n\n');
}

type Piece = Exclude<ContentChunk, { kind: 'end' }>;

function deltaText(chunk: Piece): string {
  switch (chunk.kind) {
    case 'delta':
      return `{"content":${JSON.stringify(chunk.text)}}`;
    case 'reasoning':
      return `{"reasoning_content":${JSON.stringify(chunk.text)}}`;
    case 'tool-call': {
      const { index, id, name } = chunk;
      return JSON.stringify({ tool_calls: [{ index, ...chatToolCall({ id, name, arguments: '' }) }] });
    }
    case 'tool-arguments': {
      const { index, text } = chunk;
      return JSON.stringify({ tool_calls: [{ index, function: { arguments: text } }] });
    }
  }
}

function finishReason(reason: EndReason): FinishReason {
  return reason === 'tool-calls' ? 'tool_calls' : reason;
}

function logprobsText(logprobs: readonly TokenLogprob[], top: number | null): string {
  return top === null ? 'null' : JSON.stringify({ content: logprobs.map(chatLogprob), refusal: null });
}

function headOf({ id, createdMs, model }: Answer): Head {
  return { id: `chatcmpl-${id}`, created: Math.floor(createdMs / 1000), model };
}
