/** Answers of the text completions: whole, and as events. */
import type { EndReason } from '@filon/core/serving/completion';
import type { Answer } from '../../serve/serving.ts';
import { collect } from '../answer/collect.ts';
import type { EventStream } from '../http/event-stream.ts';
import type { Caller } from '../http/intake.ts';
import { type TextLogprobs, textLogprobs } from './logprobs.ts';
import type { TextCall } from './text-request.ts';
import { type OpenAiUsage, openAiUsage } from './usage.ts';

interface Head {
  id: string;
  object: 'text_completion';
  created: number;
  model: string;
}

export interface TextCompletion extends Head {
  choices: { index: number; text: string; logprobs: TextLogprobs | null; finish_reason: EndReason }[];
  usage: OpenAiUsage;
}

export async function wholeText(answer: Answer, call: TextCall, caller: Caller): Promise<TextCompletion> {
  const { choices, usage } = await collect(answer.chunks, choiceCount(call), caller);
  return {
    ...headOf(answer),
    choices: choices.map(({ text, logprobs, reason }, index) => ({
      index,
      text: echoOf(call, index) + text,
      logprobs: call.topLogprobs === null ? null : textLogprobs(logprobs, 0).value,
      finish_reason: reason,
    })),
    usage: openAiUsage(usage),
  };
}

export async function streamText(
  answer: Answer,
  call: TextCall,
  { events, caller }: { events: EventStream; caller: Caller },
): Promise<void> {
  const head = JSON.stringify(headOf(answer)).slice(0, -1);
  const tail = call.includeUsage ? ',"usage":null}\n\n' : '}\n\n';
  const event = (index: number, text: string, rest: string): void =>
    events.write(
      `data: ${head},"choices":[{"index":${index},"text":${JSON.stringify(text)},${rest}}]${tail}`,
    );
  const offsets = Array.from({ length: choiceCount(call) }, () => 0);
  for (const index of offsets.keys()) {
    const echo = echoOf(call, index);
    if (echo !== '') event(index, echo, '"logprobs":null,"finish_reason":null');
  }
  let begun = false;
  for await (const chunk of answer.chunks) {
    if (chunk.kind === 'delta') {
      if (!begun) caller.onFirstToken();
      begun = true;
      const { value, offset } = textLogprobs(chunk.logprobs, offsets[chunk.choice] ?? 0);
      offsets[chunk.choice] = offset;
      const logprobs = call.topLogprobs === null ? 'null' : JSON.stringify(value);
      event(chunk.choice, chunk.text, `"logprobs":${logprobs},"finish_reason":null`);
    } else if (chunk.kind === 'end') {
      event(chunk.choice, '', `"logprobs":null,"finish_reason":"${chunk.reason}"`);
    } else if (chunk.kind === 'pause') events.write(': pause\n\n');
    else if (chunk.kind === 'usage' && call.includeUsage) {
      events.write(`data: ${head},"choices":[],"usage":${JSON.stringify(openAiUsage(chunk.usage))}}\n\n`);
    }
    const room = events.room();
    if (room !== null) await room;
  }
  events.write('data: [DONE]\n\n');
}

function choiceCount({ requests, choicesEach }: TextCall): number {
  return requests.length * choicesEach;
}

function echoOf({ echoes, choicesEach }: TextCall, index: number): string {
  return echoes?.[Math.floor(index / choicesEach)] ?? '';
}

function headOf({ id, createdMs, model }: Answer): Head {
  return { id: `cmpl-${id}`, object: 'text_completion', created: Math.floor(createdMs / 1000), model };
}
