/** Answers to a chat: whole, and as events. */
import type { EndReason, TokenLogprob } from '@filon/core/serving/completion';
import type { Answer } from '../../serve/serving.ts';
import { collect } from '../answer/collect.ts';
import type { EventStream } from '../http/event-stream.ts';
import type { Caller } from '../http/intake.ts';
import type { ChatCall } from './chat-request.ts';
import { type ChatLogprob, chatLogprob } from './logprobs.ts';
import { type OpenAiUsage, openAiUsage } from './usage.ts';

type FinishReason = 'stop' | 'length' | 'tool_calls';

interface Head {
  id: string;
  created: number;
  model: string;
}

export interface ChatCompletion extends Head {
  object: 'chat.completion';
  choices: {
    index: number;
    message: { role: 'assistant'; content: string; refusal: null };
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
    choices: choices.map(({ text, logprobs, reason }, index) => ({
      index,
      message: { role: 'assistant', content: text, refusal: null },
      logprobs: request.topLogprobs === null ? null : { content: logprobs.map(chatLogprob), refusal: null },
      finish_reason: finishReason(reason),
    })),
    usage: openAiUsage(usage),
  };
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
    if (chunk.kind === 'delta') {
      if (!begun) caller.onFirstToken();
      begun = true;
      const rest = `"logprobs":${logprobsText(chunk.logprobs, request.topLogprobs)},"finish_reason":null`;
      event(chunk.choice, `{"content":${JSON.stringify(chunk.text)}}`, rest);
    } else if (chunk.kind === 'end') {
      event(chunk.choice, '{}', `"logprobs":null,"finish_reason":"${finishReason(chunk.reason)}"`);
    } else if (chunk.kind === 'pause') events.write(': pause\n\n');
    else if (chunk.kind === 'usage' && includeUsage) {
      events.write(`data: ${head},"choices":[],"usage":${JSON.stringify(openAiUsage(chunk.usage))}}\n\n`);
    }
    const room = events.room();
    if (room !== null) await room;
  }
  events.write('data: [DONE]\n\n');
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
