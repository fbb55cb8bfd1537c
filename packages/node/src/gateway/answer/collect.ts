/** A whole answer from its chunks, for clients that do not stream. */
import {
  type Chunk,
  type ContentChunk,
  type EndReason,
  isContent,
  type TokenLogprob,
  type ToolCall,
  type Usage,
} from '@filon/core/serving/completion';
import type { Caller } from '../http/intake.ts';

export interface WholeChoice {
  reasoning: string;
  text: string;
  toolCalls: ToolCall[];
  logprobs: TokenLogprob[];
  reason: EndReason;
  /** The stop string that was met. */
  stop: string | null;
}

export interface WholeAnswer {
  choices: WholeChoice[];
  usage: Usage;
}

export async function collect(
  chunks: AsyncIterable<Chunk>,
  choices: number,
  caller: Pick<Caller, 'onFirstToken'>,
): Promise<WholeAnswer> {
  const whole = Array.from({ length: choices }, emptyChoice);
  let usage = NO_USAGE;
  let begun = false;
  for await (const chunk of chunks) {
    if (chunk.kind === 'usage') usage = chunk.usage;
    else if (isContent(chunk)) {
      const choice = whole[chunk.choice];
      if (!choice) continue;
      if (!begun && chunk.kind !== 'end') {
        caller.onFirstToken();
        begun = true;
      }
      addTo(choice, chunk);
    }
  }
  return { choices: whole, usage };
}

export const NO_USAGE: Readonly<Usage> = {
  ...{ promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 },
};

function emptyChoice(): WholeChoice {
  return { reasoning: '', text: '', toolCalls: [], logprobs: [], reason: 'stop', stop: null };
}

function addTo(choice: WholeChoice, chunk: ContentChunk): void {
  switch (chunk.kind) {
    case 'delta':
      choice.text += chunk.text;
      for (const logprob of chunk.logprobs) choice.logprobs.push(logprob);
      break;
    case 'reasoning':
      choice.reasoning += chunk.text;
      break;
    case 'tool-call':
      choice.toolCalls.push({ id: chunk.id, name: chunk.name, arguments: '' });
      break;
    case 'tool-arguments': {
      const call = choice.toolCalls[chunk.index];
      if (call !== undefined) call.arguments += chunk.text;
      break;
    }
    case 'end':
      choice.reason = chunk.reason;
      choice.stop = chunk.stop ?? null;
  }
}
